/**
 * Warnings of numbers of a phantom file that are possible but lie where those of another unit
 * would: times in ms and lengths in mm, read as seconds and metres. `checkSpins` refuses what no
 * unit explains.
 */
import type { Seconds } from '../base/units.ts';
import type { PhantomSource } from './types.ts';

/**
 * No tissue has relaxation times [s] as long as these: free water has a T1 of 4 s and a T2 of 3 s
 * at body temperature.
 */
const LONG: Readonly<Record<'minT1' | 'minT2', Seconds>> = { minT1: 30, minT2: 5 };
/** Times from here on [s] are intentional: they mean no relaxation. */
const ENDLESS: Seconds = 1e4;
/** No object in a scanner reaches farther from the isocentre [m]. */
const FAR = 2.5;

/** @param warn called once for times and once for lengths */
export function warnOfUnits(source: PhantomSource, warn: (message: string) => void): void {
  const { name, bounds } = source;
  const long = (['minT1', 'minT2'] as const).filter((key) => bounds[key] >= LONG[key] && bounds[key] < ENDLESS);
  if (long.length > 0) {
    const times = long.map((key) => `${key.slice(3)} is ${six(bounds[key])} s`).join(' and the shortest ');
    warn(`${name}: the shortest ${times}; times are in s: divide them by 1000 if they are in ms`);
  }
  warnOfReach(source, warn);
}

/** Of phantoms that no file states, too; a message that came before is not repeated. */
export function warnOfReach({ name, bounds }: PhantomSource, warn: (message: string) => void): void {
  const reach = Math.max(...[...bounds.min, ...bounds.max].map(Math.abs));
  if (reach <= FAR) return;
  const fix = 'check the unit of its positions or voxels: divide them by 1000 if mm are taken for m';
  warn(`${name}: reaches ${six(reach)} m from the isocentre; ${fix}`);
}

const six = (value: number): number => Number(value.toPrecision(6));
