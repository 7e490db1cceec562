/**
 * ISMRMRD files: what our own reader gets back, and what the ISMRMRD library, h5py and h5dump make
 * of them.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { acquiredData } from '../../host/raw/acquisitions.ts';
import { hasFlag, isImaging } from '../../host/raw/flags.ts';
import { readRaw, writeRaw } from '../../host/raw/index.ts';
import { headerXml } from '../../host/raw/ismrmrd/header.ts';
import type { RawData } from '../../host/raw/types.ts';
import { requirePython, requireTool, runTool } from '../../testing/tools.ts';
import { run, type Shape, scratch } from './fixture.ts';

const shapes: Record<string, Shape> = {
  'even matrix': { matrix: [8, 6, 1] },
  'odd matrix, three coils': { matrix: [7, 5, 1], coils: 3 },
  'zigzag EPI, f64': { kind: 'epi', matrix: [9, 4, 1], zigzag: true, precision: 'f64' },
  'partitions and repetitions': { matrix: [4, 3, 5], repetitions: 2, coils: 2 },
  'three-dimensional radial': { kind: 'radial', matrix: [5, 3, 4] },
  'one sample': { matrix: [1, 1, 1] },
  'readout of 65 535': { kind: 'other', matrix: [65_535, 1, 1], coils: 2 },
};

for (const [name, shape] of Object.entries(shapes)) {
  test(`read back: ${name}`, async () => {
    const raw = run(shape);
    const path = scratch()('out.mrd');
    writeRaw(path, raw);
    const {
      path: from,
      xml,
      sequenceName,
      phantomName,
      B0,
      frequency,
      TR,
      TE,
      TI,
      flipAngle,
      provenance,
      ...read
    } = await readRaw(path);
    assert.equal(from, path);
    assert.match(xml, /^<\?xml/);
    assert.deepEqual(provenance, {});
    assert.deepEqual({ sequenceName, phantomName, B0, frequency }, pick(raw));
    assert.deepEqual([TR, TE, TI].map(rounded), [[0.1], [0.02], [0.9, 1.1]]);
    assert.deepEqual(rounded(flipAngle), rounded([Math.PI / 2]));
    const expected = acquiredData(raw);
    assert.equal(read.acquisitions.length, expected.acquisitions.length);
    read.acquisitions.forEach(({ start, dwell, position, ...got }, n) => {
      const { start: t0, dwell: dt, position: at, ...wanted } = expected.acquisitions[n];
      assert.deepEqual(got, wanted);
      // Exact but for the last bits of seconds + nanoseconds + rest; position in f32 millimetres.
      assert.ok(Math.abs(start - t0) <= 4e-16 * Math.max(1, t0), `start ${start}, not ${t0}`);
      assert.ok(Math.abs(dwell / dt - 1) < 1e-12, `dwell ${dwell}, not ${dt}`);
      assert.deepEqual(position.map(Math.fround), at.map(Math.fround));
    });
    assert.deepEqual({ ...read, acquisitions: [] }, { ...expected, acquisitions: [] });
  });
}

const pick = ({ sequenceName, phantomName, B0, frequency }: RawData) => ({ sequenceName, phantomName, B0, frequency });
const rounded = (values: readonly number[]): number[] => values.map((value) => Number(value.toPrecision(12)));

test('samples are those of the signal, reversed lines as acquired', async () => {
  const raw = run({ kind: 'epi', matrix: [8, 4, 1], coils: 2, zigzag: true });
  const path = scratch()('out.h5');
  writeRaw(path, raw);
  const { acquisitions } = await readRaw(path);
  acquisitions.forEach((acquisition, n) => {
    assert.equal(hasFlag(acquisition, 'ACQ_IS_REVERSE'), n % 2 === 1);
    const coils = [0, 1].flatMap((coil) => [...raw.signal.slice(2 * (coil * 32 + n * 8), 2 * (coil * 32 + n * 8 + 8))]);
    assert.deepEqual([...acquisition.data], coils);
    const [first, last] = [acquisition.trajectory![0], acquisition.trajectory![2 * 7]];
    assert.deepEqual([first, last], n % 2 === 1 ? [0.375, -0.5] : [-0.5, 0.375]);
    assert.equal(acquisition.trajectory![2 * acquisition.centerSample], 0);
  });
});

test('axes of an oblique scan are the directions of its acquisitions', async () => {
  const { encoding, ...raw } = run({ matrix: [4, 3, 1] });
  const axes = [
    [0, 0.6, 0.8],
    [1, 0, 0],
    [0, 0.8, -0.6],
  ] as const;
  const path = scratch()('out.mrd');
  writeRaw(path, { ...raw, encoding: { ...encoding, axes } });
  const { readDirection, phaseDirection, sliceDirection } = (await readRaw(path)).acquisitions[2];
  assert.deepEqual(
    [readDirection, phaseDirection, sliceDirection],
    axes.map((axis) => axis.map(Math.fround)),
  );
});

test('flags: first and last in slice, repetition and measurement, navigator, noise', async () => {
  const raw = run({ matrix: [4, 3, 1], repetitions: 2 });
  const readouts = raw.encoding.readouts.map((readout, n) => ({
    ...readout,
    role: (['image', 'navigator', 'noise'] as const)[n] ?? readout.role,
  }));
  const path = scratch()('out.mrd');
  writeRaw(path, { ...raw, encoding: { ...raw.encoding, readouts } });
  const { acquisitions } = await readRaw(path);
  const withFlag = (flag: Parameters<typeof hasFlag>[1]): number[] =>
    acquisitions.flatMap((acquisition, n) => (hasFlag(acquisition, flag) ? [n] : []));
  assert.deepEqual(withFlag('ACQ_FIRST_IN_SLICE'), [0]);
  assert.deepEqual(withFlag('ACQ_LAST_IN_SLICE'), [5]);
  assert.deepEqual(withFlag('ACQ_FIRST_IN_REPETITION'), [0, 3]);
  // Of the image's readouts: who skips noise and navigators must not miss the end of a repetition.
  assert.deepEqual(withFlag('ACQ_LAST_IN_REPETITION'), [0, 5]);
  assert.deepEqual(withFlag('ACQ_LAST_IN_MEASUREMENT'), [5]);
  assert.deepEqual(withFlag('ACQ_IS_NAVIGATION_DATA'), [1]);
  assert.deepEqual(withFlag('ACQ_IS_NOISE_MEASUREMENT'), [2]);
  assert.deepEqual(acquisitions.map(isImaging), [true, false, false, true, true, true]);
});

test('a readout of more than 65 535 samples becomes pieces that join without a seam', async () => {
  const raw = run({ kind: 'other', matrix: [150_000, 2, 1], dwell: 1e-6 });
  const path = scratch()('out.mrd');
  writeRaw(path, raw);
  const { acquisitions } = await readRaw(path);
  const lengths = [65_535, 65_535, 18_930];
  assert.deepEqual(
    acquisitions.map(({ samples }) => samples),
    [...lengths, ...lengths],
  );
  assert.deepEqual(
    acquisitions.map(({ piece, pieces }) => [piece, pieces]),
    [0, 1, 2, 0, 1, 2].map((piece) => [piece, 3]),
  );
  const joined = acquisitions.flatMap(({ data }) => [...data]);
  assert.deepEqual(joined, [...Float32Array.from(raw.signal)]);
  // The centre, sample 75 000, is in the second piece; its neighbours name the sample next to it.
  assert.deepEqual(
    acquisitions.slice(0, 3).map(({ centerSample }) => centerSample),
    [65_534, 75_000 - 65_535, 0],
  );
  for (const n of [1, 2]) {
    const seam = acquisitions[n].start - acquisitions[n - 1].start - 65_535e-6;
    assert.ok(Math.abs(seam) < 1e-14);
  }
});

test('names that XML must escape come back, and what XML forbids as a blank', async () => {
  const path = scratch()('out.mrd');
  writeRaw(path, run({ sequenceName: 'é <a & "b"> 日本 😀.seq', phantomName: "tab\there 'q' &amp;" }));
  const { sequenceName, phantomName, xml } = await readRaw(path);
  assert.equal(sequenceName, 'é <a & "b"> 日本 😀.seq');
  assert.equal(phantomName, "tab here 'q' &amp;");
  assert.ok(Buffer.from(xml, 'utf8').every((byte) => byte < 0x7f));
});

test('times beyond what microseconds in u32 can count', async () => {
  const raw = run({ matrix: [4, 2, 1] });
  const readouts = raw.encoding.readouts.map((readout, n) => ({ ...readout, start: 86_400.000_001_25 + n / 3 }));
  const path = scratch()('out.mrd');
  writeRaw(path, { ...raw, encoding: { ...raw.encoding, readouts } });
  const { acquisitions, xml } = await readRaw(path);
  assert.match(xml, /acquisition_time_stamp_unit_s<\/name>\s*<value>0\.001</);
  acquisitions.forEach(({ start }, n) => {
    assert.ok(Math.abs(start - readouts[n].start) < 1.5e-11); // one step of f64 at a day
  });
});

test('counters beyond u16 are held at its end; 70 000 acquisitions fill many heaps', async () => {
  const raw = run({ kind: 'radial', matrix: [2, 70_000, 1] });
  const path = scratch()('out.mrd');
  writeRaw(path, raw);
  const { acquisitions, limits } = await readRaw(path);
  assert.equal(acquisitions.length, 70_000);
  assert.equal(limits.kspace_encode_step_1.maximum, 65_535);
  assert.equal(acquisitions[69_999].counters.kspace_encode_step_1, 65_535);
  assert.deepEqual(
    acquisitions.flatMap(({ data }) => [...data]),
    [...raw.signal].map(Math.fround),
  );
});

test('no readouts: an empty file that reads as empty', async () => {
  const raw = run();
  const path = scratch()('out.mrd');
  writeRaw(path, { ...raw, signal: new Float64Array(), samples: 0, encoding: { ...raw.encoding, readouts: [] } });
  const { acquisitions, coils } = await readRaw(path);
  assert.deepEqual([acquisitions.length, coils], [0, 0]);
});

test('equal runs give equal bytes', () => {
  const file = scratch();
  writeRaw(file('a.mrd'), run());
  writeRaw(file('b.mrd'), run());
  assert.ok(readFileSync(file('a.mrd')).equals(readFileSync(file('b.mrd'))));
});

test("the header is valid against ISMRMRD's schema", (t) => {
  const schema = '/usr/share/ismrmrd/schema/ismrmrd.xsd';
  // Two packages only this test needs, so it is skipped without them even where CI requires the
  // others.
  if (spawnSync('xmllint', ['--version']).error || !existsSync(schema)) {
    t.skip('no xmllint or schema; install them with: apt-get install libxml2-utils ismrmrd-schema');
    return;
  }
  const { encoding, ...raw } = run({ kind: 'spiral', matrix: [100_000, 3, 2], coils: 2, sequenceName: '<é>' });
  const xml = headerXml({ ...raw, encoding: { ...encoding, encodedFov: [Number.POSITIVE_INFINITY, 0.2, 1e-9] } });
  const { status, stderr } = spawnSync('xmllint', ['--noout', '--schema', schema, '-'], {
    input: xml,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
});

test('the ISMRMRD library reads header and acquisitions', (t) => {
  const info = requireTool(t, 'ismrmrd_recon_cartesian_2d', 'ismrmrd-tools');
  const python = requirePython(t, ['h5py', 'numpy'], 'python3-h5py');
  if (!info || !python) return;
  // One bright pixel, off centre, as its k-space: the tool must put it there.
  const [nx, ny, column, line] = [16, 12, 11, 3];
  const signal = new Float64Array(2 * nx * ny);
  for (let y = 0; y < ny; y++) {
    for (let x = 0; x < nx; x++) {
      const phase = -2 * Math.PI * (((x - nx / 2) * (column - nx / 2)) / nx + ((y - ny / 2) * (line - ny / 2)) / ny);
      signal[2 * (y * nx + x)] = Math.cos(phase);
      signal[2 * (y * nx + x) + 1] = Math.sin(phase);
    }
  }
  const path = scratch()('out.h5');
  writeRaw(path, run({ matrix: [nx, ny, 1], signal }));
  runTool(info, [path]);
  const program = `
import h5py, numpy, sys
file = h5py.File(sys.argv[1], 'r')
image = numpy.abs(file['dataset/cpp/data'][()]).squeeze()
print(*numpy.unravel_index(image.argmax(), image.shape), image.shape[0], image.shape[1])
`;
  const [y, x, rows, columns] = runTool(python, ['-c', program, path]).trim().split(' ').map(Number);
  assert.deepEqual([rows, columns], [ny, nx]);
  assert.deepEqual([y, x], [line, column]);
});

test('h5py reads every value, and the library finds nothing odd in the structure', (t) => {
  const python = requirePython(t, ['h5py', 'numpy'], 'python3-h5py');
  const h5dump = requireTool(t, 'h5dump', 'hdf5-tools');
  if (!python || !h5dump) return;
  const raw = run({ kind: 'spiral', matrix: [33, 5, 3], coils: 3 });
  const file = scratch();
  const [path, copy] = [file('out.mrd'), file('signal.bin')];
  writeRaw(path, raw);
  assert.match(runTool(h5dump, ['-p', '-d', '/dataset/data', path]), /"trajectory_dimensions"/);
  const program = `
import h5py, numpy, sys
rows = h5py.File(sys.argv[1], 'r')['dataset/data'][()]
signal = numpy.stack([row['data'].view('c8').reshape(3, -1) for row in rows], 1)
signal.tofile(sys.argv[2])
head = rows['head']
assert set(head['trajectory_dimensions']) == {3} and set(head['active_channels']) == {3}
assert list(head['scan_counter']) == list(range(15))
assert list(head['idx']['kspace_encode_step_2']) == [0]*5 + [1]*5 + [2]*5
assert all(abs(row['traj']).max() <= 0.5 for row in rows)
assert numpy.allclose(head['sample_time_us'], 3.3) and numpy.allclose(head['position'], [1, -2, 30])
`;
  runTool(python, ['-c', program, path, copy]);
  const read = readFileSync(copy);
  assert.deepEqual([...new Float32Array(read.buffer, read.byteOffset, read.length / 4)], [...raw.signal]);
});

test('reads a file of the ISMRMRD library', async (t) => {
  const generate = requireTool(t, 'ismrmrd_generate_cartesian_shepp_logan', 'ismrmrd-tools');
  const python = requirePython(t, ['h5py', 'numpy'], 'python3-h5py');
  if (!generate || !python) return;
  const file = scratch();
  runTool(generate, ['-m', '32', '-c', '4', '-o', file('logan.h5')]);
  const read = await readRaw(file('logan.h5'));
  assert.deepEqual([read.kind, read.coils, read.acquisitions.length], ['cartesian', 4, 32]);
  assert.deepEqual(
    [read.encodedMatrix, read.reconMatrix, read.encodedFov.map(Math.fround)],
    [[64, 32, 1], [32, 32, 1], [0.6, 0.3, 0.006].map(Math.fround)],
  );
  assert.equal(read.acquisitions[5].counters.kspace_encode_step_1, 5);
  assert.equal(read.acquisitions[5].centerSample, 32);
  assert.ok(Number.isNaN(read.acquisitions[5].start) && read.acquisitions[5].trajectory === undefined);
  const program = `import h5py, sys; print(*h5py.File(sys.argv[1], 'r')['dataset/data'][5]['data'].tolist())`;
  const wanted = runTool(python, ['-c', program, file('logan.h5')])
    .trim()
    .split(' ')
    .map(Number);
  assert.deepEqual([...read.acquisitions[5].data], wanted.map(Math.fround));
});

test('files that are not whole ISMRMRD: one line and exit 65; missing: 66', async () => {
  const file = scratch();
  writeRaw(file('whole.mrd'), run({ coils: 2 }));
  copyFileSync(file('whole.mrd'), file('truncated.mrd'));
  truncateSync(file('truncated.mrd'), 6000);
  writeFileSync(file('empty.mrd'), '');
  writeFileSync(file('text.mrd'), 'not HDF5 at all');
  writeRaw(file('signal.npy'), run());
  const bytes = readFileSync(file('whole.mrd'));
  // Damage: a member's name, which the checksum guards; the header's XML; the first row's number of
  // samples.
  const checksum = Buffer.from(bytes);
  checksum.write('x', checksum.indexOf('traj\0'));
  writeFileSync(file('checksum.mrd'), checksum);
  const xml = Buffer.from(bytes);
  xml.write('</encodang>', xml.indexOf('</encoding>'));
  writeFileSync(file('xml.mrd'), xml);
  const schema = Buffer.from(bytes);
  schema.write('<encodedSpice>', schema.indexOf('<encodedSpace>'));
  schema.write('</encodedSpice>', schema.indexOf('</encodedSpace>'));
  writeFileSync(file('schema.mrd'), schema);
  const head = Buffer.from(bytes);
  head.writeUInt16LE(9, findRow(head) + 34);
  writeFileSync(file('head.mrd'), head);
  const expected: Record<string, [number, RegExp]> = {
    'truncated.mrd': [65, /truncated/],
    'empty.mrd': [65, /(is empty|is not raw data in the format ISMRMRD \(HDF5\))/],
    'text.mrd': [65, /(is empty|is not raw data in the format ISMRMRD \(HDF5\))/],
    'signal.npy': [65, /give the \.mrd/],
    'checksum.mrd': [65, /checksum/],
    'xml.mrd': [65, /not well-formed XML/],
    'schema.mrd': [65, /encodedSpace\/matrixSize/],
    'head.mrd': [65, /row 0: "traj" holds 16 numbers where the head promises 18/],
    'nowhere.mrd': [66, /no such file/],
    '.': [66, /is a directory/],
  };
  for (const [name, [exitCode, message]] of Object.entries(expected)) {
    await assert.rejects(readRaw(file(name)), (error: Error & { exitCode: number }) => {
      assert.equal(error.exitCode, exitCode, `${name}: ${error.stack}`);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\n/);
      assert.ok(error.message.startsWith(file(name)), error.message);
      return true;
    });
  }
});

/**
 * Where the rows begin: the first row's version, flags (first in slice and repetition) and zero
 * counters.
 */
function findRow(bytes: Buffer): number {
  const start = Buffer.alloc(18);
  start.writeUInt16LE(1);
  start.writeBigUInt64LE((1n << 6n) | (1n << 12n), 2);
  const at = bytes.indexOf(start);
  assert.ok(at > 0);
  return at;
}

test('an HDF5 file of another kind is told apart', async (t) => {
  const python = requirePython(t, ['h5py'], 'python3-h5py');
  if (!python) return;
  const path = scratch()('other.h5');
  runTool(python, ['-c', `import h5py, sys; h5py.File(sys.argv[1], 'w')['sample/data'] = [1, 2]`, path]);
  await assert.rejects(readRaw(path), { exitCode: 65, message: /no ISMRMRD acquisitions/ });
});
