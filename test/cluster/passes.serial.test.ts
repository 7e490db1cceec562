/**
 * Runs in several passes over the coils, whose sums together exceed what a rank may hold: the bits
 * of a single pass on any ranks, in every format, with noise; killed and resumed in the middle of a
 * pass; and a disk that is too small. The limit is set low.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { kill, missing, run, simulate, start, transcript, until } from '../../testing/launch.ts';
import { some } from '../../testing/some.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

/** Three coils of 24 × 24 samples fit, so 8 coils are 2, 3 and 3. */
const environment = { LARMOR_SUMS: '30K' };
const JOB = ['epi', 'head2d', '--set', 'n=24', '--coils', '8', '--tile', '512', '-q'];
const skip = missing('openmpi');

for (const mode of some(['--tolerance=1e-5', '--exact', '--precision=f64'], 2))
  test(`${mode}: three passes give the bits of one, on one rank and on two`, { skip }, async () => {
    const cwd = temporaryFolder();
    const job = [...JOB, mode, '-o', 'raw.npy'];
    const file = (): Buffer => readFileSync(join(cwd, 'raw.npy'));
    const one = await simulate(job, { cwd });
    const expected = file();
    for (const how of [{ cwd }, { cwd, family: 'openmpi' as const, ranks: 2 }])
      for (const schedule of ['static', 'dynamic']) {
        const { signalHash } = await simulate([...job, '--schedule', schedule], { ...how, environment });
        assert.equal(signalHash, one.signalHash);
        assert.deepEqual(file(), expected);
      }
    assert.deepEqual(readdirSync(cwd), ['raw.npy'], 'no sums are left');
  });

test('noise that correlates, and the magnetisation, in every format', async () => {
  const cwd = temporaryFolder();
  const noiseCovariance = [0, 1, 2].map((a) => [0, 1, 2].map((b) => [a === b ? 1 : 0.2, a === b ? 0 : 0.1 * (b - a)]));
  writeFileSync(join(cwd, 's.json'), JSON.stringify({ receive: { array: { coils: 3 }, noiseCovariance } }));
  const job = [
    'epi',
    'head2d',
    '--set',
    'n=24',
    '--scanner',
    's.json',
    '--snr',
    '30',
    '--magnetization',
    'm.npy',
    '-q',
  ];
  const outputs = ['raw.npy', 'raw.mat', 'raw.cfl', 'm.npy'];
  const all = [...job, '-o', 'raw.npy', '-o', 'raw.mat', '-o', 'raw.cfl', '-o', 'raw.mrd'];
  const image = async (): Promise<Buffer> => {
    const made = await run(['reconstruct', 'raw.mrd', '--part', 'coils', '-o', 'image.npy', '-q'], { cwd });
    assert.equal(made.code, 0, transcript(made));
    return readFileSync(join(cwd, 'image.npy'));
  };
  await simulate(all, { cwd });
  const expected = [...outputs.map((name) => readFileSync(join(cwd, name))), await image()];
  const { verification } = await simulate([...all, '--verify'], { cwd, environment: { LARMOR_SUMS: '1K' } });
  assert.deepEqual([...outputs.map((name) => readFileSync(join(cwd, name))), await image()], expected);
  assert.ok(verification!.errorOfDensity > 0 && verification!.errorOfDensity < 3e-6);
});

test('killed in the second pass and resumed on two ranks', { skip }, async () => {
  const cwd = temporaryFolder();
  const sphere = ['se', 'sphere', '--set', 'n=24', '--set', 'voxel=6mm', '--tile', '128', '--precision', 'f64'];
  const job = [...sphere, '--coils', '8', '-o', 'raw.npy', '-q'];
  const file = (): Buffer => readFileSync(join(cwd, 'raw.npy'));
  const alone = await simulate(job, { cwd });
  const expected = file();
  const args = ['--checkpoint', 'kept', '--checkpoint-interval', '0.2', '--threads', '1'];
  const running = start(['simulate', ...job, ...args], { family: 'openmpi', ranks: 2, cwd, environment });
  await until('a checkpoint', () => existsSync(join(cwd, 'kept/checkpoint-2.larmor')));
  kill(running.ranks().get(1)!, 'SIGKILL');
  await running.ended;
  const status = async () => JSON.parse((await run(['status', 'kept', '--json'], { cwd })).stdout);
  const before = await status();
  assert.equal(before.total, 3 * alone.tiles);
  assert.ok(before.done > alone.tiles && before.done < before.total, `${before.done} of ${before.total}`);
  const resumed = await simulate([...job, ...args, '--resume'], { family: 'openmpi', ranks: 2, cwd, environment });
  assert.ok(resumed.tilesResumed >= alone.tiles, `${resumed.tilesResumed}`);
  assert.equal(resumed.signalHash, alone.signalHash);
  assert.deepEqual(file(), expected);
  assert.equal((await status()).complete, true);
  rmSync(join(cwd, 'raw.npy'));
  await simulate([...job, ...args, '--resume'], { cwd, environment });
  assert.deepEqual(file(), expected, 'written again from the sums of all passes');
  const other = await run(['simulate', ...job, ...args, '--resume'], { cwd });
  assert.equal(other.code, 0, transcript(other));
});

const SMALL_DISK = '/dev/shm';
const tooLarge = 16 * 1024 * 2e6;
const isSmall = existsSync(SMALL_DISK) && statfsSync(SMALL_DISK).bavail * statfsSync(SMALL_DISK).bsize < tooLarge;

test('sums that do not fit the disk end the run before it begins', { skip: !isSmall }, async () => {
  const folder = mkdtempSync(join(SMALL_DISK, 'larmor-'));
  try {
    const job = ['fid', 'column', '--set', 'samples=2000000', '--coils', '1024', '--checkpoint', folder, '-o', 'x.npy'];
    const { code, stderr } = await run(['simulate', ...job], { cwd: temporaryFolder() });
    assert.equal(code, 73, stderr);
    assert.match(
      stderr,
      /larmor-\w+: the sums of 1024 coils and 2000000 samples take 30\.5 GiB, .* GiB are free; name a folder/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
