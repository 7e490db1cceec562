/**
 * Reads ISMRMRD files of any program: chunked or contiguous, with or without trajectories. Members
 * are found by name, because their order and offsets depend on the writer, and rows are read in
 * batches, because the library copies what it reads.
 */
import { badInput } from '../../base/errors.ts';
import { type Hdf5Reader, openHdf5 } from '../../formats/hdf5/reader.ts';
import type { RecordDataset, RecordMember, Records } from '../../formats/hdf5/records.ts';
import { COUNTERS, type Counter } from '../../sequence/encoding-types.ts';
import type { Acquisition, RawFile } from '../types.ts';
import { parseHeader } from './header-read.ts';
import { HEAD_TYPE } from './schema.ts';
import { joinTime } from './time.ts';

const BATCH_BYTES = 1 << 23;
const BATCH_ROWS = 4096;
const METERS = 1e-3;
const FIX = 'check the program that wrote it';

/** @throws LarmorError 66 if it is not there, 65 if it is not a whole ISMRMRD file */
export async function readIsmrmrd(path: string): Promise<RawFile> {
  const file = await openHdf5(path);
  try {
    const group = acquisitionGroup(file);
    const xml = file.text(`${group}/xml`);
    const { byLarmor, ...header } = parseHeader(xml, `${path} ${group}/xml`);
    const rows = file.records(`${group}/data`);
    const acquisitions = readAcquisitions(rows, byLarmor);
    const channels = acquisitions.map(({ data, samples }) => data.length / 2 / samples);
    const odd = channels.findIndex((count) => count !== channels[0]);
    if (odd >= 0)
      throw badInput(rows.place, `${channels[odd]} channels in one readout, ${channels[0]} in another`, FIX);
    return { path, xml, ...header, coils: channels[0] ?? 0, acquisitions };
  } finally {
    file.close();
  }
}

/** ISMRMRD's own tools call the group "dataset"; some converters name it otherwise. */
function acquisitionGroup(file: Hdf5Reader): string {
  const found = ['dataset', ...file.list('/')].find((name) => {
    const members = file.list(name);
    return members.includes('xml') && members.includes('data');
  });
  if (found === undefined)
    throw badInput(file.path, 'holds no ISMRMRD acquisitions (dataset/xml, dataset/data)', 'give a raw-data file');
  return found;
}

/** All readouts that hold samples. */
function readAcquisitions(rows: RecordDataset, byLarmor: boolean): Acquisition[] {
  const decode = decoder(rows, byLarmor);
  const acquisitions: Acquisition[] = [];
  let batch = 1;
  for (let start = 0; start < rows.length; ) {
    const end = Math.min(start + batch, rows.length);
    let bytes = 0;
    rows.read(start, end, (records) => {
      for (let n = start; n < end; n++) {
        const acquisition = decode(records, (n - start) * records.stride, n);
        bytes += acquisition.data.byteLength + (acquisition.trajectory?.byteLength ?? 0);
        if (acquisition.samples > 0) acquisitions.push(acquisition);
      }
    });
    // The size of the next batch follows from that of these rows.
    batch = Math.max(1, Math.min(BATCH_ROWS, Math.floor((BATCH_BYTES * (end - start)) / Math.max(bytes, 1))));
    start = end;
  }
  return acquisitions;
}

/** Members of a row's head that are read; their types are fixed by the format. */
const FIELDS = [
  'flags',
  'number_of_samples',
  'active_channels',
  'center_sample',
  'encoding_space_ref',
  'trajectory_dimensions',
  'sample_time_us',
  'position',
  'read_dir',
  'phase_dir',
  'slice_dir',
  'user_int',
  'user_float',
] as const;

/**
 * @returns a function that converts row `n` at byte `at` to an acquisition
 * @throws LarmorError 65 if the rows are not ISMRMRD's or contradict themselves
 */
function decoder(
  { place, members }: RecordDataset,
  byLarmor: boolean,
): (records: Records, at: number, n: number) => Acquisition {
  const foreign = (what: string): Error => badInput(place, what, 'give an ISMRMRD file');
  const member = (within: readonly RecordMember[] | undefined, name: string): RecordMember => {
    const found = within?.find((candidate) => candidate.name === name);
    if (!found) throw foreign(`its rows have no "${name}"`);
    return found;
  };
  const head = member(members, 'head').members;
  const offsetOf = (within: readonly RecordMember[] | undefined, name: string, size: number): number => {
    const found = member(within, name);
    if (found.size !== size) throw foreign(`"${name}" takes ${found.size} bytes where ISMRMRD has ${size}`);
    return found.offset;
  };
  const offsets = Object.fromEntries(
    FIELDS.map((name) => [name, offsetOf(head, name, HEAD_TYPE.sizes[name])]),
  ) as Record<(typeof FIELDS)[number], number>;
  const idx = member(head, 'idx').members;
  const counterOffsets = COUNTERS.map((name) => [name, offsetOf(idx, name, 2)] as const);
  const noCounters = Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Record<Counter, number>;
  const list = (name: string): number => {
    const found = member(members, name);
    if (!found.floats) throw foreign(`"${name}" is not a list of f32`);
    return found.offset;
  };
  const [traj, data] = [list('traj'), list('data')];

  /** Of the row before: readouts of one slice share them. */
  const last: Partial<Record<Vector, { readonly of: Triple; readonly made: Triple }>> = {};
  return (records, at, n) => {
    const { view } = records;
    const u16 = (name: keyof typeof offsets): number => view.getUint16(at + offsets[name], true);
    const f32 = (name: keyof typeof offsets, index = 0): number =>
      view.getFloat32(at + offsets[name] + 4 * index, true);
    const i32 = (name: keyof typeof offsets, index: number): number =>
      view.getInt32(at + offsets[name] + 4 * index, true);
    const floats = (name: string, offset: number, expected: number): Float32Array => {
      const values = records.floats(at + offset);
      if (values.length === expected) return values;
      const what = `"${name}" holds ${values.length} numbers where the head promises ${expected}`;
      throw badInput(`${place} row ${n}`, what, FIX);
    };
    const samples = u16('number_of_samples');
    const dimensions = u16('trajectory_dimensions');
    const trajectory = floats('traj', traj, samples * dimensions);
    // Of 10⁵ readouts, lists made of lists take longer than what is in them.
    const counters = { ...noCounters };
    for (const [name, offset] of counterOffsets) counters[name] = view.getUint16(at + offset, true);
    const vector = (name: Vector): Triple => {
      const [x, y, z] = [f32(name, 0), f32(name, 1), f32(name, 2)];
      const known = last[name];
      if (known?.of[0] === x && known.of[1] === y && known.of[2] === z) return known.made;
      const made = VECTORS[name](x, y, z);
      last[name] = { of: [x, y, z], made };
      return made;
    };
    const acquisition = {
      counters,
      flags: view.getBigUint64(at + offsets.flags, true),
      encodingSpace: u16('encoding_space_ref'),
      samples,
      centerSample: u16('center_sample'),
      dwell: (f32('sample_time_us') + (byLarmor ? f32('user_float', 1) : 0)) * 1e-6,
      start: byLarmor ? joinTime(i32('user_int', 0), i32('user_int', 1), f32('user_float', 0)) : Number.NaN,
      piece: byLarmor ? i32('user_int', 2) : 0,
      pieces: byLarmor ? i32('user_int', 3) : 1,
      data: floats('data', data, samples * u16('active_channels') * 2),
      dimensions,
      position: vector('position'),
      readDirection: vector('read_dir'),
      phaseDirection: vector('phase_dir'),
      sliceDirection: vector('slice_dir'),
    };
    return trajectory.length > 0 ? Object.assign(acquisition, { trajectory }) : acquisition;
  };
}

type Triple = readonly [number, number, number];

/** Programs without directions leave them zero: the axes are then the patient's. */
const direction =
  (...otherwise: Triple) =>
  (...vector: Triple): Triple =>
    vector.every((component) => component === 0) ? otherwise : vector;

type Vector = 'position' | 'read_dir' | 'phase_dir' | 'slice_dir';
const VECTORS: Readonly<Record<Vector, (x: number, y: number, z: number) => Triple>> = {
  position: (x, y, z) => [x * METERS, y * METERS, z * METERS],
  read_dir: direction(1, 0, 0),
  phase_dir: direction(0, 1, 0),
  slice_dir: direction(0, 0, 1),
};
