/** What a user installs: the packed tarball, in an empty folder, without install scripts, a compiler or the network. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../../testing/temporary.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = temporaryFolder();

/** Runs npm or npx in `cwd`. @returns stdout */
function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 240_000 });
  assert.equal(status, 0, `${command} ${args.join(' ')}\n${stderr}`);
  return stdout;
}

test('the tarball installs in an empty folder and runs', () => {
  run('npm', ['pack', '--silent', '--pack-destination', folder], root);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  assert.ok(tarball, 'npm pack made no tarball');
  run('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', `./${tarball}`], folder);
  const summary = JSON.parse(run('npx', ['--offline', 'larmor', 'simulate', '--json'], folder));
  assert.equal(summary.spins, 6485);
  assert.ok(existsSync(join(folder, 'raw.mrd')));
  run('npx', ['--offline', 'larmor', 'reconstruct', 'raw.mrd', '-o', 'head.png'], folder);
  assert.ok(existsSync(join(folder, 'head.png')));
});
