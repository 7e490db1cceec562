/**
 * The same bits as before: see golden.ts for what they depend on, and for the command that rewrites
 * them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differences, kernels, readExpected, signals } from './golden.ts';

const expected = readExpected();
const HINT = 'meant so? npm run golden -- --write, and say in the commit why';

test('the compiled kernels', () => {
  const found = kernels();
  assert.equal(found.assemblyscript, expected.kernels.assemblyscript);
  assert.deepEqual(differences(found.digests, expected.kernels.digests), [], HINT);
});

test('the signals of a dozen scans', async (t) => {
  const { key, values } = await signals();
  const known = expected.signals[key];
  // Of another machine or Node nothing is known; the Node that the lock file's CI runs is among
  // those kept.
  if (known === undefined) return t.skip(`no values for ${key}: npm run golden -- --write adds them`);
  assert.deepEqual(differences(values, known), [], HINT);
});
