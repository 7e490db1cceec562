/**
 * How the spins of a group move: what a phantom gives and the compiler of a timeline takes. It is
 * here because neither of these two rooms imports from the other.
 *
 *     r(t) = A(t) r0 + Σ_i v_i(t) q_i + P(t) D(t)
 *
 * with columns q of the spin, the same r0 and q for all times, and D its displacement along a path,
 * linear in time between two nodes.
 */
import type { Seconds } from './units.ts';

export interface Movement {
  /** Columns q. */
  readonly terms: number;
  /** Whether spins of any group follow a path: six more terms are then D of two nodes. */
  readonly sliding: boolean;
  /**
   * Times since the start of the sequence at which the movement has a corner or a jump, ascending.
   */
  readonly corners: Float64Array;
  /** Angle by which A and P rotate between two times without a corner in between [rad]. */
  turn(from: Seconds, to: Seconds): number;
  /** Row-major A and P, v one vector after the other; overwritten by the next call. */
  frame(time: Seconds): { readonly A: Float64Array; readonly v: Float64Array; readonly P: Float64Array };
  readonly path?: MovementPath;
  /** Fields that are fixed in space, as moving spins experience them. */
  readonly fields?: MovingFields;
}

export interface MovingFields {
  /** The set of coil columns for a sample at a time; undefined: no coils. */
  readonly receive?: (time: Seconds) => number;
  /** The column of B1 that holds `column` (of spins at rest) at a time; undefined: no maps. */
  readonly transmit?: (time: Seconds, column: number) => number;
  /** Estimate of the largest distance that any spin moves between two times [m]. */
  shift(from: Seconds, to: Seconds): number;
}

export interface MovementPath {
  /**
   * Whether each stretch with a gradient has nodes of its own, created by `slide` (a sampled
   * movement).
   */
  readonly sampled: boolean;
  /** Whether spins may be held at equilibrium. */
  readonly flow: boolean;
  /** Position of the spins on their path between two times without a corner in between. */
  slide(from: Seconds, to: Seconds): Slide;
  /** The node at which spins that are reset there are held between two times; −1: none. */
  held(from: Seconds, to: Seconds): number;
}

/** D = (1 − s) D[node] + s D[node + 1] with s linear from `start` at `from` to `end` at `to`. */
export interface Slide {
  readonly node: number;
  readonly from: Seconds;
  readonly to: Seconds;
  readonly start: number;
  readonly end: number;
}

/** Terms of the two nodes that are in use. */
export const SLIDING = 6;
