import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { surveyOf } from '../../host/phantom/bounds.ts';
import { builtinPhantoms } from '../../host/phantom/builtins.ts';
import { COLUMN_NAMES } from '../../host/phantom/columns.ts';
import { openPhantom } from '../../host/phantom/open.ts';
import { type SpinBlock, spinBlock } from '../../host/phantom/types.ts';
import { assertSameSpins, readWhole } from './spins.ts';

const COARSE: Readonly<Record<string, Record<string, string>>> = {
  head2d: { voxel: '0.006', spinsPerVoxel: '3' },
  head3d: { voxel: '0.012', spinsPerVoxel: '8' },
  sphere: { voxel: '0.02', spinsPerVoxel: '5', z: '0.03' },
  column: { length: '0.02', axis: 'z' },
  grid: { n: '4' },
};

for (const name of Object.keys(builtinPhantoms)) {
  test(`${name}: any range gives the spins that reading the whole gives`, async () => {
    const source = await openPhantom(name, COARSE[name]);
    const whole = readWhole(source);
    fc.assert(
      fc.property(fc.nat(source.spinCount - 1), fc.nat(200), (first, length) => {
        const count = Math.min(length, source.spinCount - first);
        const part = spinBlock(count);
        source.read(first, count, part);
        assertSameSpins(part, sliceOf(whole, first, first + count));
      }),
      { numRuns: 40 },
    );
  });

  test(`${name}: a range that does not exist is a defect`, async () => {
    const source = await openPhantom(name, COARSE[name]);
    assert.throws(() => source.read(source.spinCount - 1, 2, spinBlock(2)), RangeError);
  });

  test(`${name}: bounds hold every spin`, async () => {
    for (const parameters of [COARSE[name], {}]) {
      const source = await openPhantom(name, parameters);
      const exact = surveyOf(source.spinCount, source.read).bounds;
      const { bounds } = source;
      assert.equal(bounds.maxDensity, exact.maxDensity);
      assert.equal(bounds.maxOffResonance, exact.maxOffResonance);
      assert.equal(bounds.minT1, exact.minT1);
      assert.equal(bounds.minT2, exact.minT2);
      for (let axis = 0; axis < 3; axis++) {
        assert.ok(bounds.min[axis] <= exact.min[axis] && bounds.max[axis] >= exact.max[axis], `axis ${axis}`);
        // Without shared voxels the box is tight.
        if (!parameters.spinsPerVoxel) assert.equal(bounds.min[axis], exact.min[axis]);
      }
    }
  });

  test(`${name}: the same parameters give the same identity, others another`, async () => {
    const [one, same, other] = [{}, {}, COARSE[name]].map((parameters) => builtinPhantoms[name].open(parameters));
    assert.equal(one.identity, same.identity);
    assert.notEqual(one.identity, other.identity);
  });
}

test('the heads have the sizes the documentation states', async () => {
  const plane = await openPhantom('head2d');
  assert.ok(Math.abs(plane.spinCount - 6500) < 100, `${plane.spinCount} spins`);
  assert.deepEqual([plane.bounds.min[2], plane.bounds.max[2]], [0, 0]);
  const volume = await openPhantom('head3d');
  assert.ok(volume.spinCount > 50e3 && volume.spinCount < 70e3, `${volume.spinCount} spins`);
});

test('head2d shows front, back, left and right', async () => {
  const spins = readWhole(await openPhantom('head2d'));
  // CSF of the eyes is the most anterior CSF; the lesion, T1 1.2 s, is on the left (+x) alone.
  const csf = placesWhere(spins, (n) => near(spins.T1[n], 2.569));
  assert.ok(Math.min(...csf.map(([, y]) => y)) < -0.09);
  assert.ok(Math.max(...csf.map(([, y]) => y)) < 0.1);
  const lesion = placesWhere(spins, (n) => near(spins.T1[n], 1.2));
  assert.ok(lesion.length > 10 && lesion.every(([x]) => x > 0.02));
  // The nose: nothing lies further from the centre, and it is anterior.
  const first = spins.y.indexOf(Math.min(...spins.y));
  assert.ok(spins.y[first] < -0.115 && Math.abs(spins.x[first]) < 0.01);
});

test('a sphere has the volume of a sphere and its own values', async () => {
  const source = await openPhantom('sphere', { radius: '0.03', voxel: '0.001', T1: '0.8', T2: '0.05', x: '0.01' });
  const volume = (4 / 3) * Math.PI * 0.03 ** 3;
  assert.ok(Math.abs((source.spinCount * 1e-9) / volume - 1) < 0.01);
  const spins = readWhole(source);
  for (let n = 0; n < source.spinCount; n++) {
    assert.ok(Math.hypot(spins.x[n] - 0.01, spins.y[n], spins.z[n]) < 0.03 * (1 + 1e-6));
  }
  assert.deepEqual([spins.T1[0], spins.T2[0]], [Math.fround(0.8), Math.fround(0.05)]);
});

test('a column and a single point lie where they are asked for', async () => {
  const column = readWhole(await openPhantom('column', { axis: 'z', length: '0.004', z: '0.1' }));
  assert.deepEqual([...column.z], [0.0985, 0.0995, 0.1005, 0.1015].map(Math.fround));
  assert.ok(column.x.every((x) => x === 0));
  const point = readWhole(await openPhantom('grid', { n: '1', x: '0.01', y: '-0.02', offResonance: '100' }));
  assert.deepEqual([...point.x, ...point.y, ...point.z], [0.01, -0.02, 0].map(Math.fround));
  assert.equal(point.offResonance[0], Math.fround(2 * Math.PI * 100));
});

test('spins that share a voxel stay in it and average to its centre', async () => {
  const [one, many, scattered] = await Promise.all(
    ['1', '27', '1000'].map((spinsPerVoxel) => openPhantom('sphere', { radius: '0.01', voxel: '0.02', spinsPerVoxel })),
  );
  for (const [source, tolerance] of [[many, 1e-8] as const, [scattered, 3e-4] as const]) {
    const perVoxel = source.spinCount / one.spinCount;
    const spins = readWhole(source);
    const centre = readWhole(one);
    for (let n = 0; n < source.spinCount; n++) {
      assert.ok(Math.abs(spins.x[n] - centre.x[Math.floor(n / perVoxel)]) <= 0.0100001);
    }
    const mean = spins.x.reduce((sum, x) => sum + x, 0) / source.spinCount;
    assert.ok(Math.abs(mean) < tolerance, `mean ${mean}`);
  }
});

test('ten million spins need no more memory than their row table', async () => {
  const source = await openPhantom('head3d', { voxel: '0.00073' });
  assert.ok(source.spinCount > 1e7);
  assert.ok(source.residentBytes < 2e6);
  const block = spinBlock(1000);
  source.read(source.spinCount - 1000, 1000, block);
  assert.ok(block.T1.every((T1) => T1 > 0));
});

function near(value: number, wanted: number): boolean {
  return Math.abs(value - wanted) < 1e-6;
}

function placesWhere(spins: SpinBlock, wanted: (n: number) => boolean): [number, number][] {
  return [...spins.x.keys()].filter(wanted).map((n) => [spins.x[n], spins.y[n]]);
}

function sliceOf(spins: SpinBlock, from: number, to: number): SpinBlock {
  return Object.fromEntries(COLUMN_NAMES.map((name) => [name, spins[name].subarray(from, to)])) as never;
}
