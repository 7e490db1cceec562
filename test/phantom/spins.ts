/** Whole phantoms as blocks, and blocks compared bit for bit. */
import assert from 'node:assert/strict';
import { COLUMN_NAMES } from '../../host/phantom/columns.ts';
import type { PhantomSource, SpinBlock } from '../../host/phantom/types.ts';
import { spinBlock } from '../../host/phantom/types.ts';

export function readWhole(source: PhantomSource): SpinBlock {
  const block = spinBlock(source.spinCount);
  source.read(0, source.spinCount, block);
  return block;
}

/** The same phantom, read in pieces of `size` spins. */
export function readInPieces(source: PhantomSource, size: number): SpinBlock {
  const whole = spinBlock(source.spinCount);
  const piece = spinBlock(size);
  for (let first = 0; first < source.spinCount; first += size) {
    const count = Math.min(size, source.spinCount - first);
    source.read(first, count, piece);
    for (const name of COLUMN_NAMES) whole[name].set(piece[name].subarray(0, count), first);
  }
  return whole;
}

/** @param names properties compared; default all */
export function assertSameSpins(actual: SpinBlock, expected: SpinBlock, names = COLUMN_NAMES): void {
  for (const name of names) {
    assert.equal(actual[name].length, expected[name].length);
    // Adding 0 makes −0 equal 0.
    const differs = actual[name].findIndex((value, n) => value + 0 !== expected[name][n] + 0);
    if (differs >= 0) assert.fail(`${name}[${differs}] is ${actual[name][differs]}, not ${expected[name][differs]}`);
  }
}
