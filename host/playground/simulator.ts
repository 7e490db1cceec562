/**
 * A worker that simulates, as the page calls it: a scan in, a picture out, and then its details;
 * one question at a time.
 */
import type { Report } from '../html/types.ts';
import type { Answer, Picture, Question, Scan } from './messages.ts';

export interface Simulator {
  /**
   * @param keepsSpins reuse the spins of the previous scan, which is quicker
   * @returns undefined if it was stopped
   * @throws the error of the simulation
   */
  simulate(
    scan: Scan,
    keepsSpins: boolean,
    onProgress: (part: number, spins: number) => void,
  ): Promise<Picture | undefined>;
  /** What else there is to show of the last picture. @throws an error in it */
  details(): Promise<Report | undefined>;
  /** Ends the scan under way, between two groups of spins. */
  stop(): void;
}

const text = (id: string): string => document.getElementById(id)!.textContent!;
const scriptAddress = (id: string): string => URL.createObjectURL(new Blob([text(id)], { type: 'text/javascript' }));

export function makeSimulator(): Simulator {
  const worker = new Worker(scriptAddress('worker'));
  const ask = (question: Question): void => worker.postMessage(question);
  // The kernels stand below this script: the worker starts while the browser reads them.
  const provided = new Promise<void>((resolve) => {
    document.addEventListener('DOMContentLoaded', () => {
      const files = {
        'wasm/relaxed.wasm': { base64: text('relaxed') },
        'wasm/simd.wasm': { base64: text('simd') },
        'worker.js': { address: scriptAddress('thread') },
      };
      ask({ files });
      resolve();
    });
  });
  /** @param take what to do with an answer that is no error */
  const asked = <T>(
    question: Question,
    take: (answer: Exclude<Answer, { error: unknown }>, resolve: (value: T) => void) => void,
  ): Promise<T | undefined> =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Answer>) => {
        if (!('error' in data)) take(data, resolve);
        else if (data.error === undefined) resolve(undefined);
        else reject(new Error(data.error));
      };
      worker.onerror = ({ message }) => reject(new Error(message));
      void provided.then(() => ask(question));
    });
  return {
    simulate: (scan, keepsSpins, onProgress) =>
      asked<Picture>({ scan, keepsSpins }, (answer, resolve) => {
        if ('picture' in answer) resolve(answer.picture);
        else if ('done' in answer) onProgress(answer.done / answer.total, answer.spins);
      }),
    details: () =>
      asked<Report>({ details: true }, (answer, resolve) => {
        if ('details' in answer) resolve(answer.details);
      }),
    stop: () => ask({ stop: true }),
  };
}
