/**
 * The launcher: V8's code cache is used where it belongs to the bundle, and nothing depends on it.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BUNDLES, cachePath, compileBundle } from '../../host/cli/launch.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));

for (const bundle of BUNDLES)
  test(`the build made a code cache of ${bundle} that this Node takes`, () => {
    assert.equal(compileBundle(dist, bundle).script.cachedDataRejected, false);
  });

test('a run opens no bundle of other commands', () => {
  const folder = temporaryFolder();
  cpSync(dist, folder, { recursive: true, filter: (path) => !['hdf5.js', 'more.js'].includes(basename(path)) });
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [join(folder, 'larmor.js'), ...args], { cwd: folder, encoding: 'utf8' }).status;
  assert.equal(run('simulate', 'gre', 'head2d', '--set', 'sequence.n=8', '-q', '-o', 'out.mrd'), 0);
  rmSync(join(folder, 'command.js'));
  assert.equal(run('--version'), 0);
});

test('a cache of another bundle of the same length is left alone', () => {
  const other = temporaryFolder();
  const source = readFileSync(join(dist, 'command.js'), 'latin1');
  const changed = source.replace('magnetisation', 'Magnetisation');
  assert.notEqual(changed, source);
  writeFileSync(join(other, 'command.js'), changed, 'latin1');
  copyFileSync(cachePath(dist, 'command.js'), cachePath(other, 'command.js'));
  assert.equal(compileBundle(other, 'command.js').script.cachedDataRejected, undefined);
});

test('a cache with one bit flipped is not given to V8', () => {
  const other = temporaryFolder();
  copyFileSync(join(dist, 'command.js'), join(other, 'command.js'));
  const whole = readFileSync(cachePath(dist, 'command.js'));
  const given = (cache: Buffer): boolean => {
    writeFileSync(cachePath(other, 'command.js'), cache);
    return compileBundle(other, 'command.js').script.cachedDataRejected !== undefined;
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
    spoil(cachePath(other, 'command.js'));
    const args = [join(other, 'larmor.js'), 'simulate', 'fid', 'column', '-q', '-o', 'out.npy'];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: other, encoding: 'utf8' });
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  });
}
