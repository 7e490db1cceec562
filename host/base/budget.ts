/**
 * Memory budgets. A few hundred bytes of input can ask for gigabytes: a run-length code, a sample
 * count, a compressed stream. Before memory is allocated because of a value in a file, the bytes
 * are taken from a budget, so that the run ends with one line that names the number and the limit
 * instead of being killed by the system. The limit grows with the size of the input, so that large
 * valid files do not reach it, and never exceeds the memory of the machine.
 */

import { totalmem } from 'node:os';
import { constrainedMemory } from 'node:process';
import { memoryLimit } from './environment.ts';
import { badInput } from './errors.ts';

const MiB = 2 ** 20;

/**
 * Bytes that inputs of up to 1 MiB may take, by purpose; together with the program itself less than
 * 1 GiB. The limit of larger inputs is proportional to their size.
 */
const BASE = {
  /** Unpacked shapes and the waveforms made of them. */
  waveforms: 192 * MiB,
  /** The compiled sequence, the sums over spins and the raw data. */
  signal: 448 * MiB,
  /** Memory that a phantom holds while it is open. */
  phantom: 192 * MiB,
} as const;

export interface Budget {
  /**
   * Counts `bytes` for `what`, a number with its noun such as `11000000 shape samples`.
   * @throws LarmorError 65 when the sum exceeds the limit; call it before allocating
   */
  take(bytes: number, what: string, location?: string): void;
  /** Throws as `take` would, but takes nothing: for temporary allocations. */
  check(bytes: number, what: string, location?: string): void;
  /** Bytes that may still be taken. */
  left(): number;
}

/**
 * @param location file that is read, as messages name it
 * @param inputBytes its size; undefined for what a user asked for by name, which only memory limits
 * @param fix third part of the message
 */
export function openBudget(
  purpose: keyof typeof BASE,
  location: string,
  inputBytes: number | undefined,
  fix = 'check the number; if it is right, allow more with LARMOR_MEMORY, e.g. LARMOR_MEMORY=8G',
): Budget {
  const limit = Math.min(
    memoryLimit() ??
      (inputBytes === undefined ? Number.POSITIVE_INFINITY : BASE[purpose] * Math.max(1, inputBytes / MiB)),
    usableMemory(),
  );
  let taken = 0;
  const check: Budget['check'] = (bytes, what, where = location) => {
    if (taken + bytes <= limit) return;
    const size = inputBytes === undefined ? '' : ` for a file of ${bytesText(inputBytes)}`;
    const needed = `${what} would take ${bytesText(taken + bytes)}`;
    throw badInput(where, `${needed}, the limit${size} is ${bytesText(limit)}`, fix);
  };
  return {
    check,
    left: () => Math.max(0, Math.floor(limit - taken)),
    take(bytes, what, where) {
      check(bytes, what, where);
      taken += bytes;
    },
  };
}

/** Memory of the machine, or of the control group that the process runs in. */
function usableMemory(): number {
  const constrained = constrainedMemory?.() ?? 0;
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** `1.5 GiB`, three digits. */
function bytesText(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  return `${Number((bytes / 2 ** (10 * power)).toPrecision(3))} ${units[power]}`;
}
