/**
 * The operator of a pulse for one spin, each step solved exactly in f64 on the host: the reference
 * for approximations of pulses when a run is planned. Spins are drawn inside the phantom's bounds
 * from a fixed seed, so every rank decides alike.
 */
import { randomNumbers } from '../../numerics/random.ts';
import type { PhantomSource } from '../../phantom/types.ts';
import { STRIDE, type Timeline } from '../../timeline/types.ts';

/**
 * Pulses and their steps as in a timeline, including those that are only used to compose operators.
 */
export interface PulseTables {
  readonly pulses: Float64Array;
  readonly rfSteps: Float64Array;
  readonly rfStepTerms: Float64Array;
}

export interface RandomSpin {
  /** m */
  readonly r: readonly [number, number, number];
  /** off-resonance at the scanner's field [Hz] */
  readonly hertz: number;
  /** 1/s */
  readonly R1: number;
  readonly R2: number;
}

const SPINS = 12;

/**
 * Spins spread over the phantom's ranges of positions, off-resonances and rates; the first one is
 * at a corner of all three.
 */
export function randomSpins(
  { B0 }: Timeline,
  { bounds, B0: phantomB0 }: Pick<PhantomSource, 'bounds' | 'B0'>,
): RandomSpin[] {
  const random = randomNumbers(1);
  const hertz = ((bounds.maxOffResonance / (2 * Math.PI)) * B0) / phantomB0;
  return Array.from({ length: SPINS }, (_, n) => {
    const unit = (): number => (n === 0 ? 1 : random());
    const at = (axis: number): number => bounds.min[axis] + (bounds.max[axis] - bounds.min[axis]) * unit();
    const r = [at(0), at(1), at(2)] as const;
    return { r, hertz: hertz * (2 * unit() - 1), R1: unit() / bounds.minT1, R2: unit() / bounds.minT2 };
  });
}

/** Largest |A| of a step for which the series is summed, and the first term that is omitted. */
const LARGEST = 0.5;
const LEFT_OUT = 1e-14;

/**
 * [12] images of x, y, z (density 0) and of M = 0 (density 1) under `amplitude` × the B1 of a
 * pulse, in the frame of its steps.
 */
export function pulseOperator(timeline: Timeline, pulse: number, amplitude: number, spin: RandomSpin): Float64Array {
  const { pulses, rfSteps, gammaBar } = timeline;
  const [first, count, offset] = pulses.subarray(STRIDE.pulse * pulse) as unknown as [number, number, number];
  const [rx, ry, rz] = spin.r;
  let images: Float64Array = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0);
  for (let at = STRIDE.rfStep * first; at < STRIDE.rfStep * (first + count); at += STRIDE.rfStep) {
    const dt = rfSteps[at];
    const angle = 2 * Math.PI * gammaBar * dt;
    const wx = angle * amplitude * rfSteps[at + 1];
    const wy = angle * amplitude * rfSteps[at + 2];
    const along = rfSteps[at + 3] * rx + rfSteps[at + 4] * ry + rfSteps[at + 5] * rz;
    const wz = angle * along + 2 * Math.PI * dt * (spin.hertz - offset);
    images = after(exactStep(wx, wy, wz, dt * spin.R1, dt * spin.R2), images);
  }
  return images;
}

/**
 * The equation of `assembly/held-field.ts` as an affine map: its series for 2⁻ⁿ of the step,
 * squared n times.
 */
function exactStep(wx: number, wy: number, wz: number, e1: number, e2: number): Float64Array {
  const norm = Math.hypot(wx, wy, wz) + Math.max(e1, e2);
  const doublings = Math.max(0, Math.ceil(Math.log2(norm / LARGEST)));
  const part = 2 ** -doublings;
  let map: Float64Array = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0);
  for (let i = 0; i < 12; i += 3) {
    // Terms of the series: A·M + b first, then A times the term before.
    let [x, y, z] = [map[i], map[i + 1], map[i + 2]];
    let size = 1;
    for (let term = 1; size > LEFT_OUT; term++) {
      const by = part / term;
      const gained = term === 1 && i === 9 ? e1 : 0;
      const along = x * wy - y * wx - e1 * z + gained;
      [x, y] = [by * (y * wz - z * wy - e2 * x), by * (z * wx - x * wz - e2 * y)];
      z = by * along;
      size *= by * norm;
      map[i] = map[i] + x;
      map[i + 1] = map[i + 1] + y;
      map[i + 2] = map[i + 2] + z;
    }
  }
  for (let n = 0; n < doublings; n++) map = after(map, map);
  return map;
}

/** The affine map `second` after `first`, both as images. */
export function after(second: Float64Array, first: Float64Array): Float64Array {
  const both = new Float64Array(12);
  for (let i = 0; i < 12; i += 3)
    for (let axis = 0; axis < 3; axis++) {
      const [x, y, z] = [first[i], first[i + 1], first[i + 2]];
      both[i + axis] =
        second[axis] * x + second[axis + 3] * y + second[axis + 6] * z + (i === 9 ? second[axis + 9] : 0);
    }
  return both;
}
