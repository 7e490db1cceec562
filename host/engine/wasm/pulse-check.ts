/**
 * What a pulse does to one spin, stepped in f64 on the host: the truth against which approximations of pulses are sized when a
 * run is planned. Spins are drawn inside the phantom's bounds from a fixed seed, so every rank decides alike.
 */
import { randomNumbers } from '../../common/random.ts';
import type { PhantomSource } from '../../phantom/types.ts';
import { STRIDE, type Timeline } from '../../timeline/types.ts';

/** Pulses and their steps as in a timeline, with those that only operators are made from. */
export interface PulseTables {
  readonly pulses: Float64Array;
  readonly rfSteps: Float64Array;
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

/** Spins spread over the phantom's box, off-resonances and rates; the first stands at a corner of all three. */
export function randomSpins(
  { B0 }: Timeline,
  { bounds, B0: phantomB0 }: Pick<PhantomSource, 'bounds' | 'B0'>,
): RandomSpin[] {
  const random = randomNumbers(1);
  const hertz = ((bounds.maxOffResonance / (2 * Math.PI)) * B0) / phantomB0;
  return Array.from({ length: SPINS }, (_, n) => {
    const unit = (): number => (n === 0 ? 1 : random());
    const at = (axis: number): number => bounds.min[axis]! + (bounds.max[axis]! - bounds.min[axis]!) * unit();
    const r = [at(0), at(1), at(2)] as const;
    return { r, hertz: hertz * (2 * unit() - 1), R1: unit() / bounds.minT1, R2: unit() / bounds.minT2 };
  });
}

/**
 * [12] images of x, y, z (density 0) and of M = 0 (density 1) under `amplitude` × the B1 of a pulse, in the frame of its steps.
 * @param times its `relaxationTimes`
 */
export function stepOperator(
  timeline: Timeline,
  pulse: number,
  times: Float64Array,
  amplitude: number,
  { r, hertz, R1, R2 }: RandomSpin,
): Float64Array {
  const { pulses, rfSteps, gammaBar } = timeline;
  const relax = (time: number): void => {
    const [e1, e2] = [Math.exp(-time * R1), Math.exp(-time * R2)];
    for (let i = 0; i < 12; i += 3) {
      images[i] = images[i]! * e2;
      images[i + 1] = images[i + 1]! * e2;
      images[i + 2] = images[i + 2]! * e1 + (i === 9 ? 1 - e1 : 0);
    }
  };
  const [first, count, offset] = pulses.subarray(STRIDE.pulse * pulse) as unknown as [number, number, number];
  const images = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0);
  for (let at = STRIDE.rfStep * first; at < STRIDE.rfStep * (first + count); at += STRIDE.rfStep) {
    const dt = rfSteps[at]!;
    const half = Math.PI * gammaBar * dt;
    const hx = half * amplitude * rfSteps[at + 1]!;
    const hy = half * amplitude * rfSteps[at + 2]!;
    const hz =
      half * (rfSteps[at + 3]! * r[0] + rfSteps[at + 4]! * r[1] + rfSteps[at + 5]! * r[2]) +
      Math.PI * dt * (hertz - offset);
    const angle = Math.hypot(hx, hy, hz);
    const c = Math.cos(angle);
    const f = angle === 0 ? 1 : Math.sin(angle) / angle;
    const [ux, uy, uz] = [hx * f, hy * f, hz * f];
    relax(times[at / STRIDE.rfStep - first]!);
    for (let i = 0; i < 12; i += 3) {
      const [x, y, z] = images.subarray(i) as unknown as [number, number, number];
      const [tx, ty, tz] = [2 * (y * uz - z * uy), 2 * (z * ux - x * uz), 2 * (x * uy - y * ux)];
      images[i] = x + c * tx + ty * uz - tz * uy;
      images[i + 1] = y + c * ty + tz * ux - tx * uz;
      images[i + 2] = z + c * tz + tx * uy - ty * ux;
    }
  }
  relax(times[count]!);
  return images;
}
