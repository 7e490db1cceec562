/**
 * Jobs that are told to stop: all ranks leave together with exit code 75 and one line, and the same
 * command with --resume goes on, on another number of ranks, under another MPI, and gives the same
 * bits.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { errorsIn, type Family, kill, missing, run, simulate, start, transcript, until } from '../../testing/launch.ts';
import { everything } from '../../testing/some.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { runChains } from './chains.ts';
import { job, signalHash } from './long-job.ts';

const cases: readonly [Family | undefined, number, NodeJS.Signals, number, string][] = [
  [undefined, 1, 'SIGINT', 0, 'static'],
  ['openmpi', 2, 'SIGTERM', 1, 'static'],
  ['openmpi', 3, 'SIGUSR1', 0, 'dynamic'],
  ['mpich', 2, 'SIGUSR2', 1, 'dynamic'],
];
for (const [family, ranks, signal, victim, schedule] of cases) {
  const skip = family !== undefined && missing(family, ranks);
  test(`${family ?? 'no MPI'}, ${ranks} ranks: ${signal} to rank ${victim}`, { skip }, async () => {
    const cwd = temporaryFolder();
    const args = [...job, '--checkpoint', 'kept', '--checkpoint-interval', '0.2', '--schedule', schedule];
    const running = start(['simulate', ...args], { family, ranks, cwd });
    await until('a checkpoint', () => existsSync(join(cwd, 'kept/checkpoint.larmor')));
    kill(running.ranks().get(victim)!, signal);
    const stopped = await running.ended;
    assert.equal(stopped.code, 75, transcript(stopped));
    const lines = errorsIn(stopped);
    assert.equal(lines.length, 1, transcript(stopped));
    assert.match(lines[0], new RegExp(`stopped by ${signal} after \\d+ of \\d+ tiles, kept in kept; .*--resume`));
    assert.ok(!existsSync(join(cwd, 'raw.npy')));

    const refused = await run(['simulate', ...args], { cwd });
    assert.equal(refused.code, 2, transcript(refused));
    assert.match(errorsIn(refused)[0], /unfinished run; add --resume/);

    const other = family === undefined && !missing('openmpi') ? ({ family: 'openmpi', ranks: 3 } as const) : {};
    const resumed = await simulate([...args, '--resume'], { ...other, cwd });
    const done = Number(/after (\d+) of/.exec(lines[0])![1]);
    assert.equal(resumed.tilesResumed, done);
    assert.equal(
      resumed.perRank.reduce((sum, { tiles }) => sum + tiles, done),
      resumed.tiles,
    );
    assert.equal(resumed.signalHash, await signalHash());
    assert.deepEqual(readdirSync(join(cwd, 'kept')).sort(), ['checkpoint.larmor', 'complete.json']);
    const record = JSON.parse(readFileSync(join(cwd, 'kept/complete.json'), 'utf8'));
    assert.equal(record.signalHash, resumed.signalHash);

    const again = await run(['simulate', ...args, '--resume', '--json'], { cwd });
    assert.match(again.stderr, /was complete at/);
    assert.equal(JSON.parse(again.stdout).signalHash, resumed.signalHash);
  });
}

test('a warning that comes while inputs are read', { skip: missing('openmpi') }, async () => {
  const cwd = temporaryFolder();
  const args = ['epi', 'head2d', '-o', 'raw.npy', '--checkpoint', 'kept'];
  const environment = { LARMOR_FAILPOINT: 'stop@inputs#1' };
  const running = start(['simulate', ...args], { family: 'openmpi', ranks: 2, cwd, environment });
  await until('rank 1', () => running.ranks().has(1));
  const rank1 = running.ranks().get(1)!;
  await until('rank 1 to pause', () => / T /.test(readFileSync(`/proc/${rank1}/stat`, 'utf8')));
  kill(rank1, 'SIGUSR2');
  kill(rank1, 'SIGCONT');
  const stopped = await running.ended;
  assert.equal(stopped.code, 75, transcript(stopped));
  assert.match(errorsIn(stopped)[0], /stopped by SIGUSR2 after \d+ of \d+ tiles, kept in kept/);
  const resumed = await simulate([...args, '--resume'], { cwd });
  assert.equal(resumed.signalHash, (await simulate(['epi', 'head2d', '-o', 'raw.npy'], { cwd })).signalHash);
});

test('without --checkpoint a stop keeps nothing and says so', async () => {
  const cwd = temporaryFolder();
  const running = start(['simulate', ...job], { cwd });
  await until('its start', () => running.ranks().size === 1);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  kill(running.pid, 'SIGTERM');
  const stopped = await running.ended;
  assert.equal(stopped.code, 75, transcript(stopped));
  assert.match(errorsIn(stopped)[0], /nothing was saved \(use --checkpoint DIR\)/);
});

test('--resume needs --checkpoint: exit 2, reported once', { skip: missing('openmpi') }, async () => {
  const ended = await run(['simulate', '--resume'], { family: 'openmpi', ranks: 2, cwd: temporaryFolder() });
  assert.equal(ended.code, 2, transcript(ended));
  assert.equal(errorsIn(ended).length, 1, transcript(ended));
});

test('--resume with no checkpoint starts from the beginning and says so', async () => {
  const args = ['simulate', '--checkpoint', 'kept', '--resume', '-o', 'raw.npy'];
  const ended = await run(args, { cwd: temporaryFolder() });
  assert.equal(ended.code, 0, transcript(ended));
  assert.match(ended.stderr, /holds no checkpoint; starting from the beginning/);
});

test('chains of kills and storms of signals', async (t) => {
  t.diagnostic(JSON.stringify(await runChains(everything ? 3 : 1, 1, (line) => t.diagnostic(line))));
});
