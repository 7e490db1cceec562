/**
 * The raw data is the same bit for bit however a job is spread: a part of the table that `npm run
 * same-bits` prints in full, down to more ranks than tiles.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type Family, kill, missing, simulate, start, until } from '../../testing/launch.ts';
import { some } from '../../testing/some.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

/** 102 tiles. */
const JOB = ['epi', 'head2d', '--tile', '64', '-o', 'raw.npy'];

describe('the same bits', () => {
  const spread = async (args: readonly string[], family?: Family, ranks = 1) => {
    const cwd = temporaryFolder();
    const summary = await simulate([...JOB, ...args], { family, ranks, cwd });
    const file = createHash('sha256')
      .update(readFileSync(join(cwd, 'raw.npy')))
      .digest('hex');
    return { summary, file };
  };
  let known: ReturnType<typeof spread> | undefined;
  const alone = () => (known ??= spread(['--threads', '1']));

  const cases: readonly [Family | undefined, number, number, 'static' | 'dynamic'][] = [
    [undefined, 1, 2, 'dynamic'],
    ['openmpi', 2, 2, 'static'],
    ['openmpi', 3, 1, 'dynamic'],
    ['openmpi', 4, 2, 'dynamic'],
    ['mpich', 2, 1, 'static'],
    ['mpich', 2, 2, 'dynamic'],
  ];
  for (const [family, ranks, threads, schedule] of some(cases, 2)) {
    const skip = family !== undefined && missing(family, ranks);
    test(`${family ?? 'no MPI'}: ${ranks} ranks × ${threads} threads, ${schedule}`, { skip }, async (t) => {
      const { summary, file } = await spread(['--threads', `${threads}`, '--schedule', schedule], family, ranks);
      const tiles = summary.perRank.map((rank) => rank.tiles);
      t.diagnostic(`tiles per rank: ${tiles.join(', ')}`);
      assert.ok(summary.tiles >= 64 && tiles.reduce((sum, count) => sum + count) === summary.tiles);
      assert.equal(summary.perRank.length, ranks);
      const expected = await alone();
      assert.equal(summary.signalHash, expected.summary.signalHash);
      assert.equal(file, expected.file);
      if (schedule === 'static') assert.ok(Math.max(...tiles) - Math.min(...tiles) <= 1);
    });
  }

  test('coils and noise: 1 to 4 ranks, 1 and 2 threads', { skip: missing('openmpi', 4) }, async () => {
    const args = ['--coils', '5', '--noise', '1e-6', '--set', 'n=32', '--tile', '512'];
    const whole = await spread([...args, '--threads', '1']);
    const spreads = [
      [1, 2, 'dynamic'],
      [2, 2, 'static'],
      [3, 1, 'dynamic'],
      [4, 1, 'static'],
    ] as const;
    for (const [ranks, threads, schedule] of some(spreads, 2)) {
      const how = ['--threads', `${threads}`, '--schedule', schedule];
      const { summary, file } = await spread([...args, ...how], ranks === 1 ? undefined : 'openmpi', ranks);
      assert.equal(summary.signalHash, whole.summary.signalHash, how.join(' '));
      assert.equal(file, whole.file);
    }
  });

  for (const schedule of ['static', 'dynamic']) {
    test(`more ranks than tiles, ${schedule}`, { skip: missing('openmpi') }, async () => {
      const args = ['--tile', '4096', '--schedule', schedule];
      const whole = await spread(args);
      const { summary } = await spread(args, 'openmpi', 4);
      assert.equal(summary.tiles, 2);
      assert.equal(summary.signalHash, whole.summary.signalHash);
    });
  }

  test('with coils, phase terms and noise: alone, and killed and resumed on two ranks', {
    skip: missing('openmpi'),
  }, async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'scanner.json'), JSON.stringify({ B0: 0.55, gradients: { concomitant: true } }));
    const sphere = ['se', 'sphere', '--scanner', 'scanner.json', '--set', 'n=24', '--set', 'voxel=4mm'];
    const job = [...sphere, '--coils', '3', '--noise', '0.1', '--tile', '512', '-o', 'raw.npy', '-q'];
    const file = (): Buffer => readFileSync(join(cwd, 'raw.npy'));
    const alone = await simulate([...job, '--threads', '1'], { cwd });
    const expected = file();
    const args = ['--threads', '2', '--schedule', 'dynamic', '--checkpoint', 'kept', '--checkpoint-interval', '0.2'];
    const running = start(['simulate', ...job, ...args], { family: 'openmpi', ranks: 2, cwd });
    await until('a checkpoint', () => existsSync(join(cwd, 'kept/checkpoint.larmor')));
    kill(running.ranks().get(1)!, 'SIGKILL');
    await running.ended;
    const resumed = await simulate([...job, ...args, '--resume'], { family: 'openmpi', ranks: 2, cwd });
    assert.ok(
      resumed.tilesResumed > 0 && resumed.tilesResumed < resumed.tiles,
      `${resumed.tilesResumed} of ${resumed.tiles}`,
    );
    assert.equal(resumed.signalHash, alone.signalHash);
    assert.deepEqual(file(), expected);
  });
});
