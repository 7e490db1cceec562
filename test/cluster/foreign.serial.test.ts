/**
 * Files of other programs through the built command, on one rank and on two of each MPI: the
 * outputs are there, and the bits are the same. Once every foreign phantom "succeeded" without an
 * output, because tests simulated Larmor's own files alone.
 */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { cases, skipWithoutCases } from '../../testing/cases.ts';
import { present, run, transcript, twoAtATime } from '../../testing/launch.ts';
import { matFile, niftiFile, writeHdf5 } from '../../testing/phantom-files.ts';
import { everything, some } from '../../testing/some.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const repository = new URL('../../', import.meta.url);

/** Scans so far: every day the families take turns. */
let simulated = 0;

/** Simulates on one rank and on two; the same hash, and an output each time. */
async function assertSimulates(sequence: string, phantom: string): Promise<void> {
  const cwd = temporaryFolder();
  const args = ['simulate', sequence, phantom, '--json', '-q', '-o', 'raw.npy', '-o', 'raw.mrd'];
  const hashes = new Set<string>();
  const families = everything ? present : [present[simulated++ % present.length]];
  for (const launch of [{}, ...families.map((family) => ({ family, ranks: 2 }))]) {
    const ended = await run(args, { ...launch, cwd });
    const what = `${basename(sequence)} on ${basename(phantom)}: ${transcript(ended)}`;
    assert.equal(ended.code, 0, what);
    hashes.add((JSON.parse(ended.stdout) as { signalHash: string }).signalHash);
    for (const name of ['raw.npy', 'raw.mrd']) {
      assert.ok(existsSync(join(cwd, name)), what);
      rmSync(join(cwd, name));
    }
  }
  assert.equal(hashes.size, 1, `${basename(sequence)} on ${basename(phantom)}`);
}

test('phantoms of JEMRIS and KomaMRI, MATLAB label images', skipWithoutCases(), async () => {
  const names = ['brain.h5', 'column1d.h5', 'random600.phantom', 'contracting_ring.phantom'];
  const folder = temporaryFolder();
  const images = ['brain2D', 'pelvis2D'].map((name) => {
    copyFileSync(cases(`phantoms/${name}.mat`), join(folder, `${name}.mat`));
    copyFileSync(new URL(`examples/${name.replace('2D', '')}-tissues.json`, repository), join(folder, `${name}.json`));
    return join(folder, `${name}.mat`);
  });
  await twoAtATime(some([...names.map((name) => cases(`phantoms/${name}`)), ...images], 2), (phantom) =>
    assertSimulates('fid', phantom),
  );
});

test('Pulseq 1.2 to 1.5', skipWithoutCases(), async () => {
  await twoAtATime(some(['v1.2/epi_JEMRIS', 'v1.3/fid', 'v1.5/epi', 'v1.4/fid'], 2), (name) =>
    assertSimulates(cases(`pulseq/${name}.seq`), cases('phantoms/random600.phantom')),
  );
});

test('small files of every format of phantoms', async () => {
  const cwd = temporaryFolder();
  const column = (value: number) => ({ data: Float64Array.from({ length: 9 }, () => value) });
  const x = { data: Float64Array.from({ length: 9 }, (_, n) => 0.001 * n) };
  const contrast = { 'contrast/ρ': column(1), 'contrast/T1': column(1), 'contrast/T2': column(0.1) };
  const about = { Version: '0.9.0', Name: 'test', Ns: 9 };
  await writeHdf5(join(cwd, 'koma.phantom'), { 'position/x': x, 'position/y': column(0), ...contrast }, about);
  await writeHdf5(join(cwd, 'jemris.h5'), {
    'sample/data': {
      data: Float64Array.from({ length: 45 }, (_, n) => [1, 0.001, 0.01, 0.01, 0][n % 5]),
      shape: [3, 3, 5],
    },
    'sample/resolution': { data: Float64Array.of(1, 1, 1) },
    'sample/offset': { data: Float64Array.of(0, 0, 0) },
  });
  const labels = Uint8Array.of(0, 1, 1, 0, 1, 1, 0, 1, 0);
  writeFileSync(join(cwd, 'labels.mat'), matFile([{ name: 'labels', dims: [3, 3], data: labels }]));
  writeFileSync(join(cwd, 'image.nii'), niftiFile([3, 3, 1], labels, [1, 1, 1]));
  const table = JSON.stringify({ tissues: { 1: { density: 1, T1: 1, T2: 0.1 } }, voxelSize: 0.001 });
  for (const name of ['labels', 'image']) writeFileSync(join(cwd, `${name}.json`), table);
  await twoAtATime(['koma.phantom', 'jemris.h5', 'labels.mat', 'image.nii'], (name) =>
    assertSimulates('fid', join(cwd, name)),
  );
});
