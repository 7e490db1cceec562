/**
 * Ranks that fail inside the tree over which all agree: rank 1 of six is below rank 0 and above
 * rank 2. One line that says which, an exit code, no hang; and signals are heard while others are
 * waited for.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { errorsIn, kill, missing, run, start, transcript, twoAtATime, until } from '../../testing/launch.ts';
import { some } from '../../testing/some.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const skip = missing('openmpi');
const args = ['simulate', 'epi', 'head2d', '--threads', '1', '-o', 'raw.npy', '-q', '--watchdog', '3'];

const faults = [
  ['stop@plan#1', /rank 1 \(.+\) has given no sign of life for 3 s/],
  ['throw@engine#1', /rank 1 \(.+\): internal error.*failpoint at 'engine'/],
  ['lose@message result#1', /all ranks have been waiting for each other for 3 s/],
  ['lose@message done#2', /all ranks have been waiting for each other for 3 s/],
] as const;

test('six ranks, one that stops, fails or says nothing', { skip }, async () => {
  // Mostly they wait for the watchdog.
  await twoAtATime(some(faults, 2), async ([failpoint, line]) => {
    const cwd = temporaryFolder();
    const ended = await run(args, { family: 'openmpi', ranks: 6, cwd, environment: { LARMOR_FAILPOINT: failpoint } });
    const what = `${failpoint}: ${transcript(ended)}`;
    assert.equal(ended.code, 70, what);
    assert.equal(errorsIn(ended).length, 1, what);
    assert.match(ended.stderr, line, what);
    assert.deepEqual(readdirSync(cwd), [], what);
  });
});

test('six ranks, one killed inside the tree', { skip }, async () => {
  const cwd = temporaryFolder();
  const environment = { LARMOR_FAILPOINT: 'kill@plan#1' };
  const ended = await run(args, { family: 'openmpi', ranks: 6, cwd, environment });
  assert.notEqual(ended.code, 0, transcript(ended));
  assert.match(ended.stderr + ended.stdout, /signal 9|Killed/);
  assert.deepEqual(errorsIn(ended), [], 'the launcher says it');
  assert.deepEqual(readdirSync(cwd), [], transcript(ended));
});

test('six ranks, a signal while they wait for one inside the tree', { skip }, async () => {
  const cwd = temporaryFolder();
  const environment = { LARMOR_FAILPOINT: 'slow@engine#1' };
  const kept = [...args, '--checkpoint', 'kept'];
  const running = start(kept, { family: 'openmpi', ranks: 6, cwd, environment });
  await until('the inputs to be read', () => readdirSync(cwd).includes('kept'));
  kill(running.ranks().get(2)!, 'SIGTERM');
  const ended = await running.ended;
  assert.equal(ended.code, 75, transcript(ended));
  assert.equal(errorsIn(ended).length, 1, transcript(ended));
  assert.match(ended.stderr, /stopped by SIGTERM after \d+ of \d+ tiles, kept in kept/);
});
