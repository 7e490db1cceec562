/**
 * Motions from a file of their own (`--motion`), for a phantom that has none or in addition to
 * those it has: a rigid track as .csv or .json (time, translation, rotation), or a list of the
 * actions of `types.ts` as .json. Lengths in metres, angles in degrees, times in seconds.
 */
import { badInput, usage } from '../../base/errors.ts';
import { readInput } from '../../base/files.ts';
import {
  flag,
  type JsonLocation,
  type JsonReader,
  list,
  number,
  readJson,
  record,
  vector,
  word,
} from '../../base/json.ts';
import { warn } from '../../base/log.ts';
import type { PhantomSource } from '../types.ts';
import { checkTimeCurve } from './time-curve.ts';
import {
  type Action,
  AT_ONCE,
  type Motion,
  type PathNodes,
  type SpinSpan,
  spanLength,
  type TimeCurve,
  type Vector,
} from './types.ts';
import { checkAction, parseCenter, parseSpan } from './values.ts';

const EXAMPLE = '{"track": {"time": [0, 10], "translation": [[0, 0, 0], [0, 0.005, 0]]}}';

/** No person in a scanner moves farther [m]. */
const FAR = 0.5;

/** Rows of a rigid track. */
interface Track {
  readonly time: readonly number[];
  /** [rows] m */
  readonly translation: readonly Vector[];
  /** [rows] degrees about x, then y, then z through `center` */
  readonly rotation: readonly Vector[];
  readonly center: Vector;
  readonly periodic: boolean;
}

/** @throws LarmorError 66 if it cannot be read, 65 if it is wrong, 2 for another kind of file */
export function readMotionFile(path: string, spinCount: number): Motion[] {
  const name = path.toLowerCase();
  if (name.endsWith('.csv')) return motionsOfTrack(path, readCsv(path), spinCount);
  if (!name.endsWith('.json')) throw usage(`--motion ${path}: not a motion file`, 'give .json or .csv');
  return readJson(path, EXAMPLE, (value, place) => {
    const { track, motions } = record({}, { track: trackReader, motions: list(motionReader(spinCount), 'motions') })(
      value,
      place,
    );
    if (track === undefined && motions === undefined)
      throw badInput(path, "has neither 'track' nor 'motions'", `give one such as ${EXAMPLE}`);
    return [...(track === undefined ? [] : motionsOfTrack(path, track, spinCount)), ...(motions ?? [])];
  });
}

const finite = number('', -Number.MAX_VALUE, Number.MAX_VALUE);
const numbers = list(finite, 'numbers');
const triple = vector('', Number.MAX_VALUE);

const trackReader: JsonReader<Track> = (value, place) => {
  const optional = {
    translation: list(triple, 'translations [x, y, z]'),
    rotation: list(triple, 'rotations [pitch, roll, yaw]'),
  };
  const found = record({ time: numbers }, { ...optional, center: triple, periodic: flag })(value, place);
  const still = found.time.map((): Vector => [0, 0, 0]);
  const { time, translation = still, rotation = still, center = [0, 0, 0], periodic = false } = found;
  for (const [key, rows] of Object.entries({ translation, rotation }))
    if (rows.length !== time.length) {
      const what = `${place.key}.${key} has ${rows.length} rows for ${time.length} times`;
      throw badInput(place.file, what, 'give one row per time');
    }
  return { time, translation, rotation, center, periodic };
};

const COLUMNS = ['time', 'x', 'y', 'z', 'pitch', 'roll', 'yaw'] as const;

/** Columns by the names in the first line; without one: time, x, y, z, pitch, roll, yaw. */
function readCsv(path: string): Track {
  const lines = readInput(path)
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/);
  let names: readonly string[] = COLUMNS;
  const rows: Record<string, number>[] = [];
  let isFirst = true;
  for (const [n, line] of lines.entries()) {
    const text = line.replace(/#.*/, '').trim();
    if (text === '') continue;
    const separator = [';', '\t'].find((mark) => text.includes(mark)) ?? ',';
    const fields = text.split(separator).map((field) => field.trim().replace(/^"(.*)"$/, '$1'));
    const place = `${path}:${n + 1}`;
    if (isFirst && fields.some((field) => /^[a-z]/i.test(field))) {
      names = fields.map((field) => field.toLowerCase());
      const unknown = names.find((name, at) => !COLUMNS.includes(name as 'time') || names.indexOf(name) !== at);
      if (unknown !== undefined || !names.includes('time'))
        throw badInput(
          place,
          unknown === undefined
            ? "no column 'time'"
            : names.indexOf(unknown) === names.lastIndexOf(unknown)
              ? `unknown column '${unknown}'`
              : `column '${unknown}' is given twice`,
          `give ${COLUMNS.join(', ')}, or some of them`,
        );
      isFirst = false;
      continue;
    }
    isFirst = false;
    if (fields.length !== names.length)
      throw badInput(place, `${fields.length} values for ${names.length} columns`, `give ${names.join(', ')}`);
    const values = fields.map((field) => (field === '' ? Number.NaN : Number(field)));
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) {
      const fix = /^-?\d*,\d+$/.test(fields[wrong]) ? 'write numbers with a decimal point' : 'give a finite number';
      throw badInput(place, `${names[wrong]} is '${fields[wrong]}'`, fix);
    }
    rows.push(Object.fromEntries(names.map((name, at) => [name, values[at]])));
  }
  const column = (row: Record<string, number>, name: string): number => row[name] ?? 0;
  return {
    time: rows.map((row) => row.time),
    translation: rows.map((row) => [column(row, 'x'), column(row, 'y'), column(row, 'z')]),
    rotation: rows.map((row) => [column(row, 'pitch'), column(row, 'roll'), column(row, 'yaw')]),
    center: [0, 0, 0],
    periodic: false,
  };
}

/**
 * Rotations about x, y, z with time curves of their own, then translations: straight lines between
 * the rows in each of six numbers.
 */
function motionsOfTrack(
  path: string,
  { time, translation, rotation, center, periodic }: Track,
  spinCount: number,
): Motion[] {
  const place = `${path} track`;
  if (time.length < 2) throw badInput(place, `has ${time.length} rows`, 'give at least two');
  const spins = { first: 0, last: spinCount - 1, step: 1 };
  const along = (values: readonly number[], make: (largest: number) => Action): Motion[] => {
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    if (largest === 0) return [];
    const curve = {
      t: Float64Array.from(time),
      unit: Float64Array.from(values, (value) => value / largest),
      periodic,
      periods: Float64Array.of(1),
    };
    const action = make(largest);
    checkAction(place, action, curve);
    return [{ place, action, time: checkTimeCurve(place, curve), spins }];
  };
  const farthest = translation.reduce((most, row) => Math.max(most, ...row.map(Math.abs)), 0);
  if (farthest > FAR) warn(`${place}: moves by ${farthest} m; lengths are in m: divide them by 1000 if they are in mm`);
  const still = { dx: 0, dy: 0, dz: 0 };
  const none = { pitch: 0, roll: 0, yaw: 0 };
  const motions = [
    ...(['pitch', 'roll', 'yaw'] as const).flatMap((key, axis) =>
      along(
        rotation.map((row) => row[axis]),
        (largest) => ({ type: 'Rotate', ...none, [key]: largest, center }),
      ),
    ),
    ...(['dx', 'dy', 'dz'] as const).flatMap((key, axis) =>
      along(
        translation.map((row) => row[axis]),
        (largest) => ({ type: 'Translate', ...still, [key]: largest }),
      ),
    ),
  ];
  checkTimeCurve(place, {
    t: Float64Array.from(time),
    unit: Float64Array.from(time, () => 0),
    periodic,
    periods: Float64Array.of(1),
  });
  return motions;
}

const timeReader: JsonReader<TimeCurve> = (value, place) => {
  const oneOrMore: JsonReader<readonly number[]> = (given, at) =>
    typeof given === 'number' ? [finite(given, at)] : numbers(given, at);
  const {
    t,
    t_unit,
    periodic = false,
    periods = [1],
  } = record({ t: numbers, t_unit: numbers }, { periodic: flag, periods: oneOrMore })(value, place);
  return checkTimeCurve(`${place.file} ${place.key}`, {
    ...{ t: Float64Array.from(t), unit: Float64Array.from(t_unit), periodic },
    periods: Float64Array.from(periods),
  });
};

/** `"all"`, `"first:last"`, `"first:step:last"` or those two or three numbers, counted from 1. */
function spanReader(spinCount: number): JsonReader<SpinSpan> {
  return (value, { file, key }) => {
    if (value === 'all') return { first: 0, last: spinCount - 1, step: 1 };
    const text = Array.isArray(value) && value.every((part) => typeof part === 'number') ? value.join(':') : value;
    return parseSpan(`${file} ${key}`, String(text), spinCount);
  };
}

const centerReader: JsonReader<Vector | 'CenterOfMass'> = (value, place) =>
  typeof value === 'string' ? parseCenter(`${place.file} ${place.key}`, value) : triple(value, place);

const KINDS = ['Translate', 'Rotate', 'HeartBeat', 'Path', 'FlowPath'] as const;

function motionReader(spinCount: number): JsonReader<Motion> {
  return (value, place) => {
    const whole = record({ action: asIs }, { time: timeReader, spins: spanReader(spinCount) })(value, place);
    const { time = AT_ONCE, spins = { first: 0, last: spinCount - 1, step: 1 } } = whole;
    const action = readAction(whole.action, { ...place, key: `${place.key}.action` }, spanLength(spins));
    checkAction(`${place.file} ${place.key}`, action, time);
    return { place: `${place.file} ${place.key}`, action, time, spins };
  };
}

const asIs: JsonReader<unknown> = (value) => value;

function readAction(value: unknown, place: JsonLocation, spins: number): Action {
  const given = typeof value === 'object' && value !== null ? (value as { type?: unknown }).type : undefined;
  const type = word(...KINDS)(given, { ...place, key: `${place.key}.type` });
  const kind = { type: word(type) };
  if (type === 'Translate')
    return { ...record({ ...kind, dx: finite, dy: finite, dz: finite }, {})(value, place), type };
  if (type === 'Rotate') {
    const turn = record({ ...kind, pitch: finite, roll: finite, yaw: finite }, { center: centerReader })(value, place);
    return { ...turn, type, center: turn.center ?? 'CenterOfMass' };
  }
  if (type === 'HeartBeat') {
    const strains = { circumferential_strain: finite, radial_strain: finite, longitudinal_strain: finite };
    const found = record({ ...kind, ...strains }, {})(value, place);
    return {
      type,
      circumferential: found.circumferential_strain,
      radial: found.radial_strain,
      longitudinal: found.longitudinal_strain,
    };
  }
  const rows = list(numbers, 'rows of numbers, one for each spin');
  const axes = { ...kind, dx: rows, dy: rows, dz: rows };
  if (type === 'Path') {
    const { dx, dy, dz } = record(axes, {})(value, place);
    return { type, nodes: nodesInMemory(place, [dx, dy, dz], undefined, spins) };
  }
  const flags = list(list(flagOrNumber, 'flags'), 'rows of flags, one for each spin');
  const { dx, dy, dz, spin_reset } = record({ ...axes, spin_reset: flags }, {})(value, place);
  return { type, nodes: nodesInMemory(place, [dx, dy, dz], spin_reset, spins) };
}

const flagOrNumber: JsonReader<number> = (value, place) =>
  typeof value === 'boolean' ? Number(value) : number('', 0, 1)(value, place);

/** @param axes x, y, z of [spins][nodes] */
function nodesInMemory(
  { file, key }: JsonLocation,
  axes: readonly (readonly (readonly number[])[])[],
  resets: readonly (readonly number[])[] | undefined,
  spins: number,
): PathNodes {
  const count = axes[0][0].length;
  for (const rows of [...axes, ...(resets === undefined ? [] : [resets])])
    if (rows.length !== spins || count < 2 || rows.some((row) => row.length !== count)) {
      const what = `${key} has ${rows.length} rows of ${[...new Set(rows.map((row) => row.length))].slice(0, 3).join(', ')} nodes for ${spins} spins`;
      throw badInput(file, what, 'give one row per spin of its span, each with the same number of nodes, at least two');
    }
  const slice = (rows: readonly (readonly number[])[], first: number, width: number): Float64Array =>
    Float64Array.from({ length: count * width }, (_, at) => rows[first + (at % width)][Math.floor(at / width)]);
  return {
    ...{ count, spins, flow: resets !== undefined },
    read(first, width) {
      const [x, y, z] = axes.map((rows) => slice(rows, first, width));
      return { x, y, z, ...(resets === undefined ? {} : { reset: slice(resets, first, width) }) };
    },
  };
}

/** A phantom with the motions of a file after its own. */
export function withMotions(source: PhantomSource, path: string | undefined): PhantomSource {
  if (path === undefined) return source;
  const motions = [...(source.motions ?? []), ...readMotionFile(path, source.spinCount)];
  return motions.length === 0 ? source : { ...source, motions };
}
