/**
 * A short run of the fuzzer with a fixed seed, every day; `test/fuzz/pulseq.ts` runs it for longer.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzPulseq } from '../fuzz/pulseq.ts';

test('broken files are read or refused in one line', () => {
  const { cases, read, refused } = fuzzPulseq({ seed: 20261122, cases: 600 });
  assert.equal(read + refused, cases);
  assert.ok(read > 30 && refused > 200, `${read} read, ${refused} refused: the mutations do not get through`);
});
