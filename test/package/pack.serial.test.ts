/**
 * What a user installs: the packed tarball, in an empty folder and without the network; once
 * without install scripts or a compiler, once globally with those that build the addon by the
 * site's mpicc.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cases, skipWithoutCases } from '../../testing/cases.ts';
import { FAMILIES, missing, simulate } from '../../testing/launch.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = temporaryFolder();

/** Runs a program in `folder`. @returns stdout */
function run(command: string, args: readonly string[], cwd = folder, silent = false): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 240_000 });
  assert.equal(status, 0, `${command} ${args.join(' ')}\n${stdout}${stderr}`);
  if (silent) assert.equal(stderr, '');
  return stdout;
}

const larmor = (...args: string[]): string => run('npx', ['--offline', 'larmor', ...args]);
const simulated = (...args: string[]): { spins: number; signalHash: string; warnings: string[] } =>
  JSON.parse(larmor('simulate', ...args, '--json', '-q'));

let epi: ReturnType<typeof simulated>;
let tarball: string;

test('the tarball installs in an empty folder and runs', () => {
  tarball = run('npm', ['pack', '--silent', '--pack-destination', folder], root).trimEnd();
  assert.deepEqual(
    readdirSync(folder),
    [tarball],
    'npm pack prints the name alone: npm install "$(npm pack --silent)"',
  );
  run('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', `./${tarball}`]);
  epi = simulated('epi', 'head2d');
  assert.equal(epi.spins, 6485);
  assert.ok(existsSync(join(folder, 'raw.mrd')));
  larmor('reconstruct', 'raw.mrd', '-o', 'head.png');
  assert.ok(existsSync(join(folder, 'head.png')));
});

test("the install script builds the addon with the site's mpicc", async (t) => {
  const families = FAMILIES.filter((family) => !missing(family, 2));
  if (families.length === 0) {
    t.skip('no MPI here');
    return;
  }
  // Of a machine without MPI: the tarball holds no addon.
  const bare = temporaryFolder();
  run('tar', ['xzf', join(folder, tarball)], bare);
  rmSync(join(bare, 'package/dist/mpi'), { recursive: true });
  const site = temporaryFolder();
  run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', site, join(bare, 'package')], bare);
  run('npm', ['install', '--global', '--prefix', site, '--offline', '--no-audit', '--no-fund', `./${tarball}`], site);
  assert.match(readFileSync(join(site, 'share/man/man1/larmor.1'), 'utf8'), /^\.TH LARMOR 1/m);
  const installed = join(site, 'lib/node_modules/larmor/dist');
  for (const family of families) assert.ok(existsSync(join(installed, `mpi/mpi-${family}.node`)), family);
  for (const family of families) {
    const launch = { family, ranks: 2, cwd: site, program: join(installed, 'larmor.js') };
    const { ranks, signalHash } = await simulate(['epi', 'head2d'], launch);
    assert.deepEqual([ranks, signalHash], [2, epi.signalHash], family);
  }
});

/**
 * Of a project that has nothing but larmor: all declarations are checked, and there are no types of
 * Node.
 */
const CONFIGURATION = {
  compilerOptions: {
    ...{ target: 'ES2022', module: 'NodeNext', lib: ['ES2022', 'DOM'], types: [], outDir: 'built' },
    ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false },
  },
  files: ['consumer.ts'],
};

test('a program of a strict TypeScript project calls it', skipWithoutCases(), () => {
  copyFileSync(join(root, 'test/package/consumer.ts'), join(folder, 'consumer.ts'));
  copyFileSync(cases('pulseq/v1.5/epi.seq'), join(folder, 'foreign.seq'));
  copyFileSync(cases('phantoms/random600.phantom'), join(folder, 'foreign.phantom'));
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(CONFIGURATION));
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', dependencies }));
  run(join(root, 'node_modules/.bin/tsc'), []);
  const found = JSON.parse(run(process.execPath, ['built/consumer.js'], folder, true));

  const [first, second, gre, alone, foreign, copy] = found.hashes;
  assert.deepEqual([first, second], [epi.signalHash, epi.signalHash], 'two at once, the bits of the command');
  assert.equal(gre, alone, 'on two threads beside other runs, and on one');
  assert.equal(gre, simulated('gre', 'sphere', '--set', 'n=16', '--set', 'te=5ms', '-o', 'gre.npy').signalHash);
  const byCommand = simulated('foreign.seq', 'foreign.phantom', '-o', 'foreign.npy');
  assert.deepEqual([foreign, copy], [byCommand.signalHash, byCommand.signalHash]);
  assert.deepEqual(found.warnings, [byCommand.warnings, byCommand.warnings], 'the same warnings, of that run alone');
  assert.deepEqual([found.samples, found.matrix, found.ranks], [101 * 101, [101, 101, 1], 4]);
  assert.deepEqual(found.aborted, { code: 75, message: 'simulate: the call was aborted', enough: true });
  assert.match(found.misspelt.message, /^there is no phantom 'hed2d'; did you mean head2d/);
  assert.equal(found.misspelt.code, 2);
  assert.equal(found.progress.done, 0);
  assert.ok(found.progress.total > 1);
  assert.deepEqual(found.missing, [], 'the report is whole');
  assert.match(readFileSync(join(folder, 'report.html'), 'utf8'), /<title>gre on sphere/);
  const [[low, small], [high, large]] = found.sweep;
  assert.ok(Math.abs(high / low - 4) < 1e-9 && small > 0 && large > 0 && large !== small, JSON.stringify(found.sweep));
});
