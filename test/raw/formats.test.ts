/**
 * `.npy`, `.mat` and `.cfl`: what NumPy, SciPy and BART read, and that BART makes the right image
 * of it.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { readNpy } from '../../host/formats/npy.ts';
import { writeRaw } from '../../host/raw/index.ts';
import type { RawData } from '../../host/raw/types.ts';
import { requirePython, requireTool, runTool } from '../../testing/tools.ts';
import { run, type Shape, scratch } from './fixture.ts';

/** A Python program's output, read as JSON. */
function pythonJson(python: string, program: string, ...args: string[]): Record<string, unknown> {
  return JSON.parse(runTool(python, ['-c', program, ...args]));
}

for (const [name, shape, dtype, dimensions] of [
  ['one coil, f32', { matrix: [7, 5, 1] }, 'complex64', [35]],
  ['three coils, f32', { matrix: [8, 4, 1], coils: 3 }, 'complex64', [3, 32]],
  ['one coil, f64', { matrix: [3, 3, 1], precision: 'f64' }, 'complex128', [9]],
  // More than a chunk of the conversion, and not a multiple of it.
  ['200 003 samples', { kind: 'other', matrix: [200_003, 1, 1], coils: 2 }, 'complex64', [2, 200_003]],
] as [string, Shape, string, number[]][]) {
  test(`npy: ${name}`, (t) => {
    const raw = run(shape);
    const path = scratch()('out.npy');
    writeRaw(path, raw);
    const read = readNpy(path);
    assert.deepEqual([read.shape, read.complex], [dimensions, true]);
    assert.deepEqual([...read.data], [...raw.signal]);
    const python = requirePython(t, ['numpy'], 'python3-numpy');
    if (!python) return;
    const program = `
import json, numpy, sys
a = numpy.load(sys.argv[1])
flat = a.ravel()
print(json.dumps({'dtype': str(a.dtype), 'shape': a.shape, 'last': [float(flat[-1].real), float(flat[-1].imag)]}))`;
    const last = [...raw.signal.slice(-2)];
    assert.deepEqual(pythonJson(python, program, path), { dtype, shape: dimensions, last });
  });
}

test('npy: f64 runs keep what f32 cannot hold', () => {
  const signal = Float64Array.of(1 / 3, -Math.PI, 1e300, 5e-324);
  const path = scratch()('out.npy');
  writeRaw(path, run({ matrix: [2, 1, 1], precision: 'f64', signal }));
  assert.deepEqual([...readNpy(path).data], [...signal]);
});

test('npy: arrays of other kinds, and files that are none', (t) => {
  const python = requirePython(t, ['numpy'], 'python3-numpy');
  if (!python) return;
  const file = scratch();
  const program = `
import numpy, sys
d = sys.argv[1]
for n, a in dict(i=numpy.arange(-2, 4, dtype='i8').reshape(2, 3), b=numpy.array([True, False]), f=numpy.asfortranarray(numpy.arange(24).reshape(2, 3, 4) * (1 + 1j)),
    big=numpy.ones(2, '>f4'), text=numpy.array(['a'])).items(): numpy.save(d + n + '.npy', a)`;
  runTool(python, ['-c', program, `${file('')}/`]);
  assert.deepEqual(readNpy(file('i.npy')), {
    data: Float64Array.of(-2, -1, 0, 1, 2, 3),
    shape: [2, 3],
    complex: false,
  });
  assert.deepEqual([...readNpy(file('b.npy')).data], [1, 0]);
  const byColumns = readNpy(file('f.npy'));
  assert.deepEqual(byColumns.shape, [2, 3, 4]);
  assert.deepEqual(
    [...byColumns.data],
    Array.from({ length: 48 }, (_, n) => Math.floor(n / 2)),
  );
  writeFileSync(file('short.npy'), readFileSync(file('i.npy')).subarray(0, 150));
  writeFileSync(file('none.npy'), 'something else entirely');
  for (const [name, message] of [
    ['big', /no little-endian/],
    ['text', /type U1/],
    ['short', /shorter/],
    ['none', /not a \.npy/],
  ] as const) {
    assert.throws(() => readNpy(file(`${name}.npy`)), { exitCode: 65, message });
  }
  assert.throws(() => readNpy(file('nowhere.npy')), { exitCode: 66 });
});

test('mat: SciPy loads every variable', (t) => {
  const python = requirePython(t, ['scipy.io', 'numpy'], 'python3-scipy');
  if (!python) return;
  const program = `
import json, numpy, scipy.io, sys
m = scipy.io.loadmat(sys.argv[1], uint16_codec='utf-16-le')
s = m['signal'].ravel(order='F')
print(json.dumps({'dtype': str(m['signal'].dtype), 'shape': m['signal'].shape, 'signal': numpy.stack([s.real, s.imag], 1).ravel().tolist(),
  'k': m['k'].ravel(order='F').tolist(), 't': m['t'].ravel().tolist(), 'counters': m['counters'].tolist(),
  'names': [n.strip() for n in m['counter_names']], 'sequence': m['sequence'][0], 'phantom': (m['phantom'].tolist() or [''])[0], 'kind': m['trajectory'][0],
  'first': m['first_sample'].ravel().tolist(), 'reversed': m['reversed'].ravel().tolist(), 'fov': m['encoded_fov'].ravel().tolist(),
  'axes': m['axes'].tolist(), 'B0': m['B0'].item()}))`;
  for (const shape of [
    { matrix: [7, 3, 1], zigzag: true, sequenceName: 'épi', phantomName: '' },
    { matrix: [4, 3, 2], coils: 3, precision: 'f64' },
  ] as Shape[]) {
    const raw = run(shape);
    const path = scratch()('out.mat');
    writeRaw(path, raw);
    const { encoding } = raw;
    const read = pythonJson(python, program, path);
    assert.equal(read.dtype, shape.precision === 'f64' ? 'complex128' : 'complex64');
    assert.deepEqual(read.shape, [raw.samples, raw.coils]);
    assert.deepEqual(read.signal, [...raw.signal]);
    assert.deepEqual(
      read.k,
      encoding.readouts.flatMap((_, n) => [...encoding.trajectory(n)]),
    );
    assert.deepEqual(
      read.t,
      encoding.readouts.flatMap(({ start, dwell, samples }) =>
        Array.from({ length: samples }, (_, sample) => start + sample * dwell),
      ),
    );
    const names = read.names as string[];
    const column = (counter: string): unknown[] =>
      (read.counters as number[][]).map((row) => row[names.indexOf(counter)]);
    for (const counter of ['kspace_encode_step_1', 'kspace_encode_step_2'] as const) {
      assert.deepEqual(
        column(counter),
        encoding.readouts.map(({ counters }) => counters[counter]),
      );
    }
    assert.deepEqual(
      [read.sequence, read.phantom, read.kind, read.B0, read.fov],
      [raw.sequenceName, raw.phantomName, 'cartesian', 1.5, [...encoding.encodedFov]],
    );
    assert.deepEqual(read.axes, [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
    assert.deepEqual(
      read.first,
      encoding.readouts.map(({ firstSample }) => firstSample + 1),
    );
    assert.deepEqual(
      read.reversed,
      encoding.readouts.map(({ reversed }) => Number(reversed)),
    );
  }
});

/**
 * A BART array: dimensions up to the last above 1, values [re, im] with the first dimension
 * fastest.
 */
function readCfl(stem: string): { shape: number[]; data: Float32Array } {
  const [, line] = readFileSync(`${stem}.hdr`, 'latin1').split('\n');
  const shape = line.trim().split(' ').map(Number);
  while (shape.length > 1 && shape.at(-1) === 1) shape.pop();
  const bytes = readFileSync(`${stem}.cfl`);
  return { shape, data: new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4) };
}

/**
 * The k-space of one bright voxel at cell (x, y, z) of the image, as a run of this shape would
 * sample it.
 */
function brightVoxel(shape: Shape, voxel: readonly [number, number, number], coils: number): RawData {
  const raw = run({ ...shape, coils });
  const { encoding } = raw;
  encoding.readouts.forEach(({ firstSample, samples }, n) => {
    const k = encoding.trajectory(n);
    for (let sample = 0; sample < samples; sample++) {
      let turns = 0;
      for (let axis = 0; axis < 3; axis++) {
        const cells = encoding.encodedMatrix[axis];
        turns += (k[3 * sample + axis] * encoding.encodedFov[axis] * (voxel[axis] - Math.floor(cells / 2))) / cells;
      }
      for (let coil = 0; coil < coils; coil++) {
        const at = 2 * (coil * raw.samples + firstSample + sample);
        raw.signal[at] = (coil + 1) * Math.cos(-2 * Math.PI * turns);
        raw.signal[at + 1] = (coil + 1) * Math.sin(-2 * Math.PI * turns);
      }
    }
  });
  return raw;
}

/** The brightest cell of an image [x, y, z, coils] and its magnitude. */
function brightest({ shape, data }: { shape: number[]; data: Float32Array }, coil: number): number[] {
  const [nx, ny = 1, nz = 1] = shape;
  let best = 0;
  const magnitude = (cell: number): number => Math.hypot(data[2 * cell], data[2 * cell + 1]);
  for (let cell = 1; cell < nx * ny * nz; cell++) {
    if (magnitude(coil * nx * ny * nz + cell) > magnitude(coil * nx * ny * nz + best)) best = cell;
  }
  return [best % nx, Math.floor(best / nx) % ny, Math.floor(best / (nx * ny))];
}

for (const [name, shape, voxel] of [
  ['even matrix', { matrix: [16, 12, 1] }, [11, 3, 0]],
  ['odd matrix, lines back and forth', { kind: 'epi', matrix: [15, 11, 1], zigzag: true }, [2, 9, 0]],
  ['partitions', { matrix: [8, 6, 5] }, [5, 1, 3]],
] as [string, Shape, [number, number, number]][]) {
  test(`cfl: bart fft puts the voxel where it was: ${name}`, (t) => {
    const bart = requireTool(t, 'bart', 'bart');
    if (!bart) return;
    const file = scratch();
    writeRaw(file('out.cfl'), brightVoxel(shape, voxel, 2));
    assert.deepEqual(readCfl(file('out')).shape, [...shape.matrix!, 2]);
    assert.ok(!existsSync(file('out_traj.cfl')));
    runTool(bart, ['fft', '-i', '-u', '7', file('out'), file('image')]);
    const image = readCfl(file('image'));
    assert.deepEqual([brightest(image, 0), brightest(image, 1)], [voxel, voxel]);
  });
}

test('cfl: bart nufft takes signal and trajectory of anything else', (t) => {
  const bart = requireTool(t, 'bart', 'bart');
  if (!bart) return;
  const file = scratch();
  const [nx, ny] = [16, 16];
  const voxel = [12, 5, 0] as const;
  writeRaw(file('out.cfl'), brightVoxel({ kind: 'radial', matrix: [nx, ny, 1] }, voxel, 2));
  assert.deepEqual(readCfl(file('out')).shape, [1, nx, ny, 2]);
  const { shape, data } = readCfl(file('out_traj'));
  assert.deepEqual(shape, [3, nx, ny]);
  assert.deepEqual([...data.slice(0, 6)].map(Math.round), [-nx / 2, 0, -ny / 2, 0, 0, 0]);
  assert.match(runTool(bart, ['show', '-m', file('out')]), /complex float/);
  runTool(bart, ['nufft', '-a', '-d', `${nx}:${ny}:1`, file('out_traj'), file('out'), file('image')]);
  const image = readCfl(file('image'));
  assert.deepEqual([brightest(image, 0), brightest(image, 1)], [[...voxel], [...voxel]]);
});

test('cfl: samples half a cell off, whichever way the line runs, and a table from +N/2 downwards', () => {
  const file = scratch();
  const raw = run({ kind: 'epi', matrix: [4, 4, 1], zigzag: true });
  const { encoding } = raw;
  const trajectory = (n: number): Float64Array => {
    const k = encoding.trajectory(n);
    for (let sample = 0; sample < 4; sample++) {
      k[3 * sample] += 0.5 / encoding.encodedFov[0];
      if (n === 0) k[3 * sample + 1] = 2 / encoding.encodedFov[1];
    }
    return k;
  };
  writeRaw(file('half.cfl'), { ...raw, encoding: { ...encoding, trajectory } });
  const { shape, data } = readCfl(file('half'));
  assert.deepEqual(shape, [4, 4]);
  const real = (from: number): number[] => [0, 2, 4, 6].map((step) => from + step);
  assert.deepEqual(
    [...data].filter((_, n) => n % 2 === 0),
    [...real(0), ...real(8).reverse(), ...real(16), ...real(24).reverse()],
  );
});

test('cfl: repetitions have their dimension; what was not sampled is zero', () => {
  const file = scratch();
  const raw = run({ matrix: [4, 3, 1], repetitions: 2 });
  const readouts = raw.encoding.readouts.filter((_, n) => n !== 1);
  const trajectory = (n: number): Float64Array => raw.encoding.trajectory(n < 1 ? n : n + 1);
  writeRaw(file('out.cfl'), { ...raw, encoding: { ...raw.encoding, readouts, trajectory } });
  const { shape, data } = readCfl(file('out'));
  assert.deepEqual(shape, [4, 3, 1, 1, 1, 1, 1, 1, 1, 1, 2]);
  const wanted = Float32Array.from(raw.signal);
  wanted.fill(0, 8, 16);
  assert.deepEqual([...data], [...wanted]);
});

test('cfl: not on the grid, so with a trajectory: ramp sampling, lines twice, readouts of several lengths', () => {
  const file = scratch();
  const raw = run({ kind: 'epi', matrix: [8, 4, 1] });
  const { encoding } = raw;
  const ramp = {
    ...encoding,
    trajectory: (n: number) => encoding.trajectory(n).map((k, at) => (at % 3 ? k : k * 0.9)),
  };
  writeRaw(file('ramp.cfl'), { ...raw, encoding: ramp });
  assert.deepEqual(readCfl(file('ramp_traj')).shape, [3, 8, 4]);
  const twice = { ...encoding, trajectory: (n: number) => encoding.trajectory(n % 2) };
  writeRaw(file('twice.cfl'), { ...raw, encoding: twice });
  assert.deepEqual(readCfl(file('twice_traj')).shape, [3, 8, 4]);
  const [first, ...rest] = encoding.readouts;
  const uneven = { ...encoding, kind: 'other' as const, readouts: [{ ...first, samples: 16 }, ...rest.slice(1)] };
  const longer = (n: number): Float64Array => new Float64Array(3 * (n === 0 ? 16 : 8));
  writeRaw(file('uneven.cfl'), { ...raw, encoding: { ...uneven, trajectory: longer } });
  assert.deepEqual(readCfl(file('uneven')).shape, [1, 32]);
  assert.deepEqual([...readCfl(file('uneven')).data], [...raw.signal]);
  assert.deepEqual(readCfl(file('uneven_traj')).shape, [3, 32]);
});

test('cfl: navigator and noise readouts stay out, and k beyond a single partition is no third dimension', () => {
  const file = scratch();
  const raw = run({ kind: 'radial', matrix: [4, 3, 1] });
  const { encoding } = raw;
  const readouts = encoding.readouts.map((readout, n) => ({
    ...readout,
    role: (['navigator', 'image', 'noise'] as const)[n] ?? readout.role,
  }));
  const trajectory = (n: number): Float64Array => encoding.trajectory(n).map((k, at) => (at % 3 === 2 ? 5000 : k));
  writeRaw(file('out.cfl'), { ...raw, encoding: { ...encoding, readouts, trajectory } });
  assert.deepEqual(readCfl(file('out')).shape, [1, 4]);
  assert.deepEqual([...readCfl(file('out')).data], [...raw.signal.slice(8, 16)]);
  const { data } = readCfl(file('out_traj'));
  for (let sample = 0; sample < 4; sample++) assert.equal(data[2 * (3 * sample + 2)], 0);
});
