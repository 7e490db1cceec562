/**
 * Faults at every step, one after the other, on one rank and on two of both MPIs: never exit code 0
 * without the result, never a hang, one line that says where the command was.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Ended, errorsIn, type Launch, present, run, transcript, twoAtATime } from '../../testing/launch.ts';
import { everything, some } from '../../testing/some.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

/** Exit code, and what the one line says. */
type Expected = readonly [code: number, line: RegExp];

const WATCHDOG = 2;
const ended = (place: string): Expected => [70, new RegExp(`ended before its work was finished, at step '${place}'`)];
const deadlock: Expected = [70, /all ranks have been waiting for each other for 2 s/];
/** The code is the launcher's: the rank that waits inside MPI is killed. */
const inMpi = /has not answered within MPI for 2 s/;

/** Faults of a run of any number of ranks; those of the last rank where there are several. */
const anywhere: readonly (readonly [string, ...Expected])[] = [
  ...['hosts', 'options', 'inputs', 'plan', 'start', 'engine', 'simulating', 'verify', 'end'].map(
    (place) => [`never@${place}`, ...ended(place)] as const,
  ),
  ['never@collecting sums', ...ended('collecting sums')],
  ['never@leaving MPI', ...ended('leaving MPI')],
  ['exit@inputs', ...ended('inputs')],
  ['exit@simulating', ...ended('simulating')],
  ['throw@simulating', 70, /internal error.*failpoint at 'simulating'/],
  ['throw@engine', 70, /internal error.*failpoint at 'engine'/],
];

const small = ['simulate', 'epi', 'head2d', '--verify', '-o', 'raw.npy', '-q', '--watchdog', `${WATCHDOG}`];

async function fail(failpoint: string, args: readonly string[], launch: Launch): Promise<Ended> {
  return run(args, { ...launch, environment: { LARMOR_FAILPOINT: failpoint }, limit: 120 });
}

async function assertFails(failpoint: string, expected: Expected, launch: Omit<Launch, 'cwd'>): Promise<void> {
  const cwd = temporaryFolder();
  const [code, line] = expected;
  const outcome = await fail(failpoint, small, { ...launch, cwd });
  const what = `${failpoint}: ${transcript(outcome)}`;
  assert.equal(outcome.code, code, what);
  assert.equal(errorsIn(outcome).length, 1, what);
  assert.match(outcome.stderr, line, what);
  if (!/verify|end|leaving|reducing/.test(failpoint)) assert.deepEqual(readdirSync(cwd), [], what);
}

test('one rank: a fault at every step', async () => {
  await twoAtATime(some(anywhere, 2), ([failpoint, ...expected]) => assertFails(failpoint, expected, {}));
});

for (const family of present) {
  const launch = { family, ranks: 2 } as const;
  /** The MPIs take turns: these faults are handled by Larmor alone. */
  const inTurn = <T>(faults: readonly T[]): T[] =>
    faults.filter((_, n) => n % present.length === present.indexOf(family));
  test(`${family}: a fault of rank 1 at every step`, async () => {
    await twoAtATime(inTurn(some(anywhere, 2)), ([failpoint, ...expected]) =>
      assertFails(`${failpoint}#1`, expected, launch),
    );
  });

  test(`${family}: messages that are lost, ranks that stop within MPI`, async () => {
    const silent = (rank: number): Expected => [
      70,
      new RegExp(`rank ${rank} \\(.+\\) has given no sign of life for 2 s`),
    ];
    const faults: readonly (readonly [string, Expected])[] = [
      ['never@inputs#0', ended('inputs')],
      ['lose@message contribution#1', deadlock],
      ['lose@message done#1', deadlock],
      ['lose@message collect#0', deadlock],
      ['stop@simulating#1', silent(1)],
      ['stop@inputs#0', silent(0)],
    ];
    // Most of the time they wait for the watchdog.
    await twoAtATime(everything ? faults : inTurn(faults), ([failpoint, expected]) =>
      assertFails(failpoint, expected, launch),
    );
    const cwd = temporaryFolder();
    // Sums too large for MPI to send unasked, so the others wait inside MPI.
    const large = [...small.filter((arg) => arg !== '--verify'), '--set', 'sequence.n=256'];
    const within = [
      ['stop@reducing#0', large],
      ['stop@leaving MPI#1', small],
    ] as const;
    for (const [failpoint, args] of everything ? within : inTurn(within)) {
      const outcome = await fail(failpoint, args, { ...launch, cwd });
      assert.notEqual(outcome.code, 0, transcript(outcome));
      assert.match(outcome.stderr, inMpi, transcript(outcome));
      assert.ok(outcome.seconds < 60, transcript(outcome));
    }
  });

  test(`${family}: ranks that were told different things agree on one line`, async () => {
    const cwd = temporaryFolder();
    const told = [
      [['--schedule', 'dynamic'], /rank 1 \(.+\) was given --schedule dynamic, rank 0 \(.+\) --schedule static/],
      [['--checkpoint', 'kept'], /--checkpoint kept, rank 0 \(.+\) --checkpoint none/],
      [['--verify'], /--verify true, rank 0 \(.+\) --verify false/],
      [['-o', 'other.npy'], /--output raw.npy other.npy, rank 0/],
    ] as const;
    await twoAtATime(everything ? told : inTurn(told), async ([option, line]) => {
      const args = ['simulate', 'epi', 'head2d', '-o', 'raw.npy'];
      const outcome = await run(args, { ...launch, cwd, odd: { args: [...args, ...option] } });
      assert.equal(outcome.code, 65, transcript(outcome));
      assert.equal(errorsIn(outcome).length, 1, transcript(outcome));
      assert.match(errorsIn(outcome)[0], line);
    });
    assert.deepEqual(readdirSync(cwd), []);
  });
}

test('a simulation thread that leaves or fails', async () => {
  await twoAtATime(['exit@worker', 'throw@worker'], async (failpoint) => {
    const cwd = temporaryFolder();
    const args = ['simulate', 'epi', 'head2d', '--threads', '2', '-q', '-o', 'raw.npy'];
    const outcome = await fail(failpoint, args, { cwd });
    assert.equal(outcome.code, 70, transcript(outcome));
    assert.match(errorsIn(outcome)[0], /a simulation thread (died|exited)|could not be started/, transcript(outcome));
    assert.ok(!existsSync(join(cwd, 'raw.npy')));
  });
});

test('writes that fail: the output, the checkpoint, the record of a finished run', async () => {
  const args = [
    'simulate',
    'epi',
    'head2d',
    '-q',
    '--checkpoint',
    'kept',
    '-o',
    'raw.npy',
    '-o',
    'raw.cfl',
    '-o',
    'raw.mat',
    '-o',
    'raw.mrd',
  ];
  await twoAtATime(some(['raw.npy', 'raw.cfl', 'raw.hdr', 'raw.mat', 'raw.mrd'], 2), async (name, n) => {
    // What is kept is the same whichever output failed.
    const assertStatus = async (code: number): Promise<void> => {
      if (n === 0) assert.equal((await run(['status', 'kept'], { cwd })).code, code);
    };
    const cwd = temporaryFolder();
    const outcome = await fail(`full@write ${name}`, args, { cwd });
    assert.equal(outcome.code, 73, transcript(outcome));
    assert.match(errorsIn(outcome)[0], new RegExp(`^larmor: ${name}: no space left .+; all tiles are saved in kept`));
    assert.ok(!existsSync(join(cwd, name)));
    await assertStatus(75);
    const resumed = await run([...args, '--resume'], { cwd });
    assert.equal(resumed.code, 0, transcript(resumed));
    await assertStatus(0);
  });
  const cwd = temporaryFolder();
  const unkept = await fail('full@write checkpoint.larmor', args, { cwd });
  assert.equal(unkept.code, 0, transcript(unkept));
  assert.match(unkept.stderr, /warning: .+checkpoint\.larmor: no space left.+the run continues/);
  const unrecorded = await fail('full@write complete.json', args, { cwd });
  assert.equal(unrecorded.code, 73, transcript(unrecorded));
  assert.ok(existsSync(join(cwd, 'raw.npy')));
});

test('other commands: a promise that never settles', async () => {
  const cwd = temporaryFolder();
  const commands = [
    ['info', 'gre'],
    ['plan', 'fid', 'column'],
    ['phantom', 'make', 'column', '-o', 'a.phantom'],
    ['sequence', 'waveforms', 'fid', '-o', 'a.json'],
    ['reconstruct', 'a.mrd'],
    ['doctor'],
  ];
  await twoAtATime(some(commands, 2), async (args) => {
    const place = args[0] === 'phantom' || args[0] === 'sequence' ? args[1] : args[0];
    const outcome = await fail(`never@${place}`, args, { cwd });
    assert.equal(outcome.code, 70, transcript(outcome));
    assert.match(errorsIn(outcome)[0], ended(place)[1]);
  });
  assert.deepEqual(readdirSync(cwd), []);
});
