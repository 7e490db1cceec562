/** The launcher: V8's code cache is used where it belongs to the bundle, and nothing depends on it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cachePath, compileCommand } from '../../host/cli/launch.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));

test('the build made a code cache that this Node takes', () => {
  assert.equal(compileCommand(dist).script.cachedDataRejected, false);
});

test('a cache of another bundle of the same length is left alone', () => {
  const other = temporaryFolder();
  const source = readFileSync(join(dist, 'command.js'), 'latin1');
  const changed = source.replace('MRI simulator', 'MRI Simulator');
  assert.notEqual(changed, source);
  writeFileSync(join(other, 'command.js'), changed, 'latin1');
  copyFileSync(cachePath(dist), cachePath(other));
  assert.equal(compileCommand(other).script.cachedDataRejected, undefined);
});

test('a cache with one bit flipped is not given to V8', () => {
  const other = temporaryFolder();
  copyFileSync(join(dist, 'command.js'), join(other, 'command.js'));
  const whole = readFileSync(cachePath(dist));
  const given = (cache: Buffer): boolean => {
    writeFileSync(cachePath(other), cache);
    return compileCommand(other).script.cachedDataRejected !== undefined;
  };
  assert.equal(given(whole), true);
  // Everywhere from the digest to the last byte: no damage may depend on where it is.
  for (let n = 0; n < 64; n++) {
    const damaged = Buffer.from(whole);
    damaged[Math.floor((n / 63) * (whole.length - 1))] ^= 1 << (n % 8);
    assert.equal(given(damaged), false, `bit ${n % 8} of byte ${Math.floor((n / 63) * (whole.length - 1))}`);
  }
});

for (const [what, spoil] of [
  ['without a cache', (path: string) => rmSync(path)],
  ['with a torn cache', (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 5000))],
  ['with a damaged cache', (path: string) => writeFileSync(path, readFileSync(path).fill(0xff, 100_000, 101_000))],
  ['with an empty cache', (path: string) => writeFileSync(path, '')],
] as const) {
  test(`the command runs ${what}`, () => {
    const other = temporaryFolder();
    cpSync(dist, other, { recursive: true, filter: (path) => basename(path) !== 'hdf5.js' });
    spoil(cachePath(other));
    const args = [join(other, 'larmor.js'), 'simulate', 'fid', 'column', '-q', '-o', 'out.npy'];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: other, encoding: 'utf8' });
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  });
}
