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
  const counterOffsets = Object.fromEntries(COUNTERS.map((name) => [name, offsetOf(idx, name, 2)])) as Counters;
  const list = (name: string): number => {
    const found = member(members, name);
    if (!found.floats) throw foreign(`"${name}" is not a list of f32`);
    return found.offset;
  };
  const [traj, data] = [list('traj'), list('data')];

  const position = vectors(offsets.position, (x, y, z) => [x * METERS, y * METERS, z * METERS]);
  const readDirection = vectors(offsets.read_dir, direction(1, 0, 0));
  const phaseDirection = vectors(offsets.phase_dir, direction(0, 1, 0));
  const sliceDirection = vectors(offsets.slice_dir, direction(0, 0, 1));
  // No function is made for each of 10⁵ rows: that would take longer than reading their numbers.
  return (records, at, n) => {
    const { view } = records;
    const samples = view.getUint16(at + offsets.number_of_samples, true);
    const dimensions = view.getUint16(at + offsets.trajectory_dimensions, true);
    const channels = view.getUint16(at + offsets.active_channels, true);
    const trajectory = records.floats(at + traj);
    const values = records.floats(at + data);
    checkCount('traj', trajectory, samples * dimensions, place, n);
    checkCount('data', values, samples * channels * 2, place, n);
    const [ints, floats] = [at + offsets.user_int, at + offsets.user_float];
    const dwell = view.getFloat32(at + offsets.sample_time_us, true);
    const acquisition = {
      counters: countersAt(view, at, counterOffsets),
      flags: view.getBigUint64(at + offsets.flags, true),
      encodingSpace: view.getUint16(at + offsets.encoding_space_ref, true),
      samples,
      centerSample: view.getUint16(at + offsets.center_sample, true),
      dwell: (dwell + (byLarmor ? view.getFloat32(floats + 4, true) : 0)) * 1e-6,
      start: byLarmor
        ? joinTime(view.getInt32(ints, true), view.getInt32(ints + 4, true), view.getFloat32(floats, true))
        : Number.NaN,
      piece: byLarmor ? view.getInt32(ints + 8, true) : 0,
      pieces: byLarmor ? view.getInt32(ints + 12, true) : 1,
      data: values,
      dimensions,
      position: position(view, at),
      readDirection: readDirection(view, at),
      phaseDirection: phaseDirection(view, at),
      sliceDirection: sliceDirection(view, at),
    };
    return trajectory.length > 0 ? { ...acquisition, trajectory } : acquisition;
  };
}

type Counters = Record<Counter, number>;

/** Named one by one, since V8 makes an object faster from known keys than from a loop over them. */
const countersAt = (view: DataView, at: number, offsets: Counters): Counters => ({
  kspace_encode_step_1: view.getUint16(at + offsets.kspace_encode_step_1, true),
  kspace_encode_step_2: view.getUint16(at + offsets.kspace_encode_step_2, true),
  average: view.getUint16(at + offsets.average, true),
  slice: view.getUint16(at + offsets.slice, true),
  contrast: view.getUint16(at + offsets.contrast, true),
  phase: view.getUint16(at + offsets.phase, true),
  repetition: view.getUint16(at + offsets.repetition, true),
  set: view.getUint16(at + offsets.set, true),
  segment: view.getUint16(at + offsets.segment, true),
});

/** @throws LarmorError 65 unless a list holds what the head promises */
function checkCount(name: string, list: Float32Array, expected: number, place: string, row: number): void {
  if (list.length === expected) return;
  const what = `"${name}" holds ${list.length} numbers where the head promises ${expected}`;
  throw badInput(`${place} row ${row}`, what, FIX);
}

type Triple = readonly [number, number, number];

/** Programs without directions leave them zero: the axes are then the patient's. */
const direction =
  (...otherwise: Triple) =>
  (x: number, y: number, z: number): Triple =>
    x === 0 && y === 0 && z === 0 ? otherwise : [x, y, z];

/** @returns the vector of a row; equal ones of successive rows are one object */
function vectors(
  offset: number,
  make: (x: number, y: number, z: number) => Triple,
): (view: DataView, at: number) => Triple {
  let [lastX, lastY, lastZ] = [Number.NaN, Number.NaN, Number.NaN];
  let made: Triple = [0, 0, 0];
  return (view, at) => {
    const x = view.getFloat32(at + offset, true);
    const y = view.getFloat32(at + offset + 4, true);
    const z = view.getFloat32(at + offset + 8, true);
    if (x !== lastX || y !== lastY || z !== lastZ) {
      made = make(x, y, z);
      [lastX, lastY, lastZ] = [x, y, z];
    }
    return made;
  };
}
