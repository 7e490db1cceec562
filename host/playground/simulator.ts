/** A worker that simulates, as the page calls it: a scan in, a picture out; one at a time. */
import type { Answer, Picture, Question, Scan } from './messages.ts';

export interface Simulator {
  /**
   * @param keepsSpins reuse the spins of the previous scan, which is quicker
   * @returns undefined if it was stopped
   * @throws the error of the simulation
   */
  simulate(scan: Scan, keepsSpins: boolean, onProgress: (part: number) => void): Promise<Picture | undefined>;
  /** Ends the scan under way, between two groups of spins. */
  stop(): void;
}

const text = (id: string): string => document.getElementById(id)!.textContent!;
const kernels = (id: string): Uint8Array =>
  Uint8Array.from(atob((document.getElementById(id) as HTMLTemplateElement).content.textContent!), (letter) =>
    letter.charCodeAt(0),
  );
const scriptAddress = (id: string): string => URL.createObjectURL(new Blob([text(id)], { type: 'text/javascript' }));

export function makeSimulator(): Simulator {
  const files = {
    'wasm/relaxed.wasm': kernels('relaxed'),
    'wasm/simd.wasm': kernels('simd'),
    'worker.js': scriptAddress('thread'),
  };
  const worker = new Worker(scriptAddress('worker'));
  const ask = (question: Question): void => worker.postMessage(question);
  ask({ files });
  return {
    simulate: (scan, keepsSpins, onProgress) =>
      new Promise((resolve, reject) => {
        worker.onmessage = ({ data }: MessageEvent<Answer>) => {
          if ('picture' in data) resolve(data.picture);
          else if ('done' in data) onProgress(data.done / data.total);
          else if (data.error === undefined) resolve(undefined);
          else reject(new Error(data.error));
        };
        worker.onerror = ({ message }) => reject(new Error(message));
        ask({ scan, keepsSpins });
      }),
    stop: () => ask({ stop: true }),
  };
}
