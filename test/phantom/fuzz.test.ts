/**
 * A short seeded run of the fuzzer; `fuzz.slow.test.ts` is longer, and `test/fuzz/phantom.ts` runs
 * for any time.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzPhantoms } from '../fuzz/phantom.ts';

test('damaged phantom files are read or refused, never anything else', async () => {
  const { accepted, refused } = await fuzzPhantoms(1, (runs) => runs >= 48);
  assert.ok(accepted > 8 && refused > 8, `${accepted} accepted, ${refused} refused`);
});
