/**
 * A motion: an action on a span of spins, driven by a time curve. A phantom has a list of them;
 * `places.ts` defines the order in which they act. Displacements are in metres in the axes of the
 * phantom (LPS); gradients, pulses and coils are fixed in space.
 */
import type { Meters, Seconds } from '../../base/units.ts';

export type Vector = readonly [number, number, number];

/** Unit time u(t): linear between knots, as KomaMRI's TimeCurve. */
export interface TimeCurve {
  /** [n] knots since the start of the sequence, increasing */
  readonly t: Float64Array;
  /** [n] u at the knots */
  readonly unit: Float64Array;
  /**
   * Whether the stretch repeats for ever, in both directions. Otherwise u keeps its first and last
   * values.
   */
  readonly periodic: boolean;
  /**
   * [copies] lengths of consecutive copies of the knots, relative to the knots as given: beats of
   * unequal length
   */
  readonly periods: Float64Array;
}

/** Spins first, first + step, … up to last, counted from 0. */
export interface SpinSpan {
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

export type Action = Translate | Rotate | HeartBeat | Path;

/** r + u·(dx, dy, dz); acts after all others. */
export interface Translate {
  readonly type: 'Translate';
  readonly dx: Meters;
  readonly dy: Meters;
  readonly dz: Meters;
}

/** Rz(u·yaw)·Ry(u·roll)·Rx(u·pitch) about `center`, all right-handed [degrees]. */
export interface Rotate {
  readonly type: 'Rotate';
  readonly pitch: number;
  readonly roll: number;
  readonly yaw: number;
  /**
   * A place in space [m], or the unweighted mean of the span's spins when this motion is applied.
   */
  readonly center: Vector | 'CenterOfMass';
}

/**
 * Radial displacement u·(ε_c·ϱmax − ε_r·(ϱmax − ϱ)) about the z axis, not past it; along z u·ε_l·z.
 */
export interface HeartBeat {
  readonly type: 'HeartBeat';
  readonly circumferential: number;
  readonly radial: number;
  readonly longitudinal: number;
}

/**
 * Each spin along nodes of its own, at u = j/(nodes − 1), linear in between. A FlowPath is one
 * whose spins may be reset.
 */
export interface Path {
  readonly type: 'Path' | 'FlowPath';
  readonly nodes: PathNodes;
}

export interface PathNodes {
  /** K ≥ 2 */
  readonly count: number;
  /** Spins of the span. */
  readonly spins: number;
  /** Whether there are reset flags. */
  readonly flow: boolean;
  /**
   * Nodes of spins [first, first + count) of the span.
   * @throws LarmorError 65 if a value is not a place
   */
  read(first: number, count: number): NodeBlock;
}

export interface NodeBlock {
  /** [K][count] displacement from the place at rest [m] */
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly z: ArrayLike<number>;
  /** [K][count] 1 where the spin is reset at this node; undefined without resets */
  readonly reset?: ArrayLike<number>;
}

export interface Motion {
  /** Name for messages, such as `heart.phantom motion/motion_1`. */
  readonly place: string;
  readonly action: Action;
  readonly time: TimeCurve;
  readonly spins: SpinSpan;
  /** A path of KomaMRI 0.9.0: added after all others, as translations are. */
  readonly afterAll?: boolean;
}

/** The curve of a motion without one: at the end state for all t > 0. */
export const AT_ONCE: TimeCurve = timeRange(0, 2.2e-16);

/** u from 0 to 1 between two times; a step when they are equal. */
export function timeRange(from: Seconds, to: Seconds): TimeCurve {
  const end = to === from ? from + Math.max(2.2e-16, 2.3e-16 * Math.abs(from)) : to;
  return { t: Float64Array.of(from, end), unit: Float64Array.of(0, 1), periodic: false, periods: Float64Array.of(1) };
}

export const spanLength = ({ first, last, step }: SpinSpan): number => Math.floor((last - first) / step) + 1;
