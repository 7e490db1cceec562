/**
 * What happens to jobs: ranks killed, stopped, given other work, without disk. Never a hang, one
 * line, the right exit code.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  DIST,
  errorsIn,
  kill,
  LARMOR,
  missing,
  present,
  run,
  simulate,
  start,
  transcript,
  twoAtATime,
  until,
} from '../../testing/launch.ts';
import { niftiFile } from '../../testing/phantom-files.ts';
import { everything, some } from '../../testing/some.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { requirePython, runTool } from '../../testing/tools.ts';
import { seqText } from '../sequence/seq-text.ts';
import { killMany } from './kills.ts';
import { job, signalHash } from './long-job.ts';
import { assertResumes, assertWithinInterval, tilesIn, watchWork } from './lost-work.ts';

for (const family of present) {
  test(`${family}: kill -9 of a rank ends the job; --resume redoes at most one interval`, async (t) => {
    const cwd = temporaryFolder();
    const path = join(cwd, 'kept/checkpoint.larmor');
    const interval = 0.3;
    const args = [...job, '--checkpoint', 'kept', '--checkpoint-interval', `${interval}`];
    const running = start(['simulate', ...args], { family, ranks: 2, cwd });
    const watch = watchWork(running, 2, path);
    await until('two checkpoints', () => watch.checkpoints >= 2);
    // Shortly before the third: nothing dearer can be lost.
    await new Promise((resolve) => setTimeout(resolve, 900 * interval));
    const victim = running.ranks().get(1)!;
    const lost = watch.lost();
    const killed = performance.now();
    kill(victim, 'SIGKILL');
    watch.stop();
    const ended = await running.ended;
    assert.notEqual(ended.code, 0);
    assert.ok(performance.now() - killed < 10e3, transcript(ended));
    assert.match(ended.stderr + ended.stdout, /signal 9|Killed/);
    assert.deepEqual(errorsIn(ended), []);
    assertWithinInterval(lost, interval);
    const kept = tilesIn(path);
    const resumed = await simulate([...args, '--resume'], { cwd });
    t.diagnostic(`${kept} of ${resumed.tiles} tiles kept, at most ${lost.toFixed(2)} s of each rank's work lost`);
    assert.ok(kept > 0);
    assertResumes(resumed, kept);
    assert.equal(resumed.signalHash, await signalHash());
  });

  test(`${family}: the watchdog ends a job of which a rank is stopped`, async () => {
    // Either rank, or every day the one or the other by the family.
    const victims = everything ? [0, 1] : [present.indexOf(family)];
    await twoAtATime(victims, async (victim) => {
      const cwd = temporaryFolder();
      const args = ['simulate', ...job, '--watchdog', '2', '--checkpoint', 'kept', '--checkpoint-interval', '0.2'];
      const running = start(args, { family, ranks: 2, cwd });
      await until('a checkpoint', () => existsSync(join(cwd, 'kept/checkpoint.larmor')));
      kill(running.ranks().get(victim)!, 'SIGSTOP');
      const ended = await running.ended;
      const lines = errorsIn(ended);
      assert.equal(lines.length, 1, transcript(ended));
      if (/not answered within MPI for 2 s/.test(lines[0])) {
        assert.notEqual(ended.code, 0, 'stopped between two pieces of a reduce, where the other can only be killed');
        return;
      }
      assert.equal(ended.code, 70, transcript(ended));
      assert.match(lines[0], new RegExp(`rank ${victim} \\(.+\\) has given no sign of life for 2 s`));
    });
  });
}

test('a tile that takes longer than --watchdog is not mistaken for a dead rank', {
  skip: missing('openmpi'),
}, async () => {
  // Three tiles of 1.4 s (3 GHz) for two ranks of one thread: rank 1 waits while rank 0 is in its
  // second.
  const epi = ['epi', 'head2d', '--set', 'voxel=0.8e-3', '--precision', 'f64', '--tile', '14000', '-o', 'raw.npy'];
  const launch = { family: 'openmpi', ranks: 2, cwd: temporaryFolder() } as const;
  const { perRank } = await simulate([...epi, '--threads', '1', '--watchdog', '0.5'], launch);
  assert.deepEqual(
    perRank.map(({ tiles }) => tiles),
    [2, 1],
  );
});

test('kills at random moments, nothing lost', (t) => killMany(t, 3, 1));

for (const family of present) {
  test(`${family}: a wrong command line is reported once`, async () => {
    const launch = { family, ranks: 2, cwd: temporaryFolder() };
    const all = await run(['simulate', '--tolerence', '1e-3'], launch);
    assert.equal(all.code, 2, transcript(all));
    const fix = 'larmor --help lists what there is';
    const line = `larmor: unknown option '--tolerence' (Did you mean --tolerance?); ${fix}`;
    assert.deepEqual(errorsIn(all), [line], transcript(all));
    const odd = { args: ['simulate', '--threads', '0'] };
    const one = await run(['simulate', '-o', 'raw.npy'], { ...launch, odd });
    assert.equal(one.code, 2, transcript(one));
    assert.equal(errorsIn(one).length, 1, transcript(one));
    assert.match(errorsIn(one)[0], /^larmor: rank 1 \(.+\): option '--threads <n>' argument '0' is invalid/);
  });
}

const twoRanks = { skip: missing('openmpi') };

test('ranks with other inputs are found before the first tile', twoRanks, async () => {
  const cwd = temporaryFolder();
  const cases: [string[], RegExp][] = [
    [['epi', '--set', 'n=51'], /rank 2 \(.+\) differs from rank 0 \(.+\) in: sequence/],
    [['epi', 'head2d', '--set', 'voxel=3e-3'], /in: phantom/],
    [['epi', 'head2d', '--precision', 'f64'], /in: precision \(f64 instead of f32\)/],
  ];
  for (const [args, message] of some(cases, 2)) {
    const odd = { args: ['simulate', '--exact', ...args] };
    const ended = await run(['simulate', '--exact', 'epi', 'head2d'], { family: 'openmpi', ranks: 3, cwd, odd });
    assert.equal(ended.code, 65, transcript(ended));
    assert.equal(errorsIn(ended).length, 1, transcript(ended));
    assert.match(errorsIn(ended)[0], message);
  }
  assert.deepEqual(readdirSync(cwd), []);
});

test('a side file replaced between the reading of two ranks is refused, never mixed', twoRanks, async () => {
  const cwd = temporaryFolder();
  const seq = (ramp: number): string =>
    seqText({
      trap: `[TRAP]\n1 200000 ${ramp} 300 100 0\n`,
      blocks: '[BLOCKS]\n1 100 1 1 0 0 0 0\n2 100 0 0 3 0 1 0\n',
    });
  const table = (T1: number): string => JSON.stringify({ tissues: { 1: { density: 1, T1, T2: 0.1 } } });
  writeFileSync(join(cwd, 'labels.nii'), niftiFile([2, 2, 2], new Uint8Array(8).fill(1)));
  const cases: [string, string, string, string[], RegExp][] = [
    ['scan.seq', seq(100), seq(120), ['scan.seq', 'column'], /rank 1 .+ differs from rank 0 .+ in: sequence/],
    ['scanner.json', '{"B0":3}', '{"B0":7}', ['fid', 'column', '--scanner', 'scanner.json'], /in: sequence/],
    ['labels.json', table(1), table(2), ['fid', 'labels.nii'], /in: phantom/],
  ];
  await twoAtATime(some(cases, 2), async ([name, before, after, args, message]) => {
    writeFileSync(join(cwd, name), before);
    const environment = { LARMOR_FAILPOINT: 'stop@inputs#1' };
    const running = start(['simulate', ...args, '-o', 'raw.npy'], { family: 'openmpi', ranks: 2, cwd, environment });
    await until('rank 1', () => running.ranks().has(1));
    const stat = (rank: number): string => readFileSync(`/proc/${running.ranks().get(rank)}/stat`, 'utf8');
    await until('rank 1 to pause', () => / T /.test(stat(1)));
    // Rank 0 has read its inputs by then: it waits for the other, asleep.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    writeFileSync(join(cwd, name), after);
    kill(running.ranks().get(1)!, 'SIGCONT');
    const ended = await running.ended;
    assert.equal(ended.code, 65, transcript(ended));
    assert.equal(errorsIn(ended).length, 1, transcript(ended));
    assert.match(errorsIn(ended)[0], message);
    assert.ok(!existsSync(join(cwd, 'raw.npy')));
  });
});

test('ranks with another version or other kernels', twoRanks, async () => {
  const cwd = temporaryFolder();
  const other = join(temporaryFolder(), 'dist');
  cpSync(DIST, other, { recursive: true });
  const odd = { larmor: join(other, 'larmor.js') };
  const launch = { family: 'openmpi', ranks: 2, cwd, odd } as const;

  // Without relaxed SIMD, as on a Node that has none: all take the plain kernels, and say so.
  writeFileSync(join(other, 'wasm/relaxed.wasm'), 'not WebAssembly');
  const ended = await run(['simulate', '--json', '-o', 'raw.npy'], launch);
  assert.equal(ended.code, 0, transcript(ended));
  assert.match(ended.stderr, /warning: rank 1 .+ would run simd.+: all use simd/);
  assert.match(JSON.parse(ended.stdout).build, /^simd/);

  const { version } = JSON.parse(readFileSync(join(DIST, '../package.json'), 'utf8'));
  const command = join(other, 'command.js');
  const program = readFileSync(command, 'utf8');
  assert.ok(program.includes(`"${version}"`));
  writeFileSync(command, program.replaceAll(`"${version}"`, '"0.0.0"'));
  const refused = await run(['simulate', '-o', 'raw.npy'], launch);
  assert.equal(refused.code, 70, transcript(refused));
  assert.match(errorsIn(refused)[0], /rank 1 .+ differs from rank 0 .+ in: version \(0\.0\.0 instead of/);
});

test('an input that one rank cannot open: one line with its name, one exit code', twoRanks, async () => {
  const odd = { args: ['simulate', 'missing.seq'] };
  const ended = await run(['simulate'], { family: 'openmpi', ranks: 3, cwd: temporaryFolder(), odd });
  assert.equal(ended.code, 66, transcript(ended));
  assert.equal(errorsIn(ended).length, 1, transcript(ended));
  assert.match(errorsIn(ended)[0], /^larmor: rank 2 \(.+\): missing\.seq: no such file/);
  const all = await run(['simulate', 'missing.seq'], { family: 'openmpi', ranks: 3, cwd: temporaryFolder() });
  assert.match(errorsIn(all)[0], /^larmor: missing\.seq: no such file/, 'a common error is nobody’s in particular');
});

test('a spin that cannot be simulated, found in mid-run by one rank', twoRanks, async (t) => {
  const python = requirePython(t, ['h5py'], 'python3-h5py');
  if (!python) return;
  const cwd = temporaryFolder();
  spawnSync(process.execPath, [LARMOR, 'phantom', 'make', 'head3d', '-o', 'bad.phantom'], { cwd });
  // The file states bounds, so nobody reads all spins beforehand.
  const edit = "import h5py; f = h5py.File('bad.phantom', 'r+'); f['contrast/T1'][60000] = float('nan')";
  runTool(python, ['-c', `import os; os.chdir(${JSON.stringify(cwd)}); ${edit}`]);
  const ended = await run(['simulate', 'epi', 'bad.phantom'], { family: 'openmpi', ranks: 2, cwd });
  assert.equal(ended.code, 65, transcript(ended));
  assert.equal(errorsIn(ended).length, 1, transcript(ended));
  assert.match(errorsIn(ended)[0], /bad\.phantom spin 60000: T1 is NaN/);
});

/** A file system of `size`; undefined, skipped aloud, where this user may not mount one. */
function smallDisk(t: TestContext, size: string): string | undefined {
  const folder = temporaryFolder();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]).status === 0;
  t.after(() => {
    if (mounted) spawnSync('umount', [folder]);
    rmdirSync(folder);
  });
  if (mounted) return folder;
  t.skip('mounting a small file system needs root');
  return undefined;
}

test('a full disk for checkpoints: the run continues and warns', async (t) => {
  const disk = smallDisk(t, '128k');
  if (!disk) return;
  const cwd = temporaryFolder();
  // One checkpoint is 163 kB, and none fits.
  const args = [...job, '--checkpoint', disk, '--checkpoint-interval', '0.5'];
  const ended = await run(['simulate', ...args, '--json'], { cwd });
  assert.equal(ended.code, 0, transcript(ended));
  assert.match(ended.stderr, /warning: .+checkpoint\.larmor: no space left.+the run continues/);
  assert.equal(JSON.parse(ended.stdout).signalHash, await signalHash());
});

test('a full disk for the output: exit 73, and --resume has only to write', async (t) => {
  const disk = smallDisk(t, '64k');
  if (!disk) return;
  const cwd = temporaryFolder();
  const args = ['simulate', 'epi', 'head2d', '-o', join(disk, 'raw.npy'), '--checkpoint', 'kept'];
  const ended = await run(args, { cwd });
  assert.equal(ended.code, 73, transcript(ended));
  assert.match(errorsIn(ended)[0], /no space left.+all tiles are saved in kept: --resume only has to write/);
  assert.deepEqual(readdirSync(disk), []);
  const elsewhere = ['epi', 'head2d', '-o', 'raw.npy', '--checkpoint', 'kept', '--resume'];
  const resumed = await simulate(elsewhere, { cwd });
  assert.equal(resumed.tilesResumed, resumed.tiles);
  const whole = await simulate(['epi', 'head2d', '-o', 'raw.npy'], { cwd });
  assert.equal(resumed.signalHash, whole.signalHash);
});

test('a checkpoint of another run or a damaged one is refused, and left as it is', async () => {
  const cwd = temporaryFolder();
  const args = [...job, '--checkpoint', 'kept', '--checkpoint-interval', '0.2'];
  const running = start(['simulate', ...args], { cwd });
  const path = join(cwd, 'kept/checkpoint.larmor');
  await until('a checkpoint', () => existsSync(path));
  kill(running.pid, 'SIGKILL');
  await running.ended;
  const whole = readFileSync(path);
  const other = ['gre', '--exact', '--tile', '512', '-o', 'raw.npy'];
  const foreign = await run(['simulate', ...other, '--checkpoint', 'kept', '--resume'], { cwd });
  assert.equal(foreign.code, 65, transcript(foreign));
  assert.match(
    errorsIn(foreign)[0],
    /belongs to another run \(epi on head3d.+differs in: sequence, phantom, tile size/,
  );
  assert.ok(readFileSync(path).equals(whole));
  writeFileSync(path, whole.subarray(0, whole.length - 1));
  const cut = await run(['simulate', ...args, '--resume'], { cwd });
  assert.equal(cut.code, 65, transcript(cut));
  assert.match(errorsIn(cut)[0], /checkpoint\.larmor: is cut short; remove it/);
});
