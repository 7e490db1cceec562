/**
 * `--magnetization FILE.npy`: (Mx, My, Mz) of every spin at the end of the sequence, f64 [spins, 3], in the frame that turns with B0. Each rank keeps what its
 * tiles leave; rank 0 writes it piece by piece. Ranks have different spins and zeros elsewhere, so the integer reduce joins
 * their bits exactly.
 */

import { badInput, usage } from '../base/errors.ts';
import { createOutput } from '../base/files.ts';
import type { Cluster } from '../comm/ranks.ts';
import { reduceToRoot } from '../comm/reduce.ts';
import { npyHeader } from '../formats/npy.ts';
import type { PhantomSource } from '../phantom/types.ts';
import type { Timeline } from '../timeline/types.ts';

/** Spins joined at once: 12 MiB. */
const PIECE = 2 ** 19;

export interface MagnetizationOptions {
  readonly magnetization?: string;
  readonly checkpoint?: string;
  readonly t2prime?: string;
}

/** @throws LarmorError 2 for options under which there is no magnetisation of the spins of the phantom */
export function checkMagnetization({ magnetization: path, checkpoint, t2prime = 'none' }: MagnetizationOptions): void {
  if (path === undefined) return;
  if (!path.toLowerCase().endsWith('.npy'))
    throw usage(`--magnetization ${path}: only .npy can be written`, 'end the name in .npy');
  if (checkpoint !== undefined)
    throw usage('--magnetization is not kept in checkpoints', 'leave out --checkpoint, or --magnetization');
  if (t2prime !== 'none')
    throw usage(`--magnetization is not written with --t2prime ${t2prime}`, 'leave out one of the two');
}

/** @throws LarmorError 2, 65 where what is written would not be what was asked for */
export function requireInOrder(
  { magnetization, output }: MagnetizationOptions & { readonly output?: readonly string[] },
  { name, model }: PhantomSource,
  { sampleCount }: Timeline,
): void {
  if (magnetization === undefined) return;
  if ((model?.groups?.length ?? 1) > 1)
    throw badInput(name, 'spins that move apart are simulated in another order', 'leave out --magnetization');
  if (sampleCount === 0 && output !== undefined)
    throw usage(`-o ${output.join(' ')}: the sequence has no ADC, so there is no raw data`, 'leave out -o');
}

export interface MagnetizationStore {
  /** Copies what a tile leaves. */
  readonly take: (first: number, count: number, values: Float64Array) => void;
  /**
   * Collective: writes the file on rank 0. @returns there, what kept it from being written
   * @param turned angle [rad] by which the timeline's frame has turned clockwise at its end, beside that of B0
   */
  write(cluster: Cluster, path: string, spinCount: number, turned: number): Promise<unknown>;
}

export function magnetizationStore(): MagnetizationStore {
  const parts: { readonly first: number; readonly values: Float64Array }[] = [];
  return {
    take: (first, _, values) => void parts.push({ first, values: values.slice() }),
    async write(cluster, path, spinCount, turned) {
      const root = cluster.rank === 0;
      let failure: unknown;
      const attempt = <T>(step: () => T): T | undefined => {
        if (!root || failure !== undefined) return undefined;
        try {
          return step();
        } catch (error) {
          failure = error;
          return undefined;
        }
      };
      const file = attempt(() => createOutput(path));
      attempt(() => file?.write(npyHeader('<f8', `(${spinCount}, 3)`)));
      for (let from = 0; from < spinCount; from += PIECE) {
        const piece = new Float64Array(3 * Math.min(PIECE, spinCount - from));
        for (const { first, values } of parts) copyOverlap(piece, 3 * from, values, 3 * first);
        turn(piece, turned);
        await reduceToRoot(cluster, cluster.world, new BigInt64Array(piece.buffer));
        attempt(() => file?.write(new Uint8Array(piece.buffer)));
      }
      attempt(() => file?.commit());
      file?.abandon();
      return failure;
    },
  };
}

/** Copies what `values`, which begin at `at`, and `piece`, which begins at `from`, have in common. */
function copyOverlap(piece: Float64Array, from: number, values: Float64Array, at: number): void {
  const start = Math.max(from, at);
  const end = Math.min(from + piece.length, at + values.length);
  if (end > start) piece.set(values.subarray(start - at, end - at), start - from);
}

/** From the frame back: clockwise, as spins turn. */
function turn(magnetization: Float64Array, angle: number): void {
  if (angle === 0) return;
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  for (let n = 0; n < magnetization.length; n += 3) {
    const [x, y] = [magnetization[n], magnetization[n + 1]];
    magnetization[n] = x * c + y * s;
    magnetization[n + 1] = y * c - x * s;
  }
}
