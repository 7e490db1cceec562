/**
 * The kernels beside their twins in C, in the bench's short form, which still takes half a minute
 * of processor time.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

test('every kernel meets its twin in C', () => {
  const kernels = ['matrix', 'recurrence', 'direct', 'RF:', 'hard pulse', 'sums'];
  const args = ['--import', 'tsx', 'bench/run.ts', '--quick', ...kernels];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  for (const kernel of kernels) assert.ok(stdout.includes(kernel), stdout);
});
