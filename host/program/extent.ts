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

/**
 * Largest |q| of each phase term's column: of motions, of fields at two nodes, of displacements at
 * two nodes.
 */
export function reachOf({ model }: Pick<PhantomSource, 'model'>, terms: number): number[] {
  const { terms: columns = [], node = 0 } = model?.largest ?? {};
  const fields = model?.fields?.largest ?? [];
  const own = [...columns, ...fields, ...fields];
  return Array.from({ length: terms }, (_, n) => own[n] ?? node);
}

/** Axes of a displacement. */
const AXES = 3;

/**
 * The largest |Σ weight·q| of any spin over its phase terms. Displacements at a node and at the
 * next differ by little, and their weights are often opposite.
 */
export function boundOfTerms(
  source: Pick<PhantomSource, 'model'>,
  terms: number,
): (weights: ArrayLike<number>) => number {
  const reach = reachOf(source, terms);
  const { nodes = 0, largest } = source.model ?? {};
  const slides = nodes > 0 && terms >= 2 * AXES ? terms - 2 * AXES : terms;
  const node = largest?.node ?? 0;
  const step = largest?.step ?? 2 * node;
  return (weights) => {
    let sum = 0;
    for (let n = 0; n < slides; n++) sum += Math.abs(weights[n]) * reach[n];
    for (let n = slides; n < terms - AXES; n++) {
      const [early, late] = [weights[n], weights[n + AXES]];
      const [least, both] = [Math.min(Math.abs(early), Math.abs(late)), Math.abs(early) + Math.abs(late)];
      sum += Math.min(both * node, Math.abs(early + late) * node + least * step);
    }
    return sum;
  };
}
