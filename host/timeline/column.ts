/**
 * How many layers a slice needs: one dense column of spins across the slice plays the sequence in f64, with the pulses as they are, and
 * the Fourier series of its magnetisation along the column, M(u) = Σ_b c_b e^{i2πbu}, tells what any number of layers would have seen:
 * the mean of N is c_0 + Σ_{m≠0} ±c_{mN} where the slice itself has c_0. Real pulses are rotations that vary across the slice and
 * widen every order, which the phase graph leaves out.
 */
import { fft } from '../common/fft.ts';
import { pulseOfSlice, type Slice, type TissueClass } from './phase-graph.ts';
import { hardPulse, mergedSteps, ROTATION, rotate } from './pulse-rotation.ts';
import { OP, STRIDE, type Timeline } from './types.ts';

/** Layers of the dense column: orders up to half as many cycles across the slab are told apart. */
const DENSE = 2048;
/** Pulses played after the first readout, and readouts compared. */
const MAX_PULSES = 300;
const MAX_READOUTS = 40;
/** More layers than this are not asked for. */
const MAX_LAYERS = 400;
/** Pulses × off-resonances whose rotations are kept: 150 kB each. */
const MAX_ROTATIONS = 64;

/**
 * An error that is the same in every readout is not encoded and gathers in one row of the image, as the free induction decay of a
 * refocusing pulse does: there it weighs as much more.
 */
const GATHERED = 20;

export interface LayerErrors {
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
 */
export function layerErrors(
  timeline: Timeline,
  tissue: TissueClass,
  slice: Slice,
  slab: number,
  voxel: number,
): LayerErrors {
  const voxels = Math.max(1, Math.round(slab / voxel));
  const { series, width, wanted } = columnSeries(timeline, tissue, slice, voxels * voxel);
  const share = (energy: number): number => (wanted > 0 ? Math.sqrt(energy / wanted) : 0);
  /** What so many layers see and the slice has not, by readout: [re, im]. */
  const missed = new Float64Array(width);
  const miss = (perVoxel: number): void => {
    const layers = perVoxel * voxels;
    missed.fill(0);
    for (let b = layers, m = 1; b < DENSE / 2; b += layers, m++) {
      const sign = layers % 2 === 0 && m % 2 === 1 ? -1 : 1;
      const above = b * width;
      const below = (DENSE - b) * width;
      for (let at = 0; at < width; at++) missed[at] = missed[at]! + sign * (series[above + at]! + series[below + at]!);
    }
  };
  const level = (perVoxel: number): number => {
    miss(perVoxel);
    return share(energyOf(missed));
  };
  const visible = (perVoxel: number): number => {
    const all = level(perVoxel);
    let re = 0;
    let im = 0;
    for (let at = 0; at < width; at += 2) {
      re += missed[at]!;
      im += missed[at + 1]!;
    }
    return Math.max(all, GATHERED * share((re * re + im * im) / (width / 2)));
  };
  return { level, visible, most: Math.ceil(MAX_LAYERS / voxels) };
}

/** c_b of each readout, [DENSE][width = readouts × (re, im)], b from 0 up and from −1 down as usual; `wanted`: Σ|c_0|². */
function columnSeries(
  timeline: Timeline,
  tissue: TissueClass,
  slice: Slice,
  slab: number,
): { readonly series: Float64Array; readonly width: number; readonly wanted: number } {
  const data = columnSignal(timeline, tissue, slice, slab);
  const width = data.length / DENSE;
  const series = fft(DENSE, -1)(data, new Float64Array(data.length), width / 2);
  // The first layer lies half a step inside.
  for (let b = -DENSE / 2; b < DENSE / 2; b++)
    turnRow(series, ((b + DENSE) % DENSE) * width, width, (Math.PI * b * (DENSE - 1)) / DENSE);
  return { series, width, wanted: energyOf(series.subarray(0, width)) };
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

function energyOf(values: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at]! ** 2;
  return sum;
}

/** Mxy of the dense column at the first sample of some readouts: [DENSE][readouts][re, im]. */
function columnSignal(timeline: Timeline, { T1, T2, offset }: TissueClass, slice: Slice, slab: number): Float64Array {
  const { ops, segments, excitations, pulses, readouts } = timeline;
  const { direction } = slice;
  const place = places(slice, slab);
  const readoutCount = readouts.length / STRIDE.readout;
  const stride = Math.max(1, Math.floor(readoutCount / MAX_READOUTS));
  const along = (record: ArrayLike<number>, at: number): number =>
    record[at]! * direction[0] + record[at + 1]! * direction[1] + record[at + 2]! * direction[2];

  const signals: Float64Array[] = [];
  const m = new Float64Array(3 * DENSE);
  for (let at = 2; at < m.length; at += 3) m[at] = 1;
  // Every repetition has the same few.
  const known = new Map<string, Float64Array>();
  const precession = (k: number, dt: number): Float64Array => {
    const key = `${k.toPrecision(10)} ${dt.toPrecision(10)}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    if (known.size === 64) known.clear();
    const made = precessionAlong(place, k, dt, offset, T2);
    known.set(key, made);
    return made;
  };
  let [k, dt, played, begun] = [0, 0, 0, false];
  for (let n = 0; n < ops.length; n += STRIDE.op) {
    const index = ops[n + 1]!;
    if (ops[n] === OP.precess) {
      k += along(segments, STRIDE.segment * index);
      dt += segments[STRIDE.segment * index + 3]!;
    } else if (ops[n] === OP.excite) {
      const pulse = excitations[STRIDE.excitation * index]!;
      const hard = hardPulse(timeline, pulse);
      if (begun && ++played > MAX_PULSES) break;
      if (!pulseOfSlice(hard, slice)) {
        for (const part of [hard.before, hard.after]) {
          k += along(part, 0);
          dt += part[3]!;
        }
        continue;
      }
      const decay = { T1, T2, before: dt, during: pulses[STRIDE.pulse * pulse + 3]! };
      const rotations = layerRotations(timeline, pulse, offset, slice, slab);
      playPulse(m, precession(k, dt), rotations, excitations[STRIDE.excitation * index + 1]!, decay);
      [k, dt] = [0, 0];
    } else {
      begun = true;
      if (index % stride === 0) signals.push(transverse(m, precession(k, dt)));
    }
  }
  return byLayer(signals);
}

/** [readouts][layers] → [layers][readouts], complex. */
function byLayer(signals: readonly Float64Array[]): Float64Array {
  const row = 2 * signals.length;
  const all = new Float64Array((row * (signals[0]?.length ?? 0)) / 2);
  for (let j = 0; j < signals.length; j++) {
    const signal = signals[j]!;
    for (let n = 0, at = 2 * j; n < signal.length; n += 2, at += row) {
      all[at] = signal[n]!;
      all[at + 1] = signal[n + 1]!;
    }
  }
  return all;
}

/** Along the normal of the slice, from the origin [m]. */
function places({ position }: Slice, slab: number): Float64Array {
  return Float64Array.from({ length: DENSE }, (_, n) => position + ((n + 0.5) / DENSE - 0.5) * slab);
}

/** Factors of Mxy by layer: a moment of k [cycles/m] and off-resonance [Hz] for `dt`, with T2. */
function precessionAlong(place: Float64Array, k: number, dt: number, offset: number, T2: number): Float64Array {
  const E2 = Math.exp(-dt / T2);
  const made = new Float64Array(2 * place.length);
  for (let n = 0; n < place.length; n++) {
    const angle = -2 * Math.PI * (k * place[n]! + offset * dt);
    made[2 * n] = E2 * Math.cos(angle);
    made[2 * n + 1] = E2 * Math.sin(angle);
  }
  return made;
}

function transverse(m: Float64Array, precession: Float64Array): Float64Array {
  const signal = new Float64Array(precession.length);
  for (let n = 0, at = 0; n < signal.length; n += 2, at += 3) {
    signal[n] = precession[n]! * m[at]! - precession[n + 1]! * m[at + 1]!;
    signal[n + 1] = precession[n]! * m[at + 1]! + precession[n + 1]! * m[at]!;
  }
  return signal;
}

const rotationsOf = new WeakMap<Timeline, Map<string, Float64Array>>();

/** Net rotation of a pulse in each layer. Tissues differ in it by their off-resonance alone. */
function layerRotations(timeline: Timeline, pulse: number, offset: number, slice: Slice, slab: number): Float64Array {
  const known = rotationsOf.get(timeline) ?? new Map<string, Float64Array>();
  rotationsOf.set(timeline, known);
  const key = [pulse, offset, slice.position, ...slice.direction, slab].join(' ');
  const found = known.get(key);
  if (found !== undefined) return found;
  const { pulses, gammaBar } = timeline;
  const [frame, duration] = [pulses[STRIDE.pulse * pulse + 2]!, pulses[STRIDE.pulse * pulse + 3]!];
  const steps = mergedSteps(timeline, pulse);
  const place = places(slice, slab);
  const all = new Float64Array(ROTATION.length * DENSE);
  for (let n = 0; n < DENSE; n++) {
    const at = slice.direction.map((d) => d * place[n]!) as [number, number, number];
    rotate(steps, gammaBar, at, offset - frame, all, ROTATION.length * n);
    leaveFrame(all, ROTATION.length * n, -2 * Math.PI * frame * duration);
  }
  if (known.size === MAX_ROTATIONS) known.clear();
  known.set(key, all);
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
