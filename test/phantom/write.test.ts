/** Writing phantoms: what is written is read back bit for bit, by us and by h5py. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LarmorError } from '../../host/base/errors.ts';
import { openPhantom } from '../../host/phantom/open.ts';
import { writePhantom } from '../../host/phantom/write.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { requirePython } from '../../testing/tools.ts';
import { assertSameSpins, readWhole } from './spins.ts';

const folder = temporaryFolder();

test('a phantom larger than a block is read back bit for bit, bounds included', async () => {
  const source = await openPhantom('head2d', { voxel: '0.0005' });
  assert.ok(source.spinCount > 65536);
  const path = join(folder, 'head.phantom');
  await writePhantom(path, source);
  // And over itself.
  await writePhantom(path, source);
  const back = await openPhantom(path);
  assert.equal(back.spinCount, source.spinCount);
  assert.equal(back.B0, source.B0);
  assert.deepEqual(back.bounds, source.bounds);
  assertSameSpins(readWhole(back), readWhole(source));
  back.close();
});

test('one spin, at another field', async () => {
  const point = await openPhantom('grid', { n: '1', z: '0.02' });
  const path = join(folder, 'point.phantom');
  await writePhantom(path, { ...point, B0: 3 });
  const back = await openPhantom(path);
  assert.equal(back.B0, 3);
  assertSameSpins(readWhole(back), readWhole(point));
});

test("h5py finds KomaMRI's layout", async (t) => {
  const python = requirePython(t, ['h5py'], 'python3-h5py');
  if (!python) return;
  const path = join(folder, 'layout.phantom');
  const source = await openPhantom('head2d', { voxel: '0.01' });
  await writePhantom(path, source);
  const program = `
import h5py, json, sys
f = h5py.File(sys.argv[1])
print(json.dumps([int(f.attrs['Ns']), int(f.attrs['Dims']), f.attrs['Version'], f.attrs['Name'],
  sorted(f['position']), sorted(f['contrast']), float(f['contrast/T1'][3]), str(f['contrast/T1'].dtype)]))`;
  const run = spawnSync(python, ['-c', program, path], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  const contrast = ['T1', 'T2', 'T2s', 'Δw', 'ρ'];
  const T1 = readWhole(source).T1[3];
  const name = 'head2d voxel=0.01';
  assert.deepEqual(JSON.parse(run.stdout), [
    source.spinCount,
    2,
    '0.11.5',
    name,
    ['x', 'y', 'z'],
    contrast,
    T1,
    'float32',
  ]);
});

test('what cannot be written is one line, exit 73, and leaves nothing behind', async () => {
  const source = await openPhantom('grid', { n: '2' });
  const before = readdirSync(folder);
  for (const path of [join(folder, 'no/such.phantom'), folder]) {
    await assert.rejects(writePhantom(path, source), (error: unknown) => {
      assert.ok(error instanceof LarmorError);
      assert.equal(error.exitCode, 73);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  }
  const broken = { ...source, read: () => assert.fail('spins cannot be computed') };
  await assert.rejects(writePhantom(join(folder, 'broken.phantom'), broken));
  assert.deepEqual(readdirSync(folder), before);
});
