/**
 * Reads ISMRMRD files, by whatever program: chunked or contiguous, with or without trajectories. Members are found by
 * name, since their order and offsets are the writer's business, and rows are read in batches, since the library
 * makes a copy of what it reads.
 */
import { badInput } from '../../common/errors.ts';
import { type Hdf5Reader, openHdf5, type RecordDataset, type RecordMember } from '../../common/hdf5/reader.ts';
import { COUNTERS, type Counter } from '../../sequence/encoding-types.ts';
import type { Acquisition, RawFile } from '../types.ts';
import { parseHeader } from './header-read.ts';
import { joinTime } from './time.ts';

const BATCH_BYTES = 1 << 23;
const BATCH_ROWS = 4096;
const METERS = 1e-3;
const MEND = 'check the program that wrote it';

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
      throw badInput(rows.place, `${channels[odd]} channels in one readout, ${channels[0]} in another`, MEND);
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
    rows.read(start, end).forEach((row, n) => {
      const acquisition = decode(row, start + n);
      bytes += acquisition.data.byteLength + (acquisition.trajectory?.byteLength ?? 0);
      if (acquisition.samples > 0) acquisitions.push(acquisition);
    });
    // The next batch is as large as rows like these allow.
    batch = Math.max(1, Math.min(BATCH_ROWS, Math.floor((BATCH_BYTES * (end - start)) / Math.max(bytes, 1))));
    start = end;
  }
  return acquisitions;
}

type Row = readonly unknown[];

/** How to make an acquisition of row `number`. @throws LarmorError 65 if the rows are not ISMRMRD's or contradict themselves */
function decoder({ place, members }: RecordDataset, byLarmor: boolean): (row: Row, number: number) => Acquisition {
  const indexIn = (within: readonly RecordMember[] | undefined): ((name: string) => number) => {
    const indices = new Map(within?.map(({ name }, index) => [name, index]));
    return (name) => {
      const index = indices.get(name);
      if (index === undefined) throw badInput(place, `its rows have no "${name}"`, 'give an ISMRMRD file');
      return index;
    };
  };
  const row = indexIn(members);
  const [head, traj, data] = [row('head'), row('traj'), row('data')];
  const field = indexIn(members[head].members);
  const at = Object.fromEntries(FIELDS.map((name) => [name, field(name)])) as Record<(typeof FIELDS)[number], number>;
  const counter = indexIn(members[head].members?.[at.idx].members);
  const counterAt = COUNTERS.map((name) => [name, counter(name)] as const);

  return (values, n) => {
    const fields = values[head] as Row;
    const scalar = (name: keyof typeof at): number => Number(fields[at[name]]);
    const vector = (name: keyof typeof at): number[] => Array.from(fields[at[name]] as ArrayLike<number>, Number);
    const samples = scalar('number_of_samples');
    const dimensions = scalar('trajectory_dimensions');
    const idx = fields[at.idx] as Row;
    const [seconds, nanoseconds, piece, pieces] = vector('user_int');
    const [restOfStart, restOfDwell] = vector('user_float');
    const signal = floats(values[data], samples * scalar('active_channels') * 2, `${place} row ${n}`, 'data');
    const trajectory = floats(values[traj], samples * dimensions, `${place} row ${n}`, 'traj');
    return {
      counters: Object.fromEntries(counterAt.map(([name, index]) => [name, Number(idx[index])])) as Record<
        Counter,
        number
      >,
      flags: BigInt(fields[at.flags] as bigint),
      encodingSpace: scalar('encoding_space_ref'),
      samples,
      centerSample: scalar('center_sample'),
      dwell: (scalar('sample_time_us') + (byLarmor ? restOfDwell : 0)) * 1e-6,
      start: byLarmor ? joinTime(seconds, nanoseconds, restOfStart) : Number.NaN,
      piece: byLarmor ? piece : 0,
      pieces: byLarmor ? pieces : 1,
      data: signal,
      ...(trajectory.length > 0 ? { trajectory } : {}),
      dimensions,
      position: triple(vector('position').map((millimeters) => millimeters * METERS)),
      readDirection: direction(vector('read_dir'), [1, 0, 0]),
      phaseDirection: direction(vector('phase_dir'), [0, 1, 0]),
      sliceDirection: direction(vector('slice_dir'), [0, 0, 1]),
    };
  };
}

/** What is read of a row's head. */
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
  'idx',
  'user_int',
  'user_float',
] as const;

function floats(value: unknown, expected: number, place: string, name: string): Float32Array {
  if (!(value instanceof Float32Array)) throw badInput(place, `"${name}" is not a list of f32`, MEND);
  if (value.length !== expected)
    throw badInput(place, `"${name}" holds ${value.length} numbers where the head promises ${expected}`, MEND);
  return value;
}

const triple = ([x, y, z]: readonly number[]): [number, number, number] => [x, y, z];

/** Programs that do not know directions leave them zero: the axes then are the patient's. */
function direction(vector: readonly number[], otherwise: [number, number, number]): [number, number, number] {
  return vector.every((component) => component === 0) ? otherwise : triple(vector);
}
