/**
 * RF events as steps of constant field (zero-order hold), which engines solve exactly, relaxation
 * included. Where B1 and gradients are constant (a block pulse, a run of equal samples) a step has
 * no error and lasts as long as they are. Where one of them varies linearly, steps are short, and
 * their fields are those of the commutator-free Magnus integrator of fourth order (Blanes and Moan,
 * Appl. Numer. Math. 56, 1519, 2006, eq. 43): the error of two steps of h together is of order h⁵.
 * B1 is given in the rotating frame of the pulse's own frequency, so an offset of many kilohertz
 * costs no extra steps.
 */

import type { Budget } from '../base/budget.ts';

import { GAMMA_BAR, type Hertz, type Seconds } from '../base/units.ts';

import { direction } from '../numerics/direction.ts';
import { GAUSS } from '../numerics/gauss-legendre.ts';
import type { RfEvent } from '../sequence/types.ts';
import { integral, type PiecewiseLinear, valueAt } from '../sequence/waveform.ts';
import type { CommonField } from './common-field.ts';
import type { MovingBlock, Stretch } from './moving.ts';
import { checkSteps } from './tables.ts';
import { type PhaseTerms, STRIDE } from './types.ts';

/**
 * Where B1 or a gradient changes during a step, steps are shorter than `maxStep` by this factor: 1
 * µs, as sampled pulses have anyway.
 */
const STEPS_PER_SLOPE = 50;

/** Duration of steps where the field changes, for the default of the longest step [s]. */
const USUAL_SLOPE_STEP = 1e-6;
/**
 * Shorter steps are used only where the change matters: if, for a spin at this distance from the
 * isocentre [m], the rotation at the end of a step differs by more than this angle [rad] from that
 * at its beginning. Eddy currents cause slopes in every pulse; below this limit shorter steps would
 * only add rounding (f32: 3e-4 at 5 ns).
 */
const REACH = 0.3;
const SLIGHT_CHANGE = 1e-5;

/** Corners of a gradient this close to the edge of an RF sample [s] count as being at that edge. */
const SAME_TIME = 1e-9;

/** Relative difference below which the durations of consecutive steps count as equal. */
const SAME_DURATION = 1e-9;

/** The same within a pair of steps that takes the mean of two slopes. */
const SAME_PAIR = 1e-6;

/**
 * Relative change of a term's rate over a piece of a pulse below which the rate counts as constant.
 */
const SAME_RATE = 1e-12;

/** Parts of a pulse shorter than this [s] come from rounding. */
const SHORTEST = 1e-13;

/**
 * Relative difference of the slopes of [B1re, B1im, Gx, Gy, Gz] above which they belong to
 * different pieces.
 */
const SAME_SLOPE = 1e-6;

const NO_TERMS: StepTerms = { count: 0, integrals: () => [] };

/** Phase terms of a pulse's steps. */
export interface StepTerms extends PhaseTerms {
  /** Corners of the terms between two times of the block. */
  corners?(from: Seconds, to: Seconds): readonly number[];
  /**
   * Whether the integrals begin with those of three gradients [T·s/m], which replace the block's
   * own.
   */
  readonly gradients?: boolean;
  /**
   * Integrals [first, end) of rates that change slowly, since spins see them change as they move:
   * steps hold their means, and last no longer than the longest step where they change.
   */
  readonly slow?: readonly [number, number];
}

/** Terms of moving spins, and the gradients in the frame that moves with them. */
export function bodyTerms(moving: MovingBlock, stretch: Stretch, count: number, gammaBar: Hertz): StepTerms {
  const within = moving.integralsWithin(stretch);
  const integrals = (_: unknown, from: number, to: number): readonly number[] => {
    const values = Array.from(within(from, to));
    for (let n = 3; n < values.length; n++) values[n] *= gammaBar;
    return values;
  };
  const { corners, slow } = moving;
  return { count, gradients: true, corners, integrals, ...(slow && { slow }) };
}

/** Duration of the event without its delay. */
export function rfDuration(rf: RfEvent): Seconds {
  return rf.time[rf.time.length - 1];
}

/**
 * [steps][dt, B1re, B1im, Gx, Gy, Gz, rates of the terms] as `Timeline.rfSteps` and `rfStepTerms`
 * document, phase offset not applied. A scan may have a different pulse in every repetition, so
 * steps are numbers in one array, without an object for each.
 * @param gradients (x, y, z) of the block, in block time
 * @param frame that the steps are given in, from the pulse's start on
 * @param part of the pulse, seconds from its start; default: all of it
 */
export function rfSteps(
  rf: RfEvent,
  gradients: readonly PiecewiseLinear[],
  maxStep: Seconds,
  budget: Budget,
  terms: StepTerms = NO_TERMS,
  frame?: TurningFrame,
  part?: { readonly from: Seconds; readonly to: Seconds },
): Float64Array {
  const linear = terms.gradients === true ? B1_FIELDS : FIELDS;
  const list = stepList(STRIDE.rfStep + terms.count, frame === undefined ? 0 : B1_FIELDS, linear);
  const more = terms.corners?.(rf.delay, rf.delay + rfDuration(rf)) ?? [];
  const times = gradients.flatMap(({ t }) => [...t]);
  const corners = [...times, ...(frame?.common.corners ?? []), ...more]
    .map((time) => time - rf.delay)
    .sort((p, q) => p - q);
  let corner = 0;
  for (const whole of spans(rf)) {
    const span = part === undefined ? whole : within(whole, part);
    if (span === undefined) continue;
    let { from } = span;
    // Without B1 only the integral of a gradient matters, not its shape.
    const silent = span.re === 0 && span.im === 0 && span.slopeRe === 0 && span.slopeIm === 0;
    for (; corner < corners.length && corners[corner] < span.to - SAME_TIME; corner++) {
      const at = corners[corner];
      if (silent || at < from + SAME_TIME) continue;
      play(list, whole, from, at, rf.delay, gradients, maxStep, budget, terms, frame);
      from = at;
    }
    play(list, whole, from, span.to, rf.delay, gradients, maxStep, budget, terms, frame);
  }
  return list.finish();
}

/** The section of a span that lies in a part of the pulse. */
function within(span: Span, part: { readonly from: Seconds; readonly to: Seconds }): Span | undefined {
  const [from, to] = [Math.max(span.from, part.from), Math.min(span.to, part.to)];
  return to - from > SHORTEST ? { ...span, from, to } : undefined;
}

interface Rates {
  readonly means: number[];
  readonly slopes: number[];
  /** Whether slow ones change. */
  readonly drifts: boolean;
}

const NO_RATES: Rates = { means: [], slopes: [], drifts: false };

/** Means of the terms' rates, and their slopes, from `from` to `to`. */
function ratesOf(terms: StepTerms, gradients: readonly PiecewiseLinear[], from: Seconds, to: Seconds): Rates {
  if (terms.count === 0 && terms.gradients !== true) return NO_RATES;
  const half = (to - from) / 2;
  const early = terms.integrals(gradients, from, from + half);
  const late = terms.integrals(gradients, from + half, to);
  const means = early.map((value, i) => (value + late[i]) / (2 * half));
  const slopes = early.map((value, i) => {
    const change = (late[i] - value) / half;
    return Math.abs(change) <= SAME_RATE * Math.abs(means[i]) ? 0 : change / half;
  });
  const [first, end] = terms.slow ?? [0, 0];
  const drifts = slopes.slice(first, end).some((slope) => slope !== 0);
  return { means, slopes: slopes.fill(0, first, end), drifts };
}

/**
 * Appends the steps of a part of a span that contains no corner of a gradient; times are in seconds
 * after `delay`.
 */
function play(
  list: ReturnType<typeof stepList>,
  { re, im, slopeRe, slopeIm, from: origin }: Span,
  from: Seconds,
  to: Seconds,
  delay: Seconds,
  gradients: readonly PiecewiseLinear[],
  maxStep: Seconds,
  budget: Budget,
  terms: StepTerms,
  frame: TurningFrame | undefined,
): void {
  const silent = re === 0 && im === 0 && slopeRe === 0 && slopeIm === 0;
  const own = terms.gradients !== true;
  const slopes = !own ? [] : silent ? [0, 0, 0] : gradients.map((gradient) => slopeOf(gradient, delay, from, to));
  const whole = ratesOf(terms, gradients, delay + from, delay + to);
  const { slopes: drift, drifts } = silent ? NO_RATES : whole;
  const turning = silent ? undefined : frame;
  // Conjugated: the field's clockwise precession against Pulseq's phases.
  const fieldAt = (time: Seconds): Field => {
    const since = time - origin;
    const field: Field = [re + slopeRe * since, -(im + slopeIm * since), slopeRe, -slopeIm];
    return turning === undefined ? field : turned(field, turning, delay, time);
  };
  /** The field of a step: its mean and the slope of its mean line. */
  const fieldOver = (begin: Seconds, dt: Seconds): Field =>
    turning === undefined ? fieldAt(begin + dt / 2) : meanOf(fieldAt, begin, dt);
  const [, , middleRe, middleIm] = fieldAt((from + to) / 2);
  const held = [middleRe, middleIm, ...slopes, ...drift].every((slope) => slope === 0);
  const stepsOf = (length: Seconds): number => Math.max(1, Math.ceil((to - from) / length - 1e-9));
  const gradientSlope = Math.hypot(...(own ? slopes : drift.slice(0, 3)));
  const termSlope = drift.slice(own ? 0 : 3).reduce((sum, slope) => sum + Math.abs(slope), 0);
  const change = 2 * Math.PI * (GAMMA_BAR * (Math.hypot(middleRe, middleIm) + REACH * gradientSlope) + termSlope);
  // Where spins only move under constant gradients their frequency changes so slowly that pairs of
  // steps as long as a sample of B1 err by less than 1e-7 of the flip angle.
  const isMotion =
    !own && middleRe === 0 && middleIm === 0 && gradients.every((gradient) => slopeOf(gradient, delay, from, to) === 0);
  const usual = isMotion ? maxStep : USUAL_SLOPE_STEP;
  const count = held
    ? stepsOf(drifts ? maxStep : to - from)
    : Math.min(
        stepsOf(maxStep / STEPS_PER_SLOPE),
        Math.max(stepsOf(usual), stepsOf(Math.sqrt(SLIGHT_CHANGE / change))),
      );
  checkSteps(budget, list.count() + count);
  let dt = (to - from) / count;
  // Samples on a raster have equal durations but for rounding, and each change of duration costs
  // the kernels time.
  const before = list.last();
  if (before !== undefined && Math.abs(dt - before) <= SAME_DURATION * dt) dt = before;
  for (let n = 0; n < count; n++) {
    const begin = delay + from + n * dt;
    const G = !own
      ? []
      : gradients.map((gradient) =>
          silent ? integral(gradient, begin, begin + dt) / dt : valueAt(gradient, begin + dt / 2),
        );
    const [stepRe, stepIm, changeRe, changeIm] = fieldOver(begin - delay, dt);
    const rates = count === 1 ? whole : ratesOf(terms, gradients, begin, begin + dt);
    list.push(
      [dt, stepRe, stepIm, ...G, ...rates.means],
      [changeRe, changeIm, ...slopes, ...(silent ? rates.slopes.map(() => 0) : rates.slopes)],
    );
  }
  if (turning !== undefined) list.end();
}

/** B1 [T] and its slope [T/s]: re, im, re, im. */
type Field = readonly [number, number, number, number];

/** Of a field that is not linear, to fourth order by Gauss and Legendre. */
function meanOf(fieldAt: (time: Seconds) => Field, begin: Seconds, dt: Seconds): Field {
  const [[early], [late]] = GAUSS[2];
  const [re, im] = fieldAt(begin + (dt / 2) * (1 + early));
  const [laterRe, laterIm] = fieldAt(begin + (dt / 2) * (1 + late));
  const apart = (dt / 2) * (late - early);
  return [(re + laterRe) / 2, (im + laterIm) / 2, (laterRe - re) / apart, (laterIm - im) / apart];
}

/** The rotating frame of a field common to all spins. */
export interface TurningFrame {
  /** In block time. */
  readonly common: CommonField;
  readonly gammaBar: Hertz;
}

/**
 * Transforms the field into the frame, which has turned clockwise since the pulse's start: in it B1
 * turns counter-clockwise.
 */
function turned(
  [re, im, slopeRe, slopeIm]: Field,
  { common, gammaBar }: TurningFrame,
  delay: Seconds,
  time: Seconds,
): Field {
  const angle = 2 * Math.PI * gammaBar * common.integral(delay, delay + time);
  const rate = 2 * Math.PI * gammaBar * common.valueAt(delay + time);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [changeRe, changeIm] = [slopeRe - rate * im, slopeIm + rate * re];
  return [re * cos - im * sin, re * sin + im * cos, changeRe * cos - changeIm * sin, changeRe * sin + changeIm * cos];
}

/**
 * A list of steps that pairs neighbours. Two consecutive steps in one linear piece are a pair: with
 * the field's slope s, the earlier passes s·(h₁² − h₁h₂ + h₂²)/6 of its integral to the later,
 * which makes their product exact to fourth order in h although each has the constant field of its
 * middle. A step without a partner is halved. Fields that are not linear (rates of terms, B1 in a
 * frame that turns) enter by their means; a pair uses the mean of its two slopes.
 * @param first of the fields that are linear between corners
 * @param linear end of them
 */
function stepList(width: number, first: number, linear: number) {
  const steps: number[] = [];
  /** The last step if it has no partner yet: where it begins, and its slopes. */
  let single: { readonly at: number; readonly slopes: readonly number[] } | undefined;
  const pair = (earlier: number, later: number, slopes: readonly number[]): void => {
    const [h1, h2] = [steps[earlier], steps[later]];
    const share = (h1 * h1 - h1 * h2 + h2 * h2) / 6;
    for (const [i, slope] of slopes.entries()) {
      steps[earlier + 1 + i] = steps[earlier + 1 + i] - (slope * share) / h1;
      steps[later + 1 + i] = steps[later + 1 + i] + (slope * share) / h2;
    }
  };
  // Steps of the mean of two slopes pass each other the right share only if they last equally long:
  // one of 50 µs would shift the field of one of 1 µs before it by the share of 50 µs.
  const areAllLinear = first === 0 && linear === width - 1;
  const isPaired = (h1: Seconds, h2: Seconds): boolean => areAllLinear || Math.abs(h1 - h2) <= SAME_PAIR * h1;
  const settle = (): void => {
    if (single === undefined) return;
    const { at, slopes } = single;
    single = undefined;
    const [dt, ...field] = steps.splice(at) as [number, ...number[]];
    for (const sign of [-1, 1]) steps.push(dt / 2, ...field.map((value, i) => value + (sign * slopes[i] * dt) / 4));
    pair(at, at + width, slopes);
  };
  return {
    last: (): Seconds | undefined => steps[steps.length - width],
    count: (): number => steps.length / width,
    push(step: readonly number[], slopes: readonly number[]): void {
      if (
        single !== undefined &&
        !(areAlike(single.slopes, slopes, first, linear) && isPaired(steps[single.at], step[0]))
      )
        settle();
      const at = steps.length;
      steps.push(...step);
      if (slopes.every((slope) => slope === 0)) return;
      if (single === undefined) {
        single = { at, slopes };
      } else {
        const { slopes: before } = single;
        const mean = (slope: number, i: number): number => (i >= first && i < linear ? slope : (slope + before[i]) / 2);
        pair(single.at, at, first === 0 && slopes.length === linear ? slopes : slopes.map(mean));
        single = undefined;
      }
    },
    /** The next step does not continue the last: B1 or a slope jumps between them. */
    end: settle,
    finish(): Float64Array {
      settle();
      return new Float64Array(steps);
    },
  };
}

/** B1re, B1im, Gx, Gy, Gz: linear between corners, unlike the rates of terms. */
const FIELDS = STRIDE.rfStep - 1;
/** For spins that rotate only B1 is linear. */
const B1_FIELDS = 2;

const areAlike = (a: readonly number[], b: readonly number[], first: number, linear: number): boolean =>
  a.every((value, i) => i < first || i >= linear || Math.abs(value - b[i]) <= SAME_SLOPE * Math.abs(value));

/**
 * Slope of a gradient that has no corner between `from` and `to` (seconds after `delay`); 0 if it
 * is constant.
 */
function slopeOf(gradient: PiecewiseLinear, delay: Seconds, from: Seconds, to: Seconds): number {
  const quarter = (to - from) / 4;
  const value = valueAt(gradient, delay + from + quarter);
  const change = valueAt(gradient, delay + to - quarter) - value;
  return Math.abs(change) <= 1e-12 * Math.abs(value) ? 0 : change / (2 * quarter);
}

/**
 * A stretch over which complex B1 is linear, re + i·im at `from` and its slope, in Pulseq's phase
 * sign [T, T/s].
 */
interface Span {
  readonly from: Seconds;
  to: Seconds;
  readonly re: number;
  readonly im: number;
  readonly slopeRe: number;
  readonly slopeIm: number;
}

function spans({ time, magnitude, phase, interpolation }: RfEvent): Span[] {
  const list: Span[] = [];
  let last: Span | undefined;
  for (let n = 0; n + 1 < time.length; n++) {
    const from = time[n];
    const to = time[n + 1];
    if (to <= from) continue;
    const [cos, sin] = direction(phase[n]);
    const re = magnitude[n] * cos;
    const im = magnitude[n] * sin;
    let slopeRe = 0;
    let slopeIm = 0;
    if (interpolation === 'linear') {
      const [nextCos, nextSin] = direction(phase[n + 1]);
      slopeRe = (magnitude[n + 1] * nextCos - re) / (to - from);
      slopeIm = (magnitude[n + 1] * nextSin - im) / (to - from);
    }
    const isHeld = slopeRe === 0 && slopeIm === 0;
    if (isHeld && last?.slopeRe === 0 && last.slopeIm === 0 && last.re === re && last.im === im) {
      last.to = to;
    } else {
      last = { from, to, re, im, slopeRe, slopeIm };
      list.push(last);
    }
  }
  return list;
}
