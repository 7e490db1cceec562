/**
 * The kernels in the Node whose V8 joins their vectors to wide ones: all tests of this folder
 * there, for what the everyday suite runs in Node 20 is the same code compiled otherwise.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { NEWER, newerNode } from '../../testing/newer-node.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

test(`Node ${NEWER} runs the wide kernels, and to the same tests`, { timeout: 20 * 60e3 }, (t) => {
  const node = newerNode();
  if (node === undefined) return t.skip('there is a package for Linux on x64 alone');
  // Within a test `node --test` would skip every file.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const run = (...args: string[]) => spawnSync(node, args, { cwd: ROOT, encoding: 'utf8', env });
  assert.match(run('dist/larmor.js', 'doctor').stdout, /^kernels +wide-fused/m);
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.test.ts') && !file.includes('slow'));
  const flags = ['--import', 'tsx', '--test', `--test-concurrency=${availableParallelism()}`];
  const tests = run(...flags, ...files.map((file) => join(import.meta.dirname, file)));
  assert.equal(tests.status, 0, tests.stdout);
  assert.match(tests.stdout, /^. pass [1-9]\d/m, 'they did run');
});
