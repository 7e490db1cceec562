/**
 * The finished sums of a run, [coils][samples][re, im], on rank 0: in memory after a single pass,
 * after several passes in one file per pass, which are read in parts on request.
 */
import { closeSync, readSync } from 'node:fs';
import { badInput } from '../base/errors.ts';
import { type CoilPass, sumBytes } from './passes.ts';

export interface Sums {
  readonly coils: number;
  readonly samples: number;
  /** The sums as one array, if they are in memory. */
  readonly whole?: BigInt64Array;
  /** Sums of samples [first, first + count) of a coil: [count][re, im]. */
  read(coil: number, first: number, count: number): BigInt64Array;
  close(): void;
}

export function sumsInMemory(whole: BigInt64Array, coils: number, samples: number): Sums {
  return {
    ...{ coils, samples, whole },
    read: (coil, first, count) => whole.subarray(2 * (coil * samples + first), 2 * (coil * samples + first + count)),
    close: () => {},
  };
}

/** Where a file holds the sums of a pass. */
export interface SumsFile {
  /** For messages. */
  readonly path: string;
  readonly fd: number;
  /** Where the sums begin in the file [bytes]. */
  readonly offset: number;
}

/** @param files of each pass, which `close` closes */
export function sumsInFiles(files: readonly SumsFile[], passes: readonly CoilPass[], samples: number): Sums {
  const last = passes[passes.length - 1];
  return {
    ...{ coils: last.first + last.coils, samples },
    read(coil, first, count) {
      const pass = passes.findLastIndex((one) => one.first <= coil);
      const sums = new BigInt64Array(2 * count);
      const bytes = new Uint8Array(sums.buffer);
      const from = files[pass].offset + sumBytes((coil - passes[pass].first) * samples + first);
      for (let done = 0; done < bytes.length; ) {
        const got = readSync(files[pass].fd, bytes, done, bytes.length - done, from + done);
        if (got === 0) throw badInput(files[pass].path, 'was cut short while it was read', 'simulate again');
        done += got;
      }
      return sums;
    },
    close() {
      for (const { fd } of files) closeSync(fd);
    },
  };
}

/** Samples read at once. */
const PIECE = 2 ** 18;

/** All sums, coil by coil, in pieces: a hash takes less than 2 GiB at once. */
export function* piecesOf({ coils, samples, read }: Sums): Generator<BigInt64Array> {
  for (let coil = 0; coil < coils; coil++)
    for (let from = 0; from < samples; from += PIECE) yield read(coil, from, Math.min(PIECE, samples - from));
}

export function isZero(sums: Sums): boolean {
  for (const piece of piecesOf(sums)) if (!piece.every((sum) => sum === 0n)) return false;
  return true;
}
