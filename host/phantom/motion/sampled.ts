/**
 * Movement that is not separable, piece by piece: over each piece between corners of gradients (and
 * between samples) the straight line with the mean and the first moment of the spin's displacement.
 * The phase over a whole piece is then exact, for gradients are linear there; inside pulses pieces
 * are short. Displacements are in metres from the place at rest.
 */
import type { Seconds } from '../../base/units.ts';
import { type Piece, resetNode } from './movements.ts';
import { type Measure, type MemberNodes, moversOf, nodesOf, placesOver, rowIn } from './places.ts';
import type { UnitTime } from './time-curve.ts';
import type { Motion, Path, Vector } from './types.ts';

/** Nodes and weights of Gauss and Legendre on [0, 1], order 4. */
const RULE = [0.8611363115940526, 0.3399810435848563].flatMap((x, n) => {
  const weight = [0.34785484513745385, 0.6521451548625461][n] / 2;
  return [[(1 - x) / 2, weight] as const, [(1 + x) / 2, weight] as const];
});
/**
 * How often a piece is halved to find where a radius reaches the axis: the error of a corner is the
 * square of the length of its part.
 */
const HALVINGS = 10;
/**
 * Longest part of a piece [s] within which the largest radius of a HeartBeat is a polynomial. Its
 * slope jumps where another spin becomes the farthest from the axis; the error of that, too, is
 * proportional to the square of the length.
 */
const BEAT_PART: Seconds = 25e-6;
/** Most parts of a piece: 1.6 ms in all; longer pieces are mostly pauses and get longer parts. */
const MOST_PARTS = 64;

export interface SampledNodes {
  /** [2 pieces] of [spins], along x, y, z */
  readonly columns: readonly (readonly [Float32Array, Float32Array, Float32Array])[];
  /** [2 pieces] of [spins] flags; undefined without flow */
  readonly resets?: readonly Uint8Array[];
}

/** @param measures quantities that motions derive from their spans, by time */
export function sampleMovement(
  motions: readonly Motion[],
  units: readonly UnitTime[],
  numbers: ArrayLike<number>,
  rest: { readonly x: Float32Array; readonly y: Float32Array; readonly z: Float32Array },
  pieces: readonly Piece[],
  measures: (time: Seconds) => readonly Measure[],
): SampledNodes {
  const count = numbers.length;
  const movers = moversOf(motions, numbers);
  let within = measures;
  const at = placesOver(movers, rest, (n, time) => within(time)[n]);
  const [mean, moment] = [new Float64Array(3 * count), new Float64Array(3 * count)];
  const add = (from: Seconds, to: Seconds, piece: Piece): void => {
    for (const [node, weight] of RULE) {
      const time = from + (to - from) * node;
      const s = (time - piece.from) / (piece.to - piece.from);
      const share = (weight * (to - from)) / (piece.to - piece.from);
      const { x, y, z } = at(time);
      for (const [axis, [moved, still]] of [
        [x, rest.x],
        [y, rest.y],
        [z, rest.z],
      ].entries())
        for (let n = 0; n < count; n++) {
          const shift = share * (moved[n] - still[n]);
          mean[axis * count + n] += shift;
          moment[axis * count + n] += 3 * (2 * s - 1) * shift;
        }
    }
  };
  /**
   * Adds a part of a piece, halved where a spin arrives on the axis of a HeartBeat or leaves it.
   */
  const addSmooth = (from: Seconds, to: Seconds, piece: Piece, halvings: number): void => {
    if (halvings === 0 || staysClamped(from, to)) {
      add(from, to, piece);
      return;
    }
    const middle = (from + to) / 2;
    addSmooth(from, middle, piece, halvings - 1);
    addSmooth(middle, to, piece, halvings - 1);
  };
  const beats = movers.flatMap(({ clamped }) => (clamped === undefined ? [] : [{ clamped, before: clamped.slice() }]));
  /** Whether the same spins are on the axis just after one time and just before another. */
  const staysClamped = (from: Seconds, to: Seconds): boolean => {
    if (beats.length === 0) return true;
    const inset = 1e-9 * (to - from);
    at(from + inset);
    for (const { clamped, before } of beats) before.set(clamped);
    at(to - inset);
    return beats.every(({ clamped, before }) => clamped.every((flag, n) => flag === before[n]));
  };
  const columns = pieces.flatMap((piece) => {
    mean.fill(0);
    moment.fill(0);
    const { from, to } = piece;
    const parts = beats.length === 0 ? 1 : Math.min(MOST_PARTS, Math.ceil((to - from) / BEAT_PART));
    const edge = (n: number): Seconds => from + ((to - from) * n) / parts;
    for (let n = 0; n < parts; n++) {
      within = measuresWithin(edge(n), edge(n + 1), measures);
      addSmooth(edge(n), edge(n + 1), piece, HALVINGS);
    }
    return [-1, 1].map((side) => {
      const [x, y, z] = [0, 1, 2].map((axis) =>
        Float32Array.from({ length: count }, (_, n) => mean[axis * count + n] + side * moment[axis * count + n]),
      );
      return [x, y, z] as const;
    });
  });
  const resets = resetsOf(motions, units, numbers, pieces);
  return { columns, ...(resets === undefined ? {} : { resets }) };
}

/**
 * Quantities that motions derive from their spans, within a part of a piece: polynomials through
 * their values at the nodes of the rule. Each value needs the positions of all spins of the
 * phantom, so it is evaluated at times that are the same for every tile.
 */
function measuresWithin(
  from: Seconds,
  to: Seconds,
  measures: (time: Seconds) => readonly Measure[],
): (time: Seconds) => readonly Measure[] {
  const known = RULE.map(([node]) => measures(from + (to - from) * node));
  const [first] = known;
  if (known.every((found) => found === first)) return () => first;
  return (time) => {
    const s = (time - from) / (to - from);
    const weights = RULE.map(([own]) =>
      RULE.reduce((weight, [other]) => (other === own ? weight : (weight * (s - other)) / (own - other)), 1),
    );
    const blend = (of: (measure: Measure) => number, n: number): number =>
      weights.reduce((sum, weight, node) => sum + weight * of(known[node][n]), 0);
    return first.map(({ mean, radius }, n) => ({
      ...(radius === undefined ? {} : { radius: blend((measure) => measure.radius!, n) }),
      ...(mean === undefined
        ? {}
        : { mean: [0, 1, 2].map((axis) => blend((measure) => measure.mean![axis], n)) as unknown as Vector }),
    }));
  };
}

function resetsOf(
  motions: readonly Motion[],
  units: readonly UnitTime[],
  numbers: ArrayLike<number>,
  pieces: readonly Piece[],
): Uint8Array[] | undefined {
  const flows = motions.flatMap((motion, n) => {
    const { action, spins } = motion;
    if (action.type !== 'FlowPath') return [];
    const at = Array.from({ length: numbers.length }, (_, i) => i).filter((i) => rowIn(spins, numbers[i]) >= 0);
    const members = { at, count: at.length };
    const nodes: MemberNodes = nodesOf(members, (i) => rowIn(spins, numbers[i]), (action as Path).nodes);
    return [{ motion, unit: units[n], at, nodes }];
  });
  if (flows.length === 0) return undefined;
  return pieces.flatMap(({ from, to }) => {
    const held = new Uint8Array(numbers.length);
    for (const { motion, unit, at, nodes } of flows) {
      const node = resetNode(motion, unit, from, to);
      if (node >= 0) for (const [i, spin] of at.entries()) held[spin] |= nodes.reset![node * nodes.count + i];
    }
    return [held, new Uint8Array(numbers.length)];
  });
}
