/**
 * Motions of KomaMRI's `.phantom`, in the current layout and in that of its releases up to 0.9.0,
 * distinguished by the type of their time groups. Numbers may be attributes or datasets; node
 * arrays, [nodes, spins] in the file, are read in slices and never held in memory.
 */
import { badInput } from '../../base/errors.ts';
import type { Hdf5Reader, NumberDataset } from '../../formats/hdf5/reader.ts';
import { checkTimeCurve } from './time-curve.ts';
import type { TimeCurve, Vector } from './types.ts';
import {
  type Action,
  AT_ONCE,
  type Motion,
  type NodeBlock,
  type PathNodes,
  type SpinSpan,
  spanLength,
  timeRange,
} from './types.ts';
import { checkAction, checkNodes, parseCenter, parseSpan } from './values.ts';

/** Most motions: more come from a damaged file, or from paths that should be one. */
const MOST_MOTIONS = 1024;

/**
 * Without a centre, rotations were about the origin up to this version (0.9.0 and its development
 * versions).
 */
const FIRST_WITH_CENTER = [0, 9, 1] as const;

/** In the order in which KomaMRI reads them: by name, so motion_10 before motion_2. */
export function readMotions(file: Hdf5Reader, spinCount: number, warn: (message: string) => void): Motion[] {
  const names = file.list('motion').sort((a, b) => (a < b ? -1 : 1));
  if (names.length > MOST_MOTIONS)
    throw badInput(
      `${file.path} motion`,
      `${names.length} motions`,
      `combine them into at most ${MOST_MOTIONS}, e.g. one Path`,
    );
  const oldVersion = isBefore(file.attribute('/', 'Version'), FIRST_WITH_CENTER);
  return names.map((name) => {
    const group = `motion/${name}`;
    const place = `${file.path} ${group}`;
    const spins = readSpan(fieldsOf(file, `${group}/spins`), spinCount);
    const fields = fieldsOf(file, `${group}/time`);
    const old = ['TimeRange', 'Periodic'].includes(fields.text('type') ?? '');
    const time = readTime(fields);
    if (file.has(`${group}/action/cycle_map`)) warn(`${place}: cycle_map is ignored: spins keep their indices`);
    const action = readAction(file, `${group}/action`, spanLength(spins), old || oldVersion);
    checkAction(place, action, time);
    const isPath = action.type === 'Path' || action.type === 'FlowPath';
    return { place, action, time, spins, ...(old && isPath ? { afterAll: true } : {}) };
  });
}

/** Values of a group, datasets or attributes. */
interface Fields {
  readonly place: string;
  number(name: string): number | undefined;
  numbers(name: string): Float64Array | undefined;
  text(name: string): string | undefined;
}

function fieldsOf(file: Hdf5Reader, group: string): Fields {
  const numbers = (name: string): Float64Array | undefined => {
    const path = `${group}/${name}`;
    if (file.isDataset(path)) {
      const { shape, read } = file.numbers(path);
      return Float64Array.from(read(shape.map((extent) => [0, extent])));
    }
    const value = file.has(group) ? file.attribute(group, name) : undefined;
    if (typeof value === 'string') throw badInput(`${file.path} ${path}`, `is '${value}'`, 'give a number');
    return value === undefined ? undefined : Float64Array.from([value].flat());
  };
  return {
    place: `${file.path} ${group}`,
    numbers,
    number(name) {
      const values = numbers(name);
      if (values !== undefined && values.length !== 1)
        throw badInput(`${file.path} ${group}/${name}`, `holds ${values.length} numbers`, 'give one');
      return values?.[0];
    },
    text(name) {
      const path = `${group}/${name}`;
      const value = file.isDataset(path) ? file.text(path) : file.has(group) ? file.attribute(group, name) : undefined;
      return value === undefined ? undefined : String(value).replace(/\0.*$/s, '').trim();
    },
  };
}

function required<T>({ place }: Fields, name: string, value: T | undefined): T {
  if (value === undefined) throw badInput(place, `holds no ${name}`, 'write the file again');
  return value;
}

function readSpan(fields: Fields, spinCount: number): SpinSpan {
  const type = fields.text('type') ?? 'AllSpins';
  if (type === 'AllSpins') return { first: 0, last: spinCount - 1, step: 1 };
  if (type !== 'SpinRange') throw badInput(fields.place, `type '${type}' is not known`, 'give AllSpins or SpinRange');
  return parseSpan(fields.place, required(fields, 'range', fields.text('range')), spinCount);
}

function readTime(fields: Fields): TimeCurve {
  const type = fields.text('type');
  const number = (name: string): number => required(fields, name, fields.number(name));
  if (type === undefined) return AT_ONCE;
  if (type === 'TimeRange') return checkTimeCurve(fields.place, timeRange(number('t_start'), number('t_end')));
  if (type === 'Periodic')
    return checkTimeCurve(fields.place, sawTooth(number('period'), number('asymmetry'), fields.place));
  if (type !== 'TimeCurve')
    throw badInput(fields.place, `type '${type}' is not known`, 'give TimeCurve, TimeRange or Periodic');
  const periodic = fields.text('periodic') ?? 'false';
  if (!['true', 'false', '0', '1'].includes(periodic))
    throw badInput(`${fields.place} periodic`, `is '${periodic}'`, 'give true or false');
  return checkTimeCurve(fields.place, {
    t: required(fields, 't', fields.numbers('t')),
    unit: required(fields, 't_unit', fields.numbers('t_unit')),
    periodic: periodic === 'true' || periodic === '1',
    periods: fields.numbers('periods') ?? Float64Array.of(1),
  });
}

/** Rising during the fraction `asymmetry` of the period and falling in the rest. */
function sawTooth(period: number, asymmetry: number, place: string): TimeCurve {
  if (!(asymmetry >= 0 && asymmetry <= 1)) throw badInput(place, `asymmetry is ${asymmetry}`, 'give 0 to 1');
  const knots =
    asymmetry === 0
      ? [
          [0, 1],
          [period, 0],
        ]
      : asymmetry === 1
        ? [
            [0, 0],
            [period, 1],
          ]
        : undefined;
  const [t, unit] = [0, 1].map((n) =>
    Float64Array.from(
      (
        knots ?? [
          [0, 0],
          [asymmetry * period, 1],
          [period, 0],
        ]
      ).map((knot) => knot[n]),
    ),
  );
  return { t, unit, periodic: true, periods: Float64Array.of(1) };
}

function readAction(file: Hdf5Reader, group: string, spins: number, old: boolean): Action {
  const fields = fieldsOf(file, group);
  const type = required(fields, 'type', fields.text('type'));
  const number = (name: string): number => required(fields, name, fields.number(name));
  switch (type) {
    case 'Translate':
      return { type, dx: number('dx'), dy: number('dy'), dz: number('dz') };
    case 'Rotate':
      return {
        type,
        pitch: number('pitch'),
        roll: number('roll'),
        yaw: number('yaw'),
        center: readCenter(file, group, old),
      };
    case 'HeartBeat':
      return {
        type,
        circumferential: number('circumferential_strain'),
        radial: number('radial_strain'),
        longitudinal: number('longitudinal_strain'),
      };
    case 'Path':
    case 'FlowPath':
      return { type, nodes: readNodes(file, group, spins, type === 'FlowPath') };
    default:
      throw badInput(
        fields.place,
        `action '${type}' is not known`,
        'give Translate, Rotate, HeartBeat, Path or FlowPath',
      );
  }
}

function readCenter(file: Hdf5Reader, group: string, old: boolean): Vector | 'CenterOfMass' {
  const path = `${group}/center`;
  const attribute = file.attribute(group, 'center');
  if (attribute === undefined && !file.isDataset(path)) return old ? [0, 0, 0] : 'CenterOfMass';
  if (typeof attribute === 'string') return parseCenter(`${file.path} ${path}`, attribute);
  if (attribute !== undefined) return parseCenter(`${file.path} ${path}`, [attribute].flat().join(','));
  return parseCenter(`${file.path} ${path}`, textOrNumbers(file, path));
}

function textOrNumbers(file: Hdf5Reader, path: string): string {
  try {
    return file.text(path);
  } catch {
    const { shape, read } = file.numbers(path);
    return Array.from(read(shape.map((extent) => [0, extent]))).join(',');
  }
}

function readNodes(file: Hdf5Reader, group: string, spins: number, flow: boolean): PathNodes {
  const names = ['dx', 'dy', 'dz', ...(flow ? ['spin_reset'] : [])];
  const arrays = names.map((name) => file.numbers(`${group}/${name}`));
  const [{ shape }] = arrays;
  for (const array of arrays) {
    if (array.shape.length === 2 && array.shape[1] === spins && array.shape[0] === shape[0] && shape[0] >= 2) continue;
    const what = `has shape ${array.shape.join(' × ')}, but its span has ${spins} spins`;
    throw badInput(
      array.place,
      what,
      `give [nodes, ${spins}], with the same number of nodes in all arrays, at least two`,
    );
  }
  const count = shape[0];
  return {
    ...{ count, spins, flow },
    read(first, width) {
      const slice = ({ read }: NumberDataset) =>
        read([
          [0, count],
          [first, first + width],
        ]);
      const [x, y, z, reset] = arrays.map(slice);
      const block: NodeBlock = { x, y, z, ...(flow ? { reset } : {}) };
      for (const [axis, values] of [x, y, z].entries()) checkNodes(arrays[axis].place, values, first, width);
      if (flow) checkFlags(arrays[3], reset, first, width);
      file.requireUnchanged();
      return block;
    },
  };
}

function checkFlags({ place }: NumberDataset, flags: ArrayLike<number>, first: number, width: number): void {
  for (let n = 0; n < flags.length; n++) {
    if (flags[n] === 0 || flags[n] === 1) continue;
    const what = `flag of spin ${first + (n % width) + 1}, node ${Math.floor(n / width) + 1} is ${flags[n]}`;
    throw badInput(place, what, 'give 0 or 1');
  }
}

/** Whether a version such as `0.9.0-DEV` is before another; false where there is none. */
function isBefore(version: unknown, than: readonly number[]): boolean {
  const found = /^(\d+)\.(\d+)\.(\d+)/.exec(String(version));
  if (found === null) return false;
  const parts = found.slice(1).map(Number);
  const n = parts.findIndex((part, i) => part !== than[i]);
  return n >= 0 && parts[n] < than[n];
}
