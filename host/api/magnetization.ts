/**
 * The magnetisation (Mx, My, Mz) of every spin at the end of the sequence, f64 [spins, 3], in the
 * frame that rotates with B0. Each rank stores the magnetisation of its tiles; rank 0 collects it
 * piece by piece. Every rank has zeros for the spins of the others, so the integer reduce joins
 * their bits exactly.
 */
import { createOutput, type PendingFile } from '../base/files.ts';
import type { Cluster } from '../comm/ranks.ts';
import { reduceToRoot } from '../comm/reduce.ts';
import { npyHeader } from '../formats/npy.ts';
import type { PhantomSource } from '../phantom/types.ts';

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
  /** Copies the magnetisation of a finished tile. */
  readonly take: (first: number, count: number, values: Float64Array) => void;
  /**
   * Collective: passes the magnetisation to the sink on rank 0.
   * @returns on rank 0 the reason if the sink failed
   * @param turned angle [rad] by which the timeline's frame has rotated clockwise at its end, in
   *   addition to that of B0
   */
  write(cluster: Cluster, sink: MagnetizationSink, spinCount: number, turned: number): Promise<unknown>;
}

/**
 * @param numbersOf file numbers of spins whose order is not that of the file; ascending within a
 *   tile
 */
export function magnetizationStore({ numbersOf }: Pick<PhantomSource, 'numbersOf'>): MagnetizationStore {
  const parts: Part[] = [];
  return {
    take(first, count, values) {
      const numbers = numbersOf?.(first, count);
      parts.push({ first, values: values.slice(), ...(numbers && { numbers }) });
    },
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
        for (const part of parts) copyOverlap(piece, from, part);
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

/** Spins of a tile, which follow `first` unless they have numbers. */
interface Part {
  readonly first: number;
  readonly values: Float64Array;
  readonly numbers?: Float64Array;
}

/** Copies the spins that a tile and a piece, which begins at spin `from`, have in common. */
function copyOverlap(piece: Float64Array, from: number, { first, values, numbers }: Part): void {
  if (numbers !== undefined) {
    for (const [n, spin] of numbers.entries())
      if (spin >= from && 3 * (spin - from) < piece.length)
        piece.set(values.subarray(3 * n, 3 * n + 3), 3 * (spin - from));
    return;
  }
  const start = Math.max(3 * from, 3 * first);
  const end = Math.min(3 * from + piece.length, 3 * first + values.length);
  if (end > start) piece.set(values.subarray(start - 3 * first, end - 3 * first), start - 3 * from);
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
