/**
 * How the spins of a group move: made by a phantom and used by the compiler of a timeline. It is in
 * this room because neither of those two imports from the other.
 *
 *     r(t) = A(t) r0 + Σ_i v_i(t) q_i + P(t) D(t)
 *
 * with columns q of the spin, the same r0 and q for all times, and D its displacement along a path,
 * linear in time between two nodes. Fields fixed in space have a value F(r(t)) for each spin, which
 * is linear in time between two nodes of its own.
 */
import type { Seconds } from './units.ts';

export interface Movement {
  /** Columns q. */
  readonly terms: number;
  /**
   * Whether the only column is 1 for all spins of the run: v then adds the same phase to all of
   * them, and is not a term of the timeline.
   */
  readonly common?: boolean;
  /**
   * Whether A is the identity at all times: spins of a run with a common phase have the k-space of
   * spins at rest.
   */
  readonly isTranslation?: boolean;
  /**
   * Whether spins of any group follow a path: six more terms are then the displacements D at two
   * nodes.
   */
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

/** Fields whose value at a spin's position adds to its precession frequency. */
export interface SeenFields {
  /** Values F at a node. */
  readonly width: number;
  /**
   * Ascending from 0 to the end of the sequence; between knots p and p + 1 F runs from node 2p to
   * node 2p + 1. They are corners of the movement too.
   */
  readonly knots: Float64Array;
  /**
   * Whether the rates are not polynomials of second degree in the gradients, so that ramps need a
   * finer quadrature rule.
   */
  readonly curved?: boolean | undefined;
  /** Field along B0 per unit of each value, under gradients (x, y, z) [T per unit]. */
  rates(gradients: readonly [number, number, number]): readonly number[];
}

/**
 * A piece of time in which the sensitivities along the paths of all spins are polynomials of time:
 * Σ_k C_k·T_k(x), x from −1 at `from` to 1 at `to`, with Chebyshev's polynomials T_k and a set of
 * coil columns for each coefficient C_k.
 */
export interface CoilPiece {
  /** Number of the first set. */
  readonly set: number;
  /** Coefficients; with one, `from` may be `to`. */
  readonly terms: number;
  readonly from: Seconds;
  readonly to: Seconds;
  /** Farthest that a spin is from its place in the middle, over its distance from a wire. */
  readonly shift: number;
}

export interface MovingFields {
  /** The piece of time that holds a sample; undefined: no coils. */
  readonly receive?: (time: Seconds) => CoilPiece;
  /** The column of B1 that holds `column` (of spins at rest) at a time; undefined: no maps. */
  readonly transmit?: (time: Seconds, column: number) => number;
  readonly seen?: SeenFields;
  /** Farthest that any spin moves between two times [m]; an estimate. */
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
  /** The node at which spins that are reset there stay between two times; −1: none. */
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
const SLIDING = 6;

/**
 * Terms of a moving spin: its columns q, the values of fields at two nodes, and the displacements
 * at two nodes of a path.
 */
export function termsOf({ terms, common, sliding, fields }: Movement): number {
  return (common ? 0 : terms) + 2 * (fields?.seen?.width ?? 0) + (sliding ? SLIDING : 0);
}
