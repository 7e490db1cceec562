/**
 * Spins at given positions play a sequence in f64 on the host, with its real pulses, for the choice
 * of sub-voxel spins: a column across a slice (column.ts) or the points of a few pixels
 * (point-trial.ts). Only a part of the sequence is played, and only the first sample of a few dozen
 * readouts is kept.
 */
import { phasor } from '../numerics/phasor.ts';
import { STRIDE, type Timeline } from '../timeline/types.ts';
import { windowsOf } from '../timeline/windows.ts';
import { pulseOfSlice, type Slice, type TissueClass, type Vector } from './phase-graph.ts';
import { cached, playPulse, pulseOperators } from './pulse-operators.ts';
import { hardPulse } from './pulse-rotation.ts';

/**
 * Number of pulses of the slice that are played after its first readout, and default number of
 * readouts compared, spread over them.
 */
export const MAX_PULSES = 300;
const MAX_READOUTS = 40;
/** Intervals whose precession is cached, 130 kB each at most. */
const MAX_CACHED = 64;

/** The part of a sequence that is played. */
export interface Steps {
  readonly list: readonly Step[];
  /** How many of them are readouts. */
  readonly readouts: number;
  /** The different intervals: k [cycles/m] and time [s]. */
  readonly intervals: readonly Interval[];
}

interface Interval {
  readonly k: Vector;
  readonly dt: number;
}

/** A pulse after an interval, or without one a readout so long after the last pulse. */
interface Step {
  readonly interval: number;
  readonly pulse?: number;
  readonly phase: number;
}

/**
 * @param wanted k of the signal at the first sample of a readout, by which readouts are
 *   demodulated; without it only moments along the normal of the slice are kept
 * @param most largest number of readouts that are compared
 */
export function stepsOf(
  timeline: Timeline,
  slice: Slice,
  wanted?: (readout: number) => Vector,
  most = MAX_READOUTS,
): Steps {
  const { direction } = slice;
  const { excitations } = timeline;
  const stride = Math.max(1, Math.floor(readoutsOf(timeline, slice) / most));
  const list: Step[] = [];
  const intervals: Interval[] = [];
  const known = new Map<string, number>();
  const k: [number, number, number] = [0, 0, 0];
  let [dt, played, seen, compared, acted] = [0, 0, 0, 0, false];
  const add = (record: ArrayLike<number>): void => {
    for (let axis = 0; axis < 3; axis++) k[axis] += record[axis];
    dt += record[3];
  };
  const interval = ([x, y, z]: Vector, dt: number): number => {
    const across = x * direction[0] + y * direction[1] + z * direction[2];
    const parts = wanted === undefined ? [across] : [x, y, z];
    const key = [...parts, dt].map((part) => part.toPrecision(10)).join(' ');
    const moment: Vector =
      wanted === undefined ? [across * direction[0], across * direction[1], across * direction[2]] : [x, y, z];
    const index = known.get(key) ?? intervals.push({ k: moment, dt }) - 1;
    known.set(key, index);
    return index;
  };
  for (const { begin, readouts, encoding } of windowsOf(timeline)) {
    if (begin !== undefined) {
      const pulse = excitations[STRIDE.excitation * begin.index];
      const hard = hardPulse(timeline, pulse);
      acted = pulseOfSlice(hard, slice);
      if (acted) {
        if (compared > 0 && ++played > MAX_PULSES) break;
        list.push({ interval: interval(k, dt), pulse, phase: excitations[STRIDE.excitation * begin.index + 1] });
        k.fill(0);
        dt = 0;
      } else {
        add(hard.before);
        add(hard.after);
      }
    }
    for (const { readout, encoding } of acted ? readouts : []) {
      if (seen++ % stride !== 0) continue;
      compared++;
      const [x, y, z] = wanted?.(readout) ?? [0, 0, 0];
      const since = [0, 1, 2].map((axis) => k[axis] + encoding[axis]) as [number, number, number];
      list.push({ interval: interval([since[0] - x, since[1] - y, since[2] - z], dt + encoding[3]), phase: 0 });
    }
    add(encoding);
  }
  return { list, readouts: compared, intervals };
}

/** Readouts of a slice among the pulses that are played. */
function readoutsOf(timeline: Timeline, slice: Slice): number {
  let [count, played, acted] = [0, 0, false];
  for (const { begin, readouts } of windowsOf(timeline)) {
    if (begin !== undefined) {
      acted = pulseOfSlice(hardPulse(timeline, timeline.excitations[STRIDE.excitation * begin.index]), slice);
      if (acted && count > 0) played++;
    }
    if (played > MAX_PULSES) break;
    if (acted) count += readouts.length;
  }
  return count;
}

/**
 * @param places [points][x, y, z], m
 * @returns function that gives Mxy of the points for a tissue, [points][readouts][re, im];
 *   overwritten by the next call
 */
export function playPoints(
  timeline: Timeline,
  steps: Steps,
  places: Float64Array,
): (tissue: TissueClass) => Float64Array {
  const operatorsOf = pulseOperators(timeline, places);
  const width = 2 * steps.readouts;
  const m = new Float64Array(places.length);
  const data = new Float64Array((places.length / 3) * width);
  return (tissue) => {
    const precessions = cached<number, Float64Array>(MAX_CACHED);
    const operators = operatorsOf(tissue);
    for (let at = 0; at < m.length; at++) m[at] = at % 3 === 2 ? 1 : 0;
    let column = 0;
    for (const { interval, pulse, phase } of steps.list) {
      const before = steps.intervals[interval];
      const precession = precessions(interval, () => precessionAt(places, before, tissue));
      if (pulse === undefined) {
        record(m, precession, data, width, column);
        column += 2;
      } else {
        playPulse(m, precession, operators(pulse), phase, Math.exp(-before.dt / tissue.T1));
      }
    }
    return data;
  };
}

/** Factors of Mxy by point: moment k [cycles/m] and off-resonance over a time, with T2. */
function precessionAt(
  places: Float64Array,
  { k: [kx, ky, kz], dt }: Interval,
  { T2, offset }: TissueClass,
): Float64Array {
  const E2 = Math.exp(-dt / T2);
  const made = new Float64Array((2 * places.length) / 3);
  for (let n = 0, at = 0; n < made.length; n += 2, at += 3) {
    phasor(-(kx * places[at] + ky * places[at + 1] + kz * places[at + 2] + offset * dt), made, n);
    made[n] *= E2;
    made[n + 1] *= E2;
  }
  return made;
}

/** Mxy of every point after the precession, as one column of [points][width]. */
function record(m: Float64Array, precession: Float64Array, data: Float64Array, width: number, column: number): void {
  for (let n = 0, at = 0, to = column; n < precession.length; n += 2, at += 3, to += width) {
    data[to] = precession[n] * m[at] - precession[n + 1] * m[at + 1];
    data[to + 1] = precession[n] * m[at + 1] + precession[n + 1] * m[at];
  }
}
