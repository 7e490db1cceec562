/**
 * Phases of moving spins over stretches of a block:
 *
 *     ∫ g·r dt = (∫ Aᵀg dt)·r0 + Σ_i (∫ v_i·g dt) q_i + (∫ Pᵀg dt)·D
 *
 * by Gauss and Legendre between all corners of gradients and of the movement, what fields add on
 * the way likewise, and the marks (`OP.slide`, `field`, `hold`, `release`) between stretches.
 */

import {
  type CoilPiece,
  type Movement,
  type MovementPath,
  type SeenFields,
  type Slide,
  termsOf,
} from '../base/movement.ts';
import { SAME_TIME, type Seconds } from '../base/units.ts';
import { GAUSS } from '../numerics/gauss-legendre.ts';
import { type PiecewiseLinear, valueAt } from '../sequence/waveform.ts';
import type { CommonField } from './common-field.ts';
import { type Rates, smoothed } from './smooth-rates.ts';
import { OP } from './types.ts';

/**
 * A part of a block in which the nodes in use and the held spins do not change; `marks` are the ops
 * before it.
 */
export interface Stretch {
  readonly from: Seconds;
  to: Seconds;
  /** Pairs [kind, index]. */
  readonly marks: readonly (readonly [number, number])[];
  /** For a sampled movement only. */
  readonly slide?: Slide;
  /** First knot of the fields that are seen. */
  readonly knot?: number;
}

/** Phases within one block. Stretches must be requested in the order of time. */
export interface MovingBlock {
  /**
   * @param stops further times at which a sampled movement is cut
   * @param longest duration of its stretches
   */
  stretches(from: Seconds, to: Seconds, stops?: readonly Seconds[], longest?: Seconds): Stretch[];
  /**
   * [gx, gy, gz, terms] integrated from `from` to `to` within a stretch [T·s/m, T·s per unit of q].
   */
  integrals(stretch: Stretch, from: Seconds, to: Seconds): Float64Array;
  /** The same for many short parts of a stretch, which share the evaluation of the movement. */
  integralsWithin(stretch: Stretch): (from: Seconds, to: Seconds) => Float64Array;
  /** The field that all spins see alike since they all move alike; undefined: there is none. */
  readonly common?: CommonField;
  /** Corners of the movement between two times of the block. */
  corners(from: Seconds, to: Seconds): number[];
  /** Parts of a pulse's stretch in which B1 hardly changes, and the column of B1 for each. */
  played(stretch: Stretch, column: number): readonly { readonly part: Stretch; readonly transmit: number }[];
  /** Integrals [first, end) of fields, which change as slowly as spins move. */
  readonly slow?: readonly [number, number];
  /**
   * The piece in which coils are polynomials of time, in block time, that holds a sample;
   * undefined: spins do not move among coils.
   */
  sensed(time: Seconds): CoilPiece | undefined;
}

/**
 * Parts of a pulse during which spins move by at most this [m] have the B1 of their middle. The
 * error is of second order: below 1e-6 of the flip angle for a map that varies over centimetres.
 */
const SLIGHT_SHIFT = 3e-6;

/**
 * Rotation [rad] up to which two nodes, and three, have an error below 1e-13, and beyond which a
 * piece is cut.
 */
const SMALL_TURN = 1e-4;
const MODERATE_TURN = 1e-2;
const LARGEST_TURN = 0.5;

export interface MovingEncoder {
  /** A block that begins at `start` and lasts `duration`; the state is kept from block to block. */
  block(gradients: readonly PiecewiseLinear[], start: Seconds, duration: Seconds): MovingBlock;
  /** Marks for the end of the sequence: spins that are held then are at equilibrium. */
  end(): Stretch['marks'];
}

export function movingEncoder(movement: Movement): MovingEncoder {
  const { path, fields } = movement;
  const seen = fields?.seen;
  const exposed = 3 + termsOf(movement);
  const width = exposed + (movement.common ? 1 : 0);
  const sampled = path?.sampled === true;
  const state = spinState(movement);

  const block = (gradients: readonly PiecewiseLinear[], start: Seconds, duration: Seconds): MovingBlock => {
    const playing = { movement, gradients, start, width };
    const corners = (from: Seconds, to: Seconds): number[] => inside(movement.corners, from, to, start);
    return {
      corners,
      ...(movement.common && { common: commonIn(playing, duration, exposed) }),
      ...(seen && { slow: [3 + movement.terms, 3 + movement.terms + 2 * seen.width] as const }),
      sensed(time) {
        const piece = fields?.receive?.(start + time);
        return piece && { ...piece, from: piece.from - start, to: piece.to - start };
      },
      played(stretch, column) {
        const { from, to } = stretch;
        const transmit = fields?.transmit;
        if (transmit === undefined) return [{ part: stretch, transmit: column }];
        const count = Math.max(1, Math.ceil(fields!.shift(start + from, start + to) / SLIGHT_SHIFT));
        const at = (n: number): Seconds => (n === count ? to : from + ((to - from) * n) / count);
        return Array.from({ length: count }, (_, n) => ({
          part: { ...stretch, from: at(n), to: at(n + 1), marks: n === 0 ? stretch.marks : [] },
          transmit: transmit(start + (at(n) + at(n + 1)) / 2, column),
        }));
      },
      stretches(from, to, stops = [], longest = Number.POSITIVE_INFINITY) {
        if ((path === undefined && seen === undefined) || to <= from)
          return [{ from, to, marks: [], knot: state.knot() }];
        const more = sampled ? [...stops, ...edgesOf(gradients, from, to)] : [];
        const cuts = shorter(joined([...more, ...corners(from, to)], from, to), sampled ? longest : to - from);
        const stretches: Stretch[] = [];
        for (let n = 0; n + 1 < cuts.length; n++) {
          const stretch = state.stretch(playing, cuts[n], cuts[n + 1]);
          const before = stretches[stretches.length - 1];
          if (before !== undefined && stretch.marks.length === 0 && stretch.slide === undefined) before.to = stretch.to;
          else stretches.push(stretch);
        }
        return stretches;
      },
      integrals(stretch, from, to) {
        const sums = new Float64Array(width);
        for (const { rates, begin, end, turn } of smoothParts(playing, stretch, from, to))
          integrate(sums, rates, begin, end, turn);
        return sums.subarray(0, exposed);
      },
      integralsWithin(stretch) {
        const { integrals } = within(playing, stretch);
        return (from, to) => integrals(from, to).subarray(0, exposed);
      },
    };
  };
  return { block, end: state.end };
}

/** What plays in a block that begins at `start`, and the number of rates at a time of it. */
interface Playing {
  readonly movement: Movement;
  readonly gradients: readonly PiecewiseLinear[];
  readonly start: Seconds;
  readonly width: number;
}

/** Node, held spins and knot that are in use, from block to block; a change of them is a mark. */
function spinState({ path, fields }: Movement) {
  const seen = fields?.seen;
  let [node, held, knot] = [-1, -1, 0];

  /** Where spins on a path are, and the marks it takes. */
  const slideOver = (
    own: MovementPath,
    { gradients, start }: Playing,
    from: Seconds,
    to: Seconds,
    marks: [number, number][],
  ): Slide | undefined => {
    let slide: Slide | undefined;
    if (anyGradient(gradients, from, to) || (own.sampled && own.flow)) {
      slide = own.slide(start + from, start + to);
      if (slide.node !== node) marks.push([OP.slide, slide.node]);
      node = slide.node;
    }
    const next = own.flow ? own.held(start + from, start + to) : -1;
    if (next !== held) {
      if (held >= 0) marks.push([OP.release, held]);
      if (next >= 0) marks.push([OP.hold, next]);
    }
    held = next;
    return own.sampled ? slide : undefined;
  };
  return {
    knot: () => knot,
    stretch(playing: Playing, from: Seconds, to: Seconds): Stretch {
      const marks: [number, number][] = [];
      const slide = path && slideOver(path, playing, from, to, marks);
      if (seen !== undefined) {
        const next = knotBefore(seen, playing.start + (from + to) / 2);
        if (next !== knot) marks.push([OP.field, 2 * next]);
        knot = next;
      }
      return { from, to, marks, ...(slide && { slide }), ...(seen && { knot }) };
    },
    end: (): Stretch['marks'] => (held >= 0 ? [[OP.release, held]] : []),
  };
}

const edgesOf = (gradients: readonly PiecewiseLinear[], from: Seconds, to: Seconds): number[] =>
  gradients.flatMap(({ t }) => inside(t, from, to));

/** Parts between two times of a stretch in which all rates are smooth, and any is not 0. */
function smoothParts(
  { movement, gradients, start }: Playing,
  stretch: Stretch,
  from: Seconds,
  to: Seconds,
): SmoothPart[] {
  const { path, fields } = movement;
  const seen = fields?.seen;
  const cuts = joined([...edgesOf(gradients, from, to), ...inside(movement.corners, from, to, start)], from, to);
  return cuts.slice(1).flatMap((b, n): SmoothPart[] => {
    const a = cuts[n];
    const active = anyGradient(gradients, a, b);
    if (!active && seen === undefined) return [];
    // A field that is no polynomial of the gradients takes as many nodes as a moderate turn.
    const turn = Math.max(movement.turn(start + a, start + b), seen?.curved ? MODERATE_TURN : 0);
    const count = Math.max(1, Math.ceil(turn / LARGEST_TURN));
    const slide = !active ? undefined : path?.sampled === true ? stretch.slide : path?.slide(start + a, start + b);
    const rates: Rates = (sums, time, weight) =>
      addRates(sums, movement, gradients, start, time, weight, slide, stretch.knot);
    const at = (part: number): Seconds => (part === count ? b : a + ((b - a) * part) / count);
    return Array.from({ length: count }, (_, part) => ({
      ...{ rates, begin: at(part), end: at(part + 1), turn: turn / count },
    }));
  });
}

/** Rates in a stretch and their integrals, by polynomials. */
function within(playing: Playing, stretch: Stretch) {
  const { width } = playing;
  const parts = smoothParts(playing, stretch, stretch.from, stretch.to);
  const polynomials: Rates[] = [];
  const ratesIn = (n: number): Rates => {
    polynomials[n] ??= smoothed(parts[n].rates, width, parts[n].begin, parts[n].end);
    return polynomials[n];
  };
  return {
    rates(time: Seconds): Float64Array {
      const sums = new Float64Array(width);
      const n = partBefore(parts, time);
      if (n < parts.length && time >= parts[n].begin && time <= parts[n].end) ratesIn(n)(sums, time, 1);
      return sums;
    },
    integrals(from: Seconds, to: Seconds): Float64Array {
      const sums = new Float64Array(width);
      for (let n = partBefore(parts, from); n < parts.length && parts[n].begin < to; n++) {
        const { begin, end, turn } = parts[n];
        // Times may lie past the end of their stretch by rounding.
        const [a, b] = [Math.max(from, begin), end === stretch.to ? to : Math.min(to, end)];
        if (b > a) integrate(sums, ratesIn(n), a, b, (turn * (b - a)) / (end - begin));
      }
      return sums;
    },
  };
}

/** @param index of the common field among the rates */
function commonIn(playing: Playing, duration: Seconds, index: number): CommonField {
  const all = within(playing, { from: 0, to: duration, marks: [] });
  return {
    corners: inside(playing.movement.corners, 0, duration, playing.start),
    integral: (from, to) => all.integrals(from, to)[index],
    valueAt: (time) => all.rates(time)[index],
  };
}

/** A part of a stretch without corners, in which spins rotate by `turn` [rad]. */
interface SmoothPart {
  readonly rates: Rates;
  readonly begin: Seconds;
  readonly end: Seconds;
  readonly turn: number;
}

/** The last part that begins at or before a time. */
function partBefore(parts: readonly SmoothPart[], time: Seconds): number {
  let [low, high] = [0, parts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (parts[middle].begin <= time) low = middle;
    else high = middle;
  }
  return low;
}

/** Adds ∫ rates by Gauss and Legendre. */
function integrate(sums: Float64Array, rates: Rates, from: Seconds, to: Seconds, turn: number): void {
  const half = (to - from) / 2;
  const rule = GAUSS[turn < SMALL_TURN ? 2 : turn < MODERATE_TURN ? 3 : 8];
  for (const [at, weight] of rule) rates(sums, from + half * (1 + at), weight * half);
}

/** Adds the rates at a time of the block, times `weight`. */
function addRates(
  sums: Float64Array,
  movement: Movement,
  gradients: readonly PiecewiseLinear[],
  start: Seconds,
  time: Seconds,
  weight: number,
  slide: Slide | undefined,
  knot = 0,
): void {
  const { terms } = movement;
  const { A, v, P } = movement.frame(start + time);
  const values = gradients.map((gradient) => valueAt(gradient, time)) as [number, number, number];
  const [gx, gy, gz] = values.map((value) => weight * value) as [number, number, number];
  for (let axis = 0; axis < 3; axis++) sums[axis] = sums[axis] + A[axis] * gx + A[3 + axis] * gy + A[6 + axis] * gz;
  for (let term = 0; term < terms; term++) {
    const at = 3 * term;
    sums[3 + term] = sums[3 + term] + v[at] * gx + v[at + 1] * gy + v[at + 2] * gz;
  }
  const seen = movement.fields?.seen;
  const fieldsAt = 3 + terms;
  if (seen !== undefined) {
    const { width, knots } = seen;
    const late = (start + time - knots[knot]) / (knots[knot + 1] - knots[knot]);
    for (const [i, rate] of seen.rates(values).entries()) {
      sums[fieldsAt + i] = sums[fieldsAt + i] + weight * (1 - late) * rate;
      sums[fieldsAt + width + i] = sums[fieldsAt + width + i] + weight * late * rate;
    }
  }
  if (slide === undefined) return;
  const pathAt = fieldsAt + 2 * (seen?.width ?? 0);
  // Of a stretch shorter than its times resolve there is but one.
  const passed = slide.to > slide.from ? (start + time - slide.from) / (slide.to - slide.from) : 0;
  const part = slide.start + (slide.end - slide.start) * passed;
  for (let axis = 0; axis < 3; axis++) {
    const rate = P[axis] * gx + P[3 + axis] * gy + P[6 + axis] * gz;
    const at = pathAt + axis;
    sums[at] = sums[at] + (1 - part) * rate;
    sums[at + 3] = sums[at + 3] + part * rate;
  }
}

/** Whether any gradient is on between two times of the block. */
function anyGradient(gradients: readonly PiecewiseLinear[], from: Seconds, to: Seconds): boolean {
  return gradients.some((gradient) => {
    if (gradient.t.length === 0) return false;
    if (valueAt(gradient, from) !== 0 || valueAt(gradient, to, 'before') !== 0) return true;
    for (let n = firstAfter(gradient.t, from); n < gradient.t.length && gradient.t[n] < to; n++)
      if (gradient.a[n] !== 0) return true;
    return false;
  });
}

/** Both ends and the times between them, ascending, without duplicates. */
function joined(times: number[], from: Seconds, to: Seconds): number[] {
  times.sort((a, b) => a - b);
  const cuts = [from];
  for (const time of times) if (time - cuts[cuts.length - 1] > SAME_TIME && to - time > SAME_TIME) cuts.push(time);
  cuts.push(to);
  return cuts;
}

/** The same, with intervals longer than `longest` divided into equal parts. */
function shorter(cuts: readonly number[], longest: Seconds): number[] {
  return cuts.flatMap((to, n) => {
    if (n === 0) return to;
    const from = cuts[n - 1];
    const parts = Math.max(1, Math.ceil((to - from) / longest - 1e-9));
    return Array.from({ length: parts }, (_, part) =>
      part === parts - 1 ? to : from + ((to - from) * (part + 1)) / parts,
    );
  });
}

/**
 * Those of the ascending `times` that are between `from` and `to`, both relative to `start`. Found
 * by bisection.
 */
function inside(times: Float64Array, from: Seconds, to: Seconds, start: Seconds = 0): number[] {
  const found: number[] = [];
  for (let n = firstAfter(times, start + from + SAME_TIME); n < times.length; n++) {
    const time = times[n] - start;
    if (time >= to - SAME_TIME) break;
    found.push(time);
  }
  return found;
}

/** The knot that begins the piece around a time. */
const knotBefore = ({ knots }: SeenFields, time: Seconds): number =>
  Math.max(0, Math.min(knots.length - 2, firstAfter(knots, time) - 1));

/** First index n with values[n] > value. */
function firstAfter(values: Float64Array, value: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
