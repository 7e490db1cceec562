/**
 * What options may be: least and most of numbers, and words. The command refuses others as it parses, the functions of the
 * package as they are called.
 */
import { usage } from '../base/errors.ts';
import { ENGINES } from '../engine/types.ts';

/** [least, most] of numbers. */
export const BOUNDS = {
  /** Tighter than 1e-6 is below what f32 holds, looser than 0.1 no signal any more. */
  tolerance: [1e-6, 0.1],
  /** s. A nanosecond is a thousandth of the finest RF raster; a second is longer than any pulse that needs steps. */
  maxRfStep: [1e-9, 1],
  /** Hz. From a minute between beats to those of a mouse. */
  heartRate: [1 / 60, 50],
  /** A ratio of a billion is beyond f32. */
  snr: [1e-6, 1e9],
  /** s; at which a noise level holds. */
  atDwell: [1e-9, 1],
} as const;

/** [least, most] of whole numbers. */
export const COUNTS = {
  /** More threads than any node has processors need gigabytes of stacks. */
  threads: [1, 1024],
  /** One spin per tile is allowed for tests; 2²⁰ spins take 40 MB per thread, beyond every cache. */
  tile: [1, 2 ** 20],
  /** More than 10⁵ would be a phantom of its own. */
  spinsPerVoxel: [1, 1e5],
  seed: [0, Number.MAX_SAFE_INTEGER],
  ranks: [1, 1_000_000],
  /** At most what one array of complex f32 holds. */
  maxPixels: [1, 2 ** 30],
} as const;

export const WORDS = {
  precision: ['f32', 'f64'],
  engine: ENGINES,
  t2prime: ['none', 'analytic', 'ensemble'],
} as const;

const find = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

/** @throws LarmorError 2 for an option that is not in these tables' bounds; options that the tables do not name pass */
export function requireWithin(options: object): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const words = find<readonly string[]>(WORDS, name);
    if (words !== undefined && !words.includes(value as string))
      throw usage(`${name} is ${shown(value)}`, `give one of ${words.join(', ')}`);
    const [least, most] = find<readonly [number, number]>({ ...BOUNDS, ...COUNTS }, name) ?? [];
    if (least === undefined || most === undefined) continue;
    const whole = Object.hasOwn(COUNTS, name);
    const sound = typeof value === 'number' && value >= least && value <= most;
    if (!sound || (whole && !Number.isSafeInteger(value)))
      throw usage(`${name} is ${shown(value)}`, `give a ${whole ? 'whole ' : ''}number from ${least} to ${most}`);
  }
}

const shown = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : String(value));
