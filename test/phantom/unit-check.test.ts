/**
 * Numbers that are possible but probably in another unit are warned about; so is what a converted
 * phantom loses.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LarmorError } from '../../host/base/errors.ts';
import { openPhantom } from '../../host/phantom/open.ts';
import { larmorSync } from '../../testing/larmor.ts';
import { type Hdf5Dataset, niftiMap, writeHdf5 } from '../../testing/phantom-files.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { requirePython } from '../../testing/tools.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

/** Warnings of two spins; `changed` columns are other than usual. */
async function warningsOf(changed: Readonly<Record<string, readonly number[]>>): Promise<string> {
  const usual = { x: [0, 0.01], y: [0, 0], z: [0, 0], ρ: [1, 1], T1: [0.8, 1], T2: [0.08, 0.1] };
  const columns = Object.entries({ ...usual, ...changed }).map(([name, data]): [string, Hdf5Dataset] => [
    name,
    { data: Float64Array.from(data) },
  ]);
  await writeHdf5(at('spins.h5'), Object.fromEntries(columns));
  const messages: string[] = [];
  (await openPhantom(at('spins.h5'), {}, { warn: (text) => messages.push(text) })).close();
  return messages.join('\n');
}

test('times in ms and lengths in mm', async () => {
  assert.equal(await warningsOf({}), '');
  assert.match(
    await warningsOf({ T1: [800, 1000], T2: [80, 100] }),
    /spins\.h5: the shortest T1 is 800 s and the shortest T2 is 80 s; times are in s: divide them by 1000 if they are in ms/,
  );
  assert.match(await warningsOf({ T1: [800, 1000] }), /the shortest T1 is 800 s; times are in s/);
  // One tissue of ordinary times, and times that stand for no relaxation.
  assert.equal(await warningsOf({ T1: [800, 1] }), '');
  assert.equal(await warningsOf({ T1: [1e6, 1e6], T2: [1e6, 1e6] }), '');
  assert.match(
    await warningsOf({ x: [0, 5] }),
    /reaches 5 m from the isocentre; check the unit .* if mm are taken for m/,
  );
  const { stderr } = larmorSync(['plan', 'fid', 'spins.h5', '-q'], folder);
  assert.equal(stderr.match(/isocentre/g)?.length, 1, stderr);
});

test('a map folder with a field strength that is no number', async () => {
  const maps = temporaryFolder();
  const affine = [
    [2, 0, 0, 0],
    [0, 2, 0, 0],
    [0, 0, 2, 0],
  ];
  for (const [name, value] of Object.entries({ T1map: 1, T2map: 0.1, TB1map: 0.9 }))
    writeFileSync(join(maps, `${name}.nii`), niftiMap([1, 1, 1], affine, Float32Array.of(value)));
  writeFileSync(join(maps, 'T1map.json'), '{"MagneticFieldStrength": "3"}');
  await assert.rejects(
    openPhantom(maps, {}, { warn() {} }),
    /T1map\.nii: MagneticFieldStrength of its sidecar is "3"; give a number of T from 0 to 100, without quotes/,
  );
  writeFileSync(join(maps, 'T1map.json'), '{"MagneticFieldStrength": 3}');
  writeFileSync(join(maps, 'T2starmap.nii'), niftiMap([1, 1, 1], affine, Float32Array.of(0.05)));
  const { code, stderr } = larmorSync(['phantom', 'make', maps, '-o', 'maps.phantom', '-q'], folder);
  assert.equal(code, 0);
  assert.match(stderr, /maps\.phantom: a \.phantom holds no B1\+, so that of .* is left out; give a map with --b1-map/);
  // T2* is in the file: nothing is lost.
  assert.doesNotMatch(stderr, /T2\*/);
});

test('numbers and compression that the HDF5 library lacks', async (t) => {
  const python = requirePython(t, ['h5py'], 'python3-h5py');
  if (!python) return;
  const program = `
import h5py, numpy, sys
for name, options in [('half', dict(dtype='<f2')), ('lzf', dict(dtype='<f4', compression='lzf'))]:
    f = h5py.File(f'{sys.argv[1]}/{name}.phantom', 'w')
    for path in ['position/x', 'contrast/ρ', 'contrast/T1', 'contrast/T2']:
        f.create_dataset(path, data=numpy.ones(64), **options)`;
  const run = spawnSync(python, ['-c', program, folder], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  const fails = (name: string, message: RegExp): Promise<void> =>
    assert.rejects(
      async () => openPhantom(at(name)),
      (error) => error instanceof LarmorError && error.exitCode === 65 && message.test(error.message),
    );
  await fails('half.phantom', /position\/x: holds numbers of type Float16, .*; write them as float32 or float64$/);
  await fails('lzf.phantom', /position\/x: is compressed by a method other than gzip \(LZF, .*; write it with gzip/);
});
