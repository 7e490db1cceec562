/** Values of motions in files: spans, centres, and the limits of actions. */
import { badInput } from '../../base/errors.ts';
import type { Action, SpinSpan, TimeCurve, Vector } from './types.ts';

/** Larger displacements [m] are in another unit. */
const FARTHEST = 100;
/**
 * More rotations than this in one action probably come from another unit, such as degrees per
 * second.
 */
const MOST_DEGREES = 3.6e6;
/** Strains beyond this are probably per cent. */
const MOST_STRAIN = 10;

/** `first:last` or `first:step:last`, counted from 1, ends included. @throws LarmorError 65 */
export function parseSpan(place: string, text: string, spinCount: number): SpinSpan {
  const parts = /^\d+(:\d+){0,2}$/.test(text) ? text.split(':').map(Number) : [];
  if (parts.length === 0) throw badInput(place, `range is '${text}'`, 'give first:last or first:step:last');
  const [first, last] = [parts[0], parts[parts.length - 1]];
  const step = parts.length === 3 ? parts[1] : 1;
  if (!(first >= 1 && last >= first && last <= spinCount && step >= 1)) {
    const what = `range ${text} is not within a phantom of ${spinCount} spins`;
    throw badInput(place, what, `give first:last or first:step:last within 1:${spinCount}`);
  }
  return { first: first - 1, last: first - 1 + step * Math.floor((last - first) / step), step };
}

/** `CenterOfMass`, or three metres with or without brackets. @throws LarmorError 65 */
export function parseCenter(place: string, text: string): Vector | 'CenterOfMass' {
  const plain = text.replace(/\0.*$/s, '').trim();
  if (plain === 'CenterOfMass') return plain;
  const numbers = plain
    .replace(/^[([]|[)\]]$/g, '')
    .split(',')
    .map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (numbers.length !== 3 || numbers.some((value) => !(Math.abs(value) <= FARTHEST)))
    throw badInput(place, `is '${plain}'`, "give CenterOfMass or three metres such as '(0.01, 0, 0)'");
  return numbers as unknown as Vector;
}

/** Throws exit 65 unless the numbers of an action are finite and of a plausible size. */
export function checkAction(place: string, action: Action, { unit }: TimeCurve): void {
  const check = (values: Readonly<Record<string, number>>, most: number, name: string): void => {
    for (const [key, value] of Object.entries(values)) {
      if (Math.abs(value) <= most) continue;
      if (!Number.isFinite(value)) throw badInput(place, `${key} is ${value}`, 'give a finite number');
      throw badInput(place, `${key} is ${value}, beyond ±${most}${name}`, 'check its unit');
    }
  };
  if (action.type === 'Translate') check({ dx: action.dx, dy: action.dy, dz: action.dz }, FARTHEST, ' m');
  else if (action.type === 'Rotate') {
    const { pitch, roll, yaw } = action;
    check({ pitch, roll, yaw }, MOST_DEGREES, ' degrees');
  } else if (action.type === 'HeartBeat') {
    const { circumferential, radial, longitudinal } = action;
    check({ circumferential, radial, longitudinal }, MOST_STRAIN, '');
  } else {
    const n = unit.findIndex((value) => !(value >= 0 && value <= 1));
    if (n >= 0)
      throw badInput(place, `t_unit is ${unit[n]} at knot ${n + 1}, where its path has no node`, 'give 0 to 1');
  }
}

/** Throws exit 65 unless all displacements of [nodes][width] spins are places. */
export function checkNodes(place: string, values: ArrayLike<number>, first: number, width: number): void {
  for (let n = 0; n < values.length; n++) {
    if (Math.abs(values[n]) <= FARTHEST) continue;
    const what = `spin ${first + (n % width) + 1}, node ${Math.floor(n / width) + 1} is ${values[n]}`;
    throw badInput(place, what, Number.isFinite(values[n]) ? 'check its unit (m)' : 'give a finite number');
  }
}
