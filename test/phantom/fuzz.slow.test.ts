/** A longer seeded run of the fuzzer than that of `fuzz.test.ts`, with files of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzPhantoms } from '../fuzz/phantom.ts';

test('damaged phantom files are read or refused, never anything else', async () => {
  const { accepted, refused } = await fuzzPhantoms(2, (runs) => runs >= 1000);
  assert.ok(accepted > 60 && refused > 60, `${accepted} accepted, ${refused} refused`);
});
