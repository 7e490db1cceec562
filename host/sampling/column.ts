/**
 * How many layers a slice needs: one dense column of spins across the slice plays the sequence in f64, with the pulses as they are, and
 * the Fourier series of its magnetisation along the column, M(u) = Σ_b c_b e^{i2πbu}, tells what any number of layers would have seen:
 * the mean of N is c_0 + Σ_{m≠0} ±c_{mN} where the slice itself has c_0. Real pulses are rotations that vary across the slice and
 * widen every order, which the phase graph leaves out.
 */
import { fft } from '../numerics/fft.ts';
import { OP, STRIDE, type Timeline } from '../timeline/types.ts';
import { pulseOfSlice, type Slice, type TissueClass } from './phase-graph.ts';
import { hardPulse, mergedSteps, ROTATION, rotate } from './pulse-rotation.ts';

/**
 * Layers of the dense column: orders up to half as many cycles across the slab are told apart. The finer one is played where the outer
 * half of the coarse one's orders still holds energy, as after many pulses within T2; four times the work.
 */
const COARSE = 512;
export const FINE = 2048;
/** Amplitude of the outer half of the orders over the signal, above which a column is too coarse: 1 % in each of them. */
const SETTLED = 0.3;
/** Pulses of the slice that are played after its first readout, and readouts compared, spread over them. */
const MAX_PULSES = 300;
const MAX_READOUTS = 40;
/** More layers than this are not asked for. */
const MAX_LAYERS = 400;
/** Pulses × off-resonances whose rotations are kept, 150 kB each at most; intervals whose precession is, 32 kB. */
const MAX_KEPT = 64;

/**
 * An error that is the same in every readout is not encoded and gathers in one row of the image, as the free induction decay of a
 * refocusing pulse does: there it weighs as much more.
 */
const GATHERED = 20;

export interface LayerErrors {
  /** Energy of the slice's own signal in a readout, for a density of 1 and relative to the slab. */
  readonly wanted: number;
  /** Error over the signal by the number of layers per voxel. */
  level(perVoxel: number): number;
  /** The same, or the part that gathers where that is more to be seen. */
  visible(perVoxel: number): number;
  /** No more layers than this are asked for. */
  readonly most: number;
}

/**
 * @param slab thickness that stands for the slice and its flanks [m]
 * @param voxel height of a voxel across the slice [m]; layers lie evenly in it, and voxels beside each other go on
 * @param exactly the one number of layers that will be asked about; undefined: any up to `most`
 */
export function layerTrial(
  timeline: Timeline,
  slice: Slice,
  slab: number,
  voxel: number,
  exactly?: number,
): (tissue: TissueClass) => LayerErrors {
  const voxels = Math.max(1, Math.round(slab / voxel));
  const most = Math.ceil(MAX_LAYERS / voxels);
  const [from, to] = exactly === undefined ? [1, most] : [exactly, exactly];
  const steps = stepsOf(timeline, slice);
  const coarse = denseColumn(timeline, steps, slice, voxels * voxel, COARSE);
  const missed = new Float64Array(2 * steps.readouts);
  let fine: Column | undefined;
  return (tissue) => {
    let series = coarse(tissue);
    if (outerShare(series) > SETTLED) {
      fine ??= denseColumn(timeline, steps, slice, voxels * voxel, FINE);
      series = fine(tissue);
    }
    // The next tissue overwrites the series, so all that may be asked is computed now.
    const errors = Array.from({ length: to - from + 1 }, (_, n) => errorsOf(series, voxels * (from + n), missed));
    return {
      wanted: series.wanted / series.dense ** 2 / steps.readouts,
      level: (perVoxel) => errors[perVoxel - from]!.level,
      visible: (perVoxel) => errors[perVoxel - from]!.visible,
      most,
    };
  };
}

/** dense × c_b of each readout, [dense][width = readouts × (re, im)], b from 0 up and from −1 down as usual; `wanted`: Σ|dense × c_0|². */
interface Series {
  readonly values: Float64Array;
  readonly dense: number;
  readonly width: number;
  readonly wanted: number;
}

/** What so many layers see and the slice has not. @param missed scratch, [width] */
function errorsOf(
  { values, dense, width, wanted }: Series,
  layers: number,
  missed: Float64Array,
): { readonly level: number; readonly visible: number } {
  missed.fill(0);
  for (let b = layers, m = 1; b < dense / 2; b += layers, m++) {
    const sign = layers % 2 === 0 && m % 2 === 1 ? -1 : 1;
    const above = b * width;
    const below = (dense - b) * width;
    for (let at = 0; at < width; at++) missed[at] = missed[at]! + sign * (values[above + at]! + values[below + at]!);
  }
  const share = (energy: number): number => (wanted > 0 ? Math.sqrt(energy / wanted) : 0);
  const level = share(energyOf(missed));
  let re = 0;
  let im = 0;
  for (let at = 0; at < width; at += 2) {
    re += missed[at]!;
    im += missed[at + 1]!;
  }
  return { level, visible: Math.max(level, GATHERED * share((re * re + im * im) / (width / 2))) };
}

/** Amplitude of the orders that a column of half as many layers would not tell apart, over the signal. */
function outerShare({ values, dense, width, wanted }: Series): number {
  return Math.sqrt(energyOf(values.subarray((dense / 4) * width, ((3 * dense) / 4) * width)) / (wanted || 1));
}

function energyOf(values: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at]! ** 2;
  return sum;
}

/** The part of a sequence that a column plays. */
interface Steps {
  readonly list: readonly Step[];
  /** How many of them are readouts. */
  readonly readouts: number;
  /** The different intervals: k along the slice's normal [cycles/m] and time [s]. */
  readonly intervals: readonly { readonly k: number; readonly dt: number }[];
}

/** A pulse after an interval, or without one a readout so long after the last pulse. */
interface Step {
  readonly interval: number;
  readonly pulse?: number;
  readonly phase: number;
}

function stepsOf(timeline: Timeline, slice: Slice): Steps {
  const { direction } = slice;
  const { ops, segments, excitations } = timeline;
  const stride = Math.max(1, Math.floor(readoutsOf(timeline, slice) / MAX_READOUTS));
  const along = (record: ArrayLike<number>, at: number): number =>
    record[at]! * direction[0] + record[at + 1]! * direction[1] + record[at + 2]! * direction[2];
  const list: Step[] = [];
  const intervals: { k: number; dt: number }[] = [];
  const known = new Map<string, number>();
  let [k, dt, played, seen, compared, acted] = [0, 0, 0, 0, 0, false];
  const interval = (): number => {
    const key = `${k.toPrecision(10)} ${dt.toPrecision(10)}`;
    const index = known.get(key) ?? intervals.push({ k, dt }) - 1;
    known.set(key, index);
    return index;
  };
  for (let n = 0; n < ops.length; n += STRIDE.op) {
    const index = ops[n + 1]!;
    if (ops[n] === OP.precess) {
      k += along(segments, STRIDE.segment * index);
      dt += segments[STRIDE.segment * index + 3]!;
    } else if (ops[n] === OP.excite) {
      const pulse = excitations[STRIDE.excitation * index]!;
      const hard = hardPulse(timeline, pulse);
      acted = pulseOfSlice(hard, slice);
      if (acted) {
        if (compared > 0 && ++played > MAX_PULSES) break;
        list.push({ interval: interval(), pulse, phase: excitations[STRIDE.excitation * index + 1]! });
        [k, dt] = [0, 0];
      } else {
        k += along(hard.before, 0) + along(hard.after, 0);
        dt += hard.before[3]! + hard.after[3]!;
      }
    } else if (acted && seen++ % stride === 0) {
      compared++;
      list.push({ interval: interval(), phase: 0 });
    }
  }
  return { list, readouts: compared, intervals };
}

/** Readouts of a slice among the pulses that are played. */
function readoutsOf(timeline: Timeline, slice: Slice): number {
  const { ops, excitations } = timeline;
  let [count, played, acted] = [0, 0, false];
  for (let n = 0; n < ops.length && played <= MAX_PULSES; n += STRIDE.op) {
    if (ops[n] === OP.excite) {
      acted = pulseOfSlice(hardPulse(timeline, excitations[STRIDE.excitation * ops[n + 1]!]!), slice);
      if (acted && count > 0) played++;
    } else if (ops[n] === OP.read && acted) count++;
  }
  return count;
}

/** Plays the steps for a tissue; what it gives is overwritten by the next. */
type Column = (tissue: TissueClass) => Series;

function denseColumn(timeline: Timeline, steps: Steps, slice: Slice, slab: number, dense: number): Column {
  const play = playColumn(timeline, steps, slice, slab, dense);
  const width = 2 * steps.readouts;
  const work = new Float64Array(dense * width);
  return (tissue) => {
    const values = fft(dense, -1)(play(tissue), work, steps.readouts);
    // The first layer lies half a step inside.
    for (let b = -dense / 2; b < dense / 2; b++)
      turnRow(values, ((b + dense) % dense) * width, width, (Math.PI * b * (dense - 1)) / dense);
    return { values, dense, width, wanted: energyOf(values.subarray(0, width)) };
  };
}

/** Mxy of the finer column for a tissue, [FINE][readouts][re, im]; overwritten by the next. */
export function columnSignal(timeline: Timeline, slice: Slice, slab: number): (tissue: TissueClass) => Float64Array {
  return playColumn(timeline, stepsOf(timeline, slice), slice, slab, FINE);
}

function playColumn(
  timeline: Timeline,
  steps: Steps,
  slice: Slice,
  slab: number,
  dense: number,
): (tissue: TissueClass) => Float64Array {
  const place = Float64Array.from({ length: dense }, (_, n) => slice.position + ((n + 0.5) / dense - 0.5) * slab);
  const rotations = kept<string>();
  const width = 2 * steps.readouts;
  const m = new Float64Array(3 * dense);
  const data = new Float64Array(dense * width);
  return (tissue) => {
    const precessions = kept<number>();
    const { T1, T2, offset } = tissue;
    for (let at = 0; at < m.length; at++) m[at] = at % 3 === 2 ? 1 : 0;
    let column = 0;
    for (const { interval, pulse, phase } of steps.list) {
      const before = steps.intervals[interval]!;
      const precession = precessions(interval, () => precessionAlong(place, before, tissue));
      if (pulse === undefined) {
        record(m, precession, data, width, column);
        column += 2;
      } else {
        const rotation = rotations(`${pulse} ${offset}`, () => layerRotations(timeline, pulse, offset, slice, place));
        const during = timeline.pulses[STRIDE.pulse * pulse + 3]!;
        playPulse(m, precession, rotation, phase, { T1, T2, before: before.dt, during });
      }
    }
    return data;
  };
}

/** Every repetition asks for the same few. */
function kept<K>(): (key: K, make: () => Float64Array) => Float64Array {
  const known = new Map<K, Float64Array>();
  return (key, make) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    if (known.size === MAX_KEPT) known.clear();
    const made = make();
    known.set(key, made);
    return made;
  };
}

function turnRow(series: Float64Array, from: number, width: number, angle: number): void {
  const c = Math.cos(angle);
  const s = Math.sin(angle);
  for (let at = from; at < from + width; at += 2) {
    const re = series[at]!;
    const im = series[at + 1]!;
    series[at] = c * re - s * im;
    series[at + 1] = c * im + s * re;
  }
}

/** Factors of Mxy by layer: a moment of k [cycles/m] and off-resonance for a time, with T2. */
function precessionAlong(
  place: Float64Array,
  { k, dt }: { readonly k: number; readonly dt: number },
  { T2, offset }: TissueClass,
): Float64Array {
  const E2 = Math.exp(-dt / T2);
  const made = new Float64Array(2 * place.length);
  for (let n = 0; n < place.length; n++) {
    const angle = -2 * Math.PI * (k * place[n]! + offset * dt);
    made[2 * n] = E2 * Math.cos(angle);
    made[2 * n + 1] = E2 * Math.sin(angle);
  }
  return made;
}

/** Mxy of every layer after the precession, as one column of [layers][width]. */
function record(m: Float64Array, precession: Float64Array, data: Float64Array, width: number, column: number): void {
  for (let n = 0, at = 0, to = column; n < precession.length; n += 2, at += 3, to += width) {
    data[to] = precession[n]! * m[at]! - precession[n + 1]! * m[at + 1]!;
    data[to + 1] = precession[n]! * m[at + 1]! + precession[n + 1]! * m[at]!;
  }
}

/** Net rotation of a pulse in each layer. Tissues differ in it by their off-resonance alone. */
function layerRotations(
  timeline: Timeline,
  pulse: number,
  offset: number,
  { direction: [x, y, z] }: Slice,
  place: Float64Array,
): Float64Array {
  const { pulses, gammaBar } = timeline;
  const [frame, duration] = [pulses[STRIDE.pulse * pulse + 2]!, pulses[STRIDE.pulse * pulse + 3]!];
  const steps = mergedSteps(timeline, pulse);
  const all = new Float64Array(ROTATION.length * place.length);
  for (let n = 0; n < place.length; n++) {
    const p = place[n]!;
    rotate(steps, gammaBar, [p * x, p * y, p * z], offset - frame, all, ROTATION.length * n);
    leaveFrame(all, ROTATION.length * n, -2 * Math.PI * frame * duration);
  }
  return all;
}

/** Mxy after the rotation turns by `angle`. */
function leaveFrame(all: Float64Array, at: number, angle: number): void {
  const c = Math.cos(angle);
  const s = Math.sin(angle);
  for (let part = at; part < at + ROTATION.D; part += 2) {
    const re = all[part]!;
    const im = all[part + 1]!;
    all[part] = c * re - s * im;
    all[part + 1] = c * im + s * re;
  }
}

/**
 * The time before a pulse and the pulse itself, in every layer: precession, the layer's rotation with B1 turned by `phase`, and relaxation
 * during the pulse, of which the rotation has none.
 */
function playPulse(
  m: Float64Array,
  precession: Float64Array,
  rotations: Float64Array,
  phase: number,
  { T1, T2, before, during }: { T1: number; T2: number; before: number; during: number },
): void {
  const c = Math.cos(phase);
  const s = Math.sin(phase);
  const E1 = Math.exp(-before / T1);
  const E1during = Math.exp(-during / T1);
  const E2during = Math.exp(-during / T2);
  for (let n = 0, at = 0, r = 0; at < m.length; n += 2, at += 3, r += ROTATION.length) {
    const mx = precession[n]! * m[at]! - precession[n + 1]! * m[at + 1]!;
    const my = precession[n]! * m[at + 1]! + precession[n + 1]! * m[at]!;
    const z = 1 + E1 * (m[at + 2]! - 1);
    // Into the frame in which B1 is as stored, and back.
    const x = c * mx + s * my;
    const y = c * my - s * mx;
    const re =
      (rotations[r]! + rotations[r + 2]!) * x - (rotations[r + 1]! - rotations[r + 3]!) * y + rotations[r + 4]! * z;
    const im =
      (rotations[r + 1]! + rotations[r + 3]!) * x + (rotations[r]! - rotations[r + 2]!) * y + rotations[r + 5]! * z;
    m[at] = E2during * (c * re - s * im);
    m[at + 1] = E2during * (c * im + s * re);
    m[at + 2] = 1 + E1during * (2 * (rotations[r + 6]! * x - rotations[r + 7]! * y) + rotations[r + 8]! * z - 1);
  }
}
