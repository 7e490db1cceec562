import assert from 'node:assert/strict';
import { test } from 'node:test';
import { extremes } from '../../host/numerics/extremes.ts';

test('the extremes of more values than a call takes arguments', () => {
  const values = Array.from({ length: 1_000_000 }, (_, n) => Math.abs(n - 400_000));
  assert.deepEqual(extremes(values), [0, 599_999]);
  assert.deepEqual(extremes([]), [Infinity, -Infinity]);
});
