/**
 * The magnetisation (Mx, My, Mz) of every spin at the end of the sequence, f64 [spins, 3], in the frame that turns with B0. Each
 * rank stores what its tiles leave; rank 0 joins it piece by piece. Ranks have different spins and zeros elsewhere, so the integer
 * reduce joins their bits exactly.
 */
import { createOutput, type PendingFile } from '../base/files.ts';
import type { Cluster } from '../comm/ranks.ts';
import { reduceToRoot } from '../comm/reduce.ts';
import { npyHeader } from '../formats/npy.ts';

/** Spins joined at once: 12 MiB. */
const PIECE = 2 ** 19;

/** Takes the magnetisation on rank 0. */
export interface MagnetizationSink {
  /** What it writes. */
  readonly files: readonly string[];
  begin(spinCount: number): void;
  /** [spins of the piece][x, y, z], in the order of the phantom. */
  take(piece: Float64Array): void;
  end(): void;
  /** After `end`, or where something failed: leaves nothing half done. */
  close(): void;
}

/** To a NumPy file. */
export function magnetizationFile(path: string): MagnetizationSink {
  let file: PendingFile | undefined;
  return {
    files: [path],
    begin(spinCount) {
      file = createOutput(path);
      file.write(npyHeader('<f8', `(${spinCount}, 3)`));
    },
    take: (piece) => file!.write(new Uint8Array(piece.buffer)),
    end: () => file!.commit(),
    close: () => file?.abandon(),
  };
}

/** To an array, which `values` gives. */
export function magnetizationArray(): MagnetizationSink & { values(): Float64Array } {
  let values = new Float64Array(0);
  let filled = 0;
  return {
    files: [],
    begin(spinCount) {
      values = new Float64Array(3 * spinCount);
    },
    take(piece) {
      values.set(piece, filled);
      filled += piece.length;
    },
    end: () => {},
    close: () => {},
    values: () => values,
  };
}

export interface MagnetizationStore {
  /** Copies what a tile leaves. */
  readonly take: (first: number, count: number, values: Float64Array) => void;
  /**
   * Collective: hands it to the sink on rank 0. @returns there, why it could not be taken
   * @param turned angle [rad] by which the timeline's frame has turned clockwise at its end, beside that of B0
   */
  write(cluster: Cluster, sink: MagnetizationSink, spinCount: number, turned: number): Promise<unknown>;
}

export function magnetizationStore(): MagnetizationStore {
  const parts: { readonly first: number; readonly values: Float64Array }[] = [];
  return {
    take: (first, _, values) => void parts.push({ first, values: values.slice() }),
    async write(cluster, sink, spinCount, turned) {
      const root = cluster.rank === 0;
      let failure: unknown;
      const attempt = (step: () => void): void => {
        if (!root || failure !== undefined) return;
        try {
          step();
        } catch (error) {
          failure = error;
        }
      };
      attempt(() => sink.begin(spinCount));
      for (let from = 0; from < spinCount; from += PIECE) {
        const piece = new Float64Array(3 * Math.min(PIECE, spinCount - from));
        for (const { first, values } of parts) copyOverlap(piece, 3 * from, values, 3 * first);
        turn(piece, turned);
        await reduceToRoot(cluster, new BigInt64Array(piece.buffer));
        attempt(() => sink.take(piece));
      }
      attempt(() => sink.end());
      sink.close();
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
