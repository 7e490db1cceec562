/**
 * The memory of a rank is predicted within a quarter by `larmor plan`, and does not grow with the
 * phantom.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { missing, run, simulate, transcript } from '../../testing/launch.ts';
import { some } from '../../testing/some.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const skip = missing('openmpi');
const MIB = 2 ** 20;

const jobs: readonly [number, string[]][] = [
  [1, ['epi', 'head2d']],
  [1, ['epi', 'head2d', '--coils', '32', '--set', 'n=128']],
  [4, ['fid', 'head3d', '--threads', '1']],
  [2, ['gre', 'head2d', '--threads', '2', '--set', 'n=512', '--spins-per-voxel', '1']],
  [2, ['fid', 'column', '--set', 'samples=1000000']],
];
for (const [ranks, args] of some(jobs, 2)) {
  test(`the forecast for ${ranks} ranks of ${args.join(' ')}`, { skip }, async (t) => {
    const cwd = temporaryFolder();
    const planned = await run(['plan', ...args, '--ranks', `${ranks}`, '--json'], { cwd });
    assert.equal(planned.code, 0, transcript(planned));
    const { memory, seconds } = JSON.parse(planned.stdout);
    const launch = ranks === 1 ? { cwd } : ({ family: 'openmpi', ranks, cwd } as const);
    const { perRank } = await simulate([...args, '-o', 'raw.npy'], launch);
    for (const { rank, peakMemory } of perRank) {
      const predicted = rank === 0 ? memory.root : memory.others;
      const figures = `rank ${rank}: ${Math.round(predicted / MIB)} MiB predicted, ${Math.round(peakMemory / MIB)} taken`;
      t.diagnostic(figures);
      assert.ok(predicted > 0.75 * peakMemory && predicted < 1.25 * peakMemory, figures);
    }
    const longest = Math.max(...perRank.map((rank) => rank.seconds.simulate));
    t.diagnostic(`${seconds.simulate.toFixed(2)} s to simulate predicted, ${longest.toFixed(2)} taken`);
  });
}

test('the forecast for coils in several passes, whose sums are in files', async (t) => {
  const cwd = temporaryFolder();
  const environment = { LARMOR_SUMS: '80M' };
  const scan = ['fid', 'column', '--set', 'samples=1000000', '--set', 'voxel=4mm', '--coils', '16'];
  const args = [...scan, '--exact', '--threads', '1'];
  const planned = await run(['plan', ...args, '--json'], { cwd, environment });
  assert.equal(planned.code, 0, transcript(planned));
  const { memory, passes, sumsOnDisk } = JSON.parse(planned.stdout);
  assert.deepEqual([passes, sumsOnDisk], [4, 16 * 16e6]);
  const { peakMemory } = await simulate([...args, '-o', 'raw.npy'], { cwd, environment });
  const figures = `${Math.round(memory.root / MIB)} MiB predicted, ${Math.round(peakMemory / MIB)} taken`;
  t.diagnostic(figures);
  assert.ok(memory.root > 0.75 * peakMemory && memory.root < 1.25 * peakMemory, figures);
});

test('the forecast for moving spins, with the coils of every sample', async (t) => {
  const cwd = temporaryFolder();
  await writeFile(join(cwd, 'nod.csv'), 'time, y, pitch\n0, 0, 0\n0.05, 0.002, 3\n0.1, 0, 0\n');
  const args = ['fid', 'column', '--set', 'samples=1024', '--coils', '16', '--motion', 'nod.csv', '--tile', '256'];
  const planned = await run(['plan', ...args, '--json'], { cwd });
  assert.equal(planned.code, 0, transcript(planned));
  const { memory } = JSON.parse(planned.stdout);
  const { perRank } = await simulate([...args, '-o', 'raw.npy'], { cwd });
  const figures = `${Math.round(memory.root / MIB)} MiB predicted, ${Math.round(perRank[0].peakMemory / MIB)} taken`;
  t.diagnostic(figures);
  assert.ok(memory.root > 0.75 * perRank[0].peakMemory && memory.root < 1.25 * perRank[0].peakMemory, figures);
});

test('four million spins take no more of a rank than sixty thousand', { skip }, async (t) => {
  const cwd = temporaryFolder();
  const peak = async (voxel: string): Promise<number> => {
    const args = ['fid', 'head3d', '--set', `voxel=${voxel}`, '--threads', '1', '-o', 'raw.npy'];
    const { perRank, spins } = await simulate(args, { family: 'openmpi', ranks: 4, cwd });
    const peaks = perRank.map(({ peakMemory }) => Math.round(peakMemory / MIB));
    t.diagnostic(`${spins} spins on 4 ranks: ${peaks.join(', ')} MiB`);
    return Math.max(...peaks);
  };
  const [few, many] = [await peak('4e-3'), await peak('1e-3')];
  // The table of rows (8 bytes per 340 spins) and a larger tile.
  assert.ok(many < few + 8, `${few} and ${many} MiB`);
});
