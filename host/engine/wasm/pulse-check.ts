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
  const [first, count, offset] = pulses.subarray(STRIDE.pulse * pulse) as unknown as [number, number, number];
  const images = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0);
  const [rx, ry, rz] = r;
  for (let step = 0; step < count; step++) {
    const at = STRIDE.rfStep * (first + step);
    const dt = rfSteps[at]!;
    const half = Math.PI * gammaBar * dt;
    const hx = half * amplitude * rfSteps[at + 1]!;
    const hy = half * amplitude * rfSteps[at + 2]!;
    const hz =
      half * (rfSteps[at + 3]! * rx + rfSteps[at + 4]! * ry + rfSteps[at + 5]! * rz) + Math.PI * dt * (hertz - offset);
    const angle = Math.sqrt(hx * hx + hy * hy + hz * hz);
    const c = Math.cos(angle);
    const f = angle === 0 ? 1 : Math.sin(angle) / angle;
    const ux = hx * f;
    const uy = hy * f;
    const uz = hz * f;
    relax(images, times[step]!, R1, R2);
    for (let i = 0; i < 12; i += 3) {
      const x = images[i]!;
      const y = images[i + 1]!;
      const z = images[i + 2]!;
      const tx = 2 * (y * uz - z * uy);
      const ty = 2 * (z * ux - x * uz);
      const tz = 2 * (x * uy - y * ux);
      images[i] = x + c * tx + ty * uz - tz * uy;
      images[i + 1] = y + c * ty + tz * ux - tx * uz;
      images[i + 2] = z + c * tz + tx * uy - ty * ux;
    }
  }
  relax(images, times[count]!, R1, R2);
  return images;
}

function relax(images: Float64Array, time: number, R1: number, R2: number): void {
  if (time === 0) return;
  const e1 = Math.exp(-time * R1);
  const e2 = Math.exp(-time * R2);
  for (let i = 0; i < 12; i += 3) {
    images[i] = images[i]! * e2;
    images[i + 1] = images[i + 1]! * e2;
    images[i + 2] = images[i + 2]! * e1;
  }
  images[11] = images[11]! + (1 - e1);
}
