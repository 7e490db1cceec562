/**
 * How far from the origin and from resonance a phantom's spins may be: it bounds the angle of any
 * step.
 */
import type { PhantomSource } from '../phantom/types.ts';

export interface Extent {
  /** max |x|, |y|, |z| [m] */
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /** max |off-resonance| at the timeline's field [Hz] */
  readonly hertz: number;
}

/** @param B0 the timeline's field [T] */
export function extentOf({ bounds, B0: phantomB0 }: Pick<PhantomSource, 'bounds' | 'B0'>, B0: number): Extent {
  const { min, max, maxOffResonance } = bounds;
  const along = (axis: 0 | 1 | 2): number => Math.max(Math.abs(min[axis]), Math.abs(max[axis]));
  const hertz = (maxOffResonance / (2 * Math.PI)) * (B0 / phantomB0);
  return { x: along(0), y: along(1), z: along(2), hertz };
}
