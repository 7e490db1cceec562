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
  const data = columnSignal(timeline, tissue, slice, voxels * voxel);
  const readouts = data.length / (2 * DENSE);
  const series = fft(DENSE, -1)(data, new Float64Array(data.length), readouts);
  // Of term b c_b turned by half a step, as the first layer lies half a step inside.
  for (let b = -DENSE / 2; b < DENSE / 2; b++) {
    const turn = (Math.PI * b * (DENSE - 1)) / DENSE;
    const [c, s] = [Math.cos(turn), Math.sin(turn)];
    for (let at = 2 * ((b + DENSE) % DENSE) * readouts, j = 0; j < readouts; j++, at += 2) {
      const [re, im] = [series[at]!, series[at + 1]!];
      series[at] = c * re - s * im;
      series[at + 1] = c * im + s * re;
    }
  }
  let energy = 0;
  for (let at = 0; at < 2 * readouts; at++) energy += series[at]! ** 2;
  const missed = new Float64Array(2 * readouts);
  const miss = (perVoxel: number): void => {
    const layers = perVoxel * voxels;
    missed.fill(0);
    for (let b = layers, m = 1; b < DENSE / 2; b += layers, m++) {
      const sign = layers % 2 === 0 && m % 2 === 1 ? -1 : 1;
      for (const row of [2 * b * readouts, 2 * (DENSE - b) * readouts])
        for (let at = 0; at < missed.length; at++) missed[at] = missed[at]! + sign * series[row + at]!;
    }
  };
  const over = (error: number): number => (energy > 0 ? Math.sqrt(error / energy) : 0);
  const level = (perVoxel: number): number => {
    miss(perVoxel);
    return over(missed.reduce((sum, value) => sum + value * value, 0));
  };
  const visible = (perVoxel: number): number => {
    const all = level(perVoxel);
    const mean = [0, 1].map((part) => missed.reduce((sum, value, at) => sum + (at % 2 === part ? value : 0), 0));
    return Math.max(all, GATHERED * over((mean[0]! ** 2 + mean[1]! ** 2) / readouts));
  };
  return { level, visible, most: Math.ceil(MAX_LAYERS / voxels) };
}

/** Mxy of the dense column at the first sample of some readouts: [layers][readouts][re, im]. */
function columnSignal(timeline: Timeline, { T1, T2, offset }: TissueClass, slice: Slice, slab: number): Float64Array {
  const layers = DENSE;
  const { ops, segments, excitations, pulses, readouts, gammaBar } = timeline;
  const { direction, position } = slice;
  const place = Float64Array.from({ length: layers }, (_, n) => position + ((n + 0.5) / layers - 0.5) * slab);
  const readoutCount = readouts.length / STRIDE.readout;
  const stride = Math.max(1, Math.floor(readoutCount / MAX_READOUTS));
  const along = (record: ArrayLike<number>, at: number): number =>
    record[at]! * direction[0] + record[at + 1]! * direction[1] + record[at + 2]! * direction[2];

  const signals: Float64Array[] = [];
  const m = new Float64Array(3 * layers);
  for (let n = 0; n < layers; n++) m[3 * n + 2] = 1;
  const rotations = new Map<number, Float64Array>();
  // Every repetition has the same few.
  const turns = new Map<string, Float64Array>();
  const turnsOf = (k: number, dt: number): Float64Array => {
    const key = `${k.toPrecision(10)} ${dt.toPrecision(10)}`;
    const known = turns.get(key);
    if (known !== undefined) return known;
    if (turns.size === 64) turns.clear();
    const E2 = Math.exp(-dt / T2);
    const made = new Float64Array(2 * layers);
    for (let n = 0; n < layers; n++) {
      const turn = -2 * Math.PI * (k * place[n]! + offset * dt);
      made[2 * n] = E2 * Math.cos(turn);
      made[2 * n + 1] = E2 * Math.sin(turn);
    }
    turns.set(key, made);
    return made;
  };
  const precess = (k: number, dt: number): void => {
    const E1 = Math.exp(-dt / T1);
    const made = turnsOf(k, dt);
    for (let n = 0; n < layers; n++) {
      const c = made[2 * n]!;
      const s = made[2 * n + 1]!;
      const x = m[3 * n]!;
      const y = m[3 * n + 1]!;
      m[3 * n] = c * x - s * y;
      m[3 * n + 1] = c * y + s * x;
      m[3 * n + 2] = 1 + E1 * (m[3 * n + 2]! - 1);
    }
  };
  const ofPulse = (pulse: number): Float64Array => {
    const known = rotations.get(pulse);
    if (known !== undefined) return known;
    const steps = mergedSteps(timeline, pulse);
    const all = new Float64Array(ROTATION.length * layers);
    const [frame, duration] = [pulses[STRIDE.pulse * pulse + 2]!, pulses[STRIDE.pulse * pulse + 3]!];
    for (let n = 0; n < layers; n++) {
      const at = direction.map((d) => d * place[n]!) as [number, number, number];
      rotate(steps, gammaBar, at, offset - frame, all, ROTATION.length * n);
      leaveFrame(all, ROTATION.length * n, -2 * Math.PI * frame * duration);
    }
    rotations.set(pulse, all);
    return all;
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
      precess(k, dt);
      [k, dt] = [0, 0];
      turn(m, ofPulse(pulse), excitations[STRIDE.excitation * index + 1]!);
      // Relaxation during the pulse, of which the rotation has none.
      relax(m, pulses[STRIDE.pulse * pulse + 3]!, T1, T2);
    } else {
      begun = true;
      if (index % stride !== 0) continue;
      precess(k, dt);
      [k, dt] = [0, 0];
      signals.push(m.slice());
    }
  }
  const all = new Float64Array(2 * layers * signals.length);
  for (const [j, signal] of signals.entries())
    for (let n = 0; n < layers; n++) {
      all[2 * (n * signals.length + j)] = signal[3 * n]!;
      all[2 * (n * signals.length + j) + 1] = signal[3 * n + 1]!;
    }
  return all;
}

/** Mxy after the rotation turns by `angle`. */
function leaveFrame(all: Float64Array, at: number, angle: number): void {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  for (const part of [ROTATION.A, ROTATION.B, ROTATION.C]) {
    const [re, im] = [all[at + part]!, all[at + part + 1]!];
    all[at + part] = c * re - s * im;
    all[at + part + 1] = c * im + s * re;
  }
}

function relax(m: Float64Array, dt: number, T1: number, T2: number): void {
  const [E1, E2] = [Math.exp(-dt / T1), Math.exp(-dt / T2)];
  for (let at = 0; at < m.length; at += 3) {
    m[at] = E2 * m[at]!;
    m[at + 1] = E2 * m[at + 1]!;
    m[at + 2] = 1 + E1 * (m[at + 2]! - 1);
  }
}

/** Applies each layer's rotation with B1 turned by `phase`. */
function turn(m: Float64Array, all: Float64Array, phase: number): void {
  const [c, s] = [Math.cos(phase), Math.sin(phase)];
  for (let at = 0, r = 0; at < m.length; at += 3, r += ROTATION.length) {
    // Into the frame in which B1 is as stored, and back.
    const x = c * m[at]! + s * m[at + 1]!;
    const y = c * m[at + 1]! - s * m[at]!;
    const z = m[at + 2]!;
    const re = (all[r]! + all[r + 2]!) * x - (all[r + 1]! - all[r + 3]!) * y + all[r + 4]! * z;
    const im = (all[r + 1]! + all[r + 3]!) * x + (all[r]! - all[r + 2]!) * y + all[r + 5]! * z;
    m[at] = c * re - s * im;
    m[at + 1] = c * im + s * re;
    m[at + 2] = 2 * (all[r + 6]! * x - all[r + 7]! * y) + all[r + 8]! * z;
  }
}
