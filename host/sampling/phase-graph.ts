/**
 * The orders of a sequence (the phase graph, or extended phase graph of Hennig and Weigel):
 * magnetisation that gradients have dephased is a sum M+(r) = Σ_κ F_κ e^{−i2πκ·r}, Mz(r) = Σ_κ Z_κ
 * e^{−i2πκ·r}. A pulse mixes F_κ, F*_{−κ} and Z_κ, a gradient of moment d moves F_κ to κ + d. The
 * order at the readout's own k is the wanted signal; any other order contributes only if there are
 * too few spins. Pulses act at their centres, and κ is a triple of whole multiples of `QUANTUM`, so
 * moments of several directions fit into one map.
 */

import { STRIDE, type Timeline } from '../timeline/types.ts';
import { windowsOf } from '../timeline/windows.ts';
import { orderEnergies, orderStates } from './order-states.ts';
import { type HardPulse, hardPulse, type Rotation, withPhase } from './pulse-rotation.ts';
import { tripleMap } from './triple-map.ts';

export type Vector = readonly [number, number, number];

/** Spins of one kind. */
export interface TissueClass {
  readonly T1: number;
  readonly T2: number;
  /** At the scanner's field [Hz]. */
  readonly offset: number;
}

/**
 * An order that is not the wanted one: its energy over that of the wanted order, summed over
 * readouts.
 */
export interface Order {
  /** Relative to the k of the readout [cycles/m]. */
  readonly kappa: Vector;
  readonly energy: number;
}

export interface Orders {
  /** Falling energy. */
  readonly orders: readonly Order[];
  /** Σ|F_0|² per readout, for a density of 1. */
  readonly wanted: number;
  /**
   * If there is no wanted order, because no readout sees a refocused echo: the order that the
   * readouts see most.
   */
  readonly dephased?: Vector;
  /** The most frequent net moment between two pulses [cycles/m], and the first pulse before it. */
  readonly moment: Vector;
  readonly pulse: number;
}

/**
 * Number of readouts whose orders are stored: energies of a few hundred agree with those of all to
 * a few per cent.
 */
const KEPT_READOUTS = 300;
/** States × pulses after which the graph ends: a second or less. */
const MAX_WORK = 3e6;
/**
 * An order dephased by less than this across the slice [cycles], or in the plane [cycles/m], counts
 * as the wanted one: rewinders and pulse centres are rounded.
 */
const IN_FOCUS = 0.75;
const IN_FOCUS_IN_PLANE = 1.5;
/** Energies below this do not matter: a hundredth of a per cent of the signal. */
const MIN_ENERGY = 1e-8;

/**
 * @param wanted k of the first sample of readout n since its excitation [cycles/m]
 * @param slice range of the relevant spins along the selecting gradient [m]: pulses that select
 *   elsewhere do not rotate them
 */
export function phaseGraph(
  timeline: Timeline,
  tissue: TissueClass,
  wanted: (readout: number) => Vector,
  slice = sliceOf(timeline),
): Orders {
  const all = ordersAlong(timeline, tissue, wanted, slice, [true, true, true]);
  if (all !== undefined) return all;
  // Moments whose direction changes from pulse to pulse (spokes, spirals) scatter each order over
  // thousands of states. Projected on the axis with the largest moments there are few again.
  // Therefore no order is assumed to leave the image by its moment across that axis, which
  // overestimates the echo at most twofold.
  const strength = momentsBetween(timeline);
  const most = strength.indexOf(Math.max(...strength));
  return ordersAlong(timeline, tissue, wanted, slice, [most === 0, most === 1, most === 2])!;
}

/** Σ of the squared moments between pulses, by axis. */
function momentsBetween(timeline: Timeline): number[] {
  const sums = [0, 0, 0];
  for (const { encoding, isLast } of windowsOf(timeline))
    if (!isLast) for (let axis = 0; axis < 3; axis++) sums[axis] += encoding[axis] ** 2;
  return sums;
}

/**
 * Orders with the moments between pulses along some axes only; undefined if the states along all
 * three are too many.
 */
function ordersAlong(
  timeline: Timeline,
  tissue: TissueClass,
  wanted: (readout: number) => Vector,
  slice: Slice,
  axes: readonly [boolean, boolean, boolean],
): Orders | undefined {
  const whole = axes.every(Boolean);
  const { excitations, readouts } = timeline;
  const turned = new Map<number, Rotation>();
  const state = orderStates();
  const energies = orderEnergies();
  const moments = commonMoment();
  // From the last pulse's centre: [kx, ky, kz, dt].
  const interval = new Float64Array(4);
  const add = (from: ArrayLike<number>): void => {
    for (let i = 0; i < 4; i++) interval[i] += from[i];
  };
  const toReadout = new Float64Array(4);
  const readoutCount = readouts.length / STRIDE.readout;
  const stride = Math.max(1, Math.floor(readoutCount / KEPT_READOUTS));
  let [reference, recorded, time, sinceFirst, pulse, work, acted] = [0, 0, 0, -1, -1, 0, false];
  let resting = 0;
  for (const { begin, readouts, encoding } of windowsOf(timeline)) {
    if (begin !== undefined) {
      const { index } = begin;
      const hard = hardPulse(timeline, excitations[STRIDE.excitation * index]);
      const { rotation, before, after } = hard;
      pulse++;
      add(before);
      acted = pulseOfSlice(hard, slice);
      if (!acted) add(after);
      else {
        if (!turned.has(index)) turned.set(index, withPhase(rotation, excitations[STRIDE.excitation * index + 1]));
        if (pulse > resting) moments.note(interval, pulse - 1);
        for (let axis = 0; axis < 3; axis++) if (!axes[axis]) interval[axis] = 0;
        state.shift(interval, tissue);
        if (whole && state.overflowed()) return undefined;
        state.turn(turned.get(index)!);
        time += interval[3];
        work += state.size();
        interval.set(after);
        if (work > MAX_WORK || (sinceFirst >= 0 && time - sinceFirst > 5 * tissue.T1)) break;
      }
    }
    if (readouts.length > 0) {
      if (!acted) resting = pulse;
      else if (sinceFirst < 0) sinceFirst = time;
    }
    for (const { readout, encoding } of acted ? readouts : []) {
      // Every stride-th, and not the same line of interleaved ones each time.
      if (readout % stride !== (Math.floor(readout / stride) * 7) % stride) continue;
      recorded++;
      for (let i = 0; i < 4; i++) toReadout[i] = interval[i] + encoding[i];
      reference += state.record(toReadout, tissue, wanted(readout), energies);
    }
    add(encoding);
  }
  const seen = energies.list().sort((a, b) => b.energy - a.energy);
  for (const { kappa, energy } of seen) if (inFocus(kappa, slice)) reference += energy;
  const orders = seen
    .map(({ kappa, energy }) => ({ kappa, energy: reference > 0 ? energy / reference : 0 }))
    .filter(({ kappa, energy }) => energy > MIN_ENERGY && !inFocus(kappa, slice));
  const all = reference + seen.reduce((sum, { energy }) => sum + energy, 0);
  if (reference <= MIN_ENERGY * all && seen.length > 0)
    return { orders: [], wanted: 0, dephased: seen[0].kappa, ...moments.most() };
  return { orders, wanted: recorded > 0 ? reference / recorded : 0, ...moments.most() };
}

function inFocus(kappa: Vector, { direction, thickness }: Slice): boolean {
  const across = kappa[0] * direction[0] + kappa[1] * direction[1] + kappa[2] * direction[2];
  const inPlane = Math.hypot(...kappa.map((part, axis) => part - across * direction[axis]));
  return inPlane < IN_FOCUS_IN_PLANE && (across === 0 || Math.abs(across) * thickness < IN_FOCUS);
}

/**
 * Whether all moments between pulses lie along one direction, closer to the slice's normal than to
 * its plane. Then every order other than the wanted one has a moment across the slice.
 */
export function windsOneWay(timeline: Timeline, slice: Slice): boolean {
  let direction: Vector | undefined;
  for (const [x, y, z] of momentsBetweenPulses(timeline, slice)) {
    const length = Math.hypot(x, y, z);
    // A tenth of a cycle per metre is rounding.
    if (length <= 0.1) continue;
    direction ??= [x / length, y / length, z / length];
    const [u, v, w] = direction;
    const across = x * u + y * v + z * w;
    if (Math.hypot(x - across * u, y - across * v, z - across * w) > 0.1) return false;
  }
  if (direction === undefined) return true;
  const across = direction.reduce((sum, part, axis) => sum + part * slice.direction[axis], 0);
  return Math.abs(across) > Math.SQRT1_2;
}

/**
 * k from each pulse of a slice to the next [cycles/m], with pulses taken as instantaneous. Moments
 * before the first pulse dephase nothing.
 */
export function* momentsBetweenPulses(timeline: Timeline, slice: Slice): Generator<Vector> {
  const k: [number, number, number] = [0, 0, 0];
  const add = (from: ArrayLike<number>): void => {
    for (let axis = 0; axis < 3; axis++) k[axis] += from[axis];
  };
  let begun = false;
  for (const { begin, encoding } of windowsOf(timeline)) {
    if (begin !== undefined) {
      const hard = hardPulse(timeline, timeline.excitations[STRIDE.excitation * begin.index]);
      add(hard.before);
      if (pulseOfSlice(hard, slice)) {
        if (begun) yield [...k];
        begun = true;
        k.fill(0);
      }
      add(hard.after);
    }
    add(encoding);
  }
}

/** Whether a pulse turns the spins of a slice, and does not select another. */
export function pulseOfSlice({ position, thickness }: HardPulse, slice: Slice): boolean {
  return !(Math.abs(position - slice.position) > thickness);
}

/** The middle one of the distinct slices that are read; without any, one that holds all spins. */
export function sliceOf(timeline: Timeline): Slice {
  const all = slicesOf(timeline);
  return all[all.length >> 1] ?? { position: 0, thickness: Number.POSITIVE_INFINITY, direction: [0, 0, 0] };
}

export interface Slice {
  /** Position of the middle along `direction` from the origin [m]. */
  readonly position: number;
  readonly thickness: number;
  /** Unit vector. */
  readonly direction: Vector;
}

/**
 * The distinct slices that are read, in order of appearance, each the thinnest of the pulses since
 * the previous readout; none if no pulse selects.
 */
export function slicesOf(timeline: Timeline): Slice[] {
  const slices = new Map<string, Slice>();
  const known = new Set<HardPulse>();
  let thinnest: HardPulse | undefined;
  for (const { begin, readouts } of windowsOf(timeline)) {
    if (begin !== undefined) {
      const one = hardPulse(timeline, timeline.excitations[STRIDE.excitation * begin.index]);
      if (one.thickness < (thinnest?.thickness ?? Number.POSITIVE_INFINITY)) thinnest = one;
    }
    if (readouts.length > 0 && thinnest !== undefined) {
      const { gradient, position, thickness } = thinnest;
      if (!known.has(thinnest)) {
        known.add(thinnest);
        const strength = Math.hypot(...gradient);
        const direction = gradient.map((g) => g / strength) as unknown as Vector;
        const key = [...direction, 1e3 * position].map((v) => v.toFixed(2)).join(' ');
        slices.set(key, { position, thickness, direction });
      }
      thinnest = undefined;
    }
  }
  return [...slices.values()];
}

/** The most frequent moment, to a tenth of a cycle/m, of the first thousand. */
function commonMoment(): {
  note(interval: Float64Array, pulse: number): void;
  most(): Pick<Orders, 'moment' | 'pulse'>;
} {
  const known = tripleMap(1000);
  const found: { count: number; moment: Vector; pulse: number }[] = [];
  return {
    note(interval, pulse) {
      const x = interval[0];
      const y = interval[1];
      const z = interval[2];
      if (!(x * x + y * y + z * z > 1)) return;
      const at = known.index(Math.round(10 * x), Math.round(10 * y), Math.round(10 * z));
      if (at === found.length) found.push({ count: 1, moment: [x, y, z], pulse });
      else if (at >= 0) found[at].count++;
    },
    most() {
      const { moment, pulse } = found.sort((a, b) => b.count - a.count)[0] ?? { moment: [0, 0, 0], pulse: 0 };
      return { moment, pulse };
    },
  };
}
