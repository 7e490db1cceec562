/**
 * Writes motions into a `.phantom` in KomaMRI's current layout; node arrays stream through a block
 * of spins.
 */
import type { Group, File as H5File } from 'h5wasm/node';
import { badInput } from '../../base/errors.ts';
import type { Action, Motion, PathNodes, SpinSpan, TimeCurve } from './types.ts';

/** Spins whose nodes are written together. */
const BLOCK = 4096;

/** @param spinCount of the phantom @throws LarmorError 65 for a list that the layout cannot hold */
export function writeMotions(file: H5File, motions: readonly Motion[], spinCount: number): void {
  if (motions.length === 0) return;
  const late = motions.find(({ afterAll }) => afterAll);
  if (late !== undefined && motions.some(({ action }) => action.type === 'Rotate' || action.type === 'HeartBeat')) {
    const what = 'a path in the old layout, which is applied after rotations, cannot be converted to the new layout';
    throw badInput(late.place, what, 'make it again with a newer KomaMRI');
  }
  file.create_group('motion');
  // Read back by name: motion_10 comes before motion_2.
  const digits = String(motions.length).length;
  for (const [n, { action, time, spins }] of motions.entries()) {
    const group = `motion/motion_${String(n + 1).padStart(digits, '0')}`;
    for (const part of ['', '/action', '/time', '/spins']) file.create_group(group + part);
    writeAction(file, `${group}/action`, action);
    writeTime(file, `${group}/time`, time);
    writeSpan(groupAt(file, `${group}/spins`), spins, spinCount);
  }
}

const groupAt = (file: H5File, path: string): Group => file.get(path) as Group;

function writeAction(file: H5File, path: string, action: Action): void {
  const group = groupAt(file, path);
  const numbers = (values: Readonly<Record<string, number>>): void => {
    for (const [name, value] of Object.entries(values)) group.create_attribute(name, value, [], '<d');
  };
  group.create_attribute('type', action.type);
  if (action.type === 'Translate') numbers({ dx: action.dx, dy: action.dy, dz: action.dz });
  else if (action.type === 'Rotate') {
    numbers({ pitch: action.pitch, roll: action.roll, yaw: action.yaw });
    const { center } = action;
    if (center === 'CenterOfMass') group.create_dataset({ name: 'center', data: center });
    else group.create_attribute('center', `(${center.join(', ')})`);
  } else if (action.type === 'HeartBeat') {
    numbers({
      circumferential_strain: action.circumferential,
      radial_strain: action.radial,
      longitudinal_strain: action.longitudinal,
    });
  } else writeNodes(group, action.nodes);
}

function writeNodes(group: Group, { count, spins, flow, read }: PathNodes): void {
  const chunks = [1, Math.min(spins, BLOCK)];
  const shape = [count, spins];
  const make = (name: string, data: Float64Array | BigInt64Array, dtype: string) => {
    const dataset = group.create_dataset({ name, data: data as never, shape: [1, 1], maxshape: shape, chunks, dtype });
    dataset.resize(shape);
    return dataset;
  };
  const axes = ['dx', 'dy', 'dz'].map((name) => make(name, new Float64Array(1), '<d'));
  const resets = flow ? make('spin_reset', new BigInt64Array(1), '<q') : undefined;
  for (let first = 0; first < spins; first += BLOCK) {
    const width = Math.min(BLOCK, spins - first);
    const { x, y, z, reset } = read(first, width);
    const ranges = [
      [0, count],
      [first, first + width],
    ];
    for (const [axis, values] of [x, y, z].entries())
      axes[axis].write_slice(ranges as never, Float64Array.from(values));
    resets?.write_slice(ranges as never, BigInt64Array.from(Array.from(reset!, BigInt)) as never);
  }
}

function writeTime(file: H5File, path: string, { t, unit, periodic, periods }: TimeCurve): void {
  const group = groupAt(file, path);
  group.create_attribute('type', 'TimeCurve');
  group.create_attribute('periodic', String(periodic));
  group.create_dataset({ name: 't', data: t as Float64Array<ArrayBuffer> });
  group.create_dataset({ name: 't_unit', data: unit as Float64Array<ArrayBuffer> });
  if (periods.length === 1) group.create_attribute('periods', periods[0], [], '<d');
  else group.create_dataset({ name: 'periods', data: periods as Float64Array<ArrayBuffer> });
}

function writeSpan(group: Group, { first, last, step }: SpinSpan, spinCount: number): void {
  const all = first === 0 && last === spinCount - 1 && step === 1;
  group.create_attribute('type', all ? 'AllSpins' : 'SpinRange');
  if (!all)
    group.create_attribute('range', step === 1 ? `${first + 1}:${last + 1}` : `${first + 1}:${step}:${last + 1}`);
}
