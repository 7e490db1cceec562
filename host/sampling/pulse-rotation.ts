/**
 * The effect of a pulse on a spin, in f64 on the host: the net rotation at one position, and the
 * pulse reduced to an instantaneous rotation at its centre with the gradient moments before and
 * after it. Used by the phase graph and the choice of sub-voxel spins; the signal itself is
 * computed by the kernels from the same steps. dM/dt = γ M × B, so a step rotates M by −2πγ̄|B|·dt
 * about B = (B1re, B1im, G·r + (Δf − offset)/γ̄). Relaxation is neglected; pulse-operators.ts adds
 * it from the means of `AXIS`.
 */
import { STRIDE, type Timeline } from '../timeline/types.ts';

/**
 * A pulse's steps averaged over groups: enough for a slice profile to a few parts in a thousand.
 */
const MERGED_STEPS = 128;

/**
 * [dt, B1re, B1im, Gx, Gy, Gz] of a pulse, neighbouring steps averaged until at most about
 * `MERGED_STEPS` are left.
 */
export function mergedSteps({ pulses, rfSteps }: Timeline, pulse: number): Float64Array {
  const first = pulses[STRIDE.pulse * pulse];
  const steps = pulses[STRIDE.pulse * pulse + 1];
  const group = Math.max(1, Math.ceil(steps / MERGED_STEPS));
  const merged = new Float64Array(STRIDE.rfStep * Math.ceil(steps / group));
  for (let n = 0; n < steps; n++) {
    const from = STRIDE.rfStep * (first + n);
    const to = STRIDE.rfStep * Math.floor(n / group);
    const dt = rfSteps[from];
    merged[to] = merged[to] + dt;
    for (let i = 1; i < STRIDE.rfStep; i++) merged[to + i] = merged[to + i] + dt * rfSteps[from + i];
  }
  for (let at = 0; at < merged.length; at += STRIDE.rfStep)
    for (let i = 1; i < STRIDE.rfStep; i++) merged[at + i] = merged[at + i] / (merged[at] || 1);
  return merged;
}

/**
 * The rotation as it acts on M+ = Mx + iMy, M− = M+* and Mz: M+′ = A·M+ + B·M− + C·Mz,  Mz′ = D·M+
 * + D*·M− + E·Mz. Real and imaginary parts: [A, B, C, D, E], E real.
 */
export type Rotation = Float64Array;
export const ROTATION = { A: 0, B: 2, C: 4, D: 6, E: 8, length: 9 } as const;

/**
 * With U(t) the rotation until t and n(t) = Uᵀ(t)·e_z the direction that relaxes by T1 then, where
 * it was before the pulse: ∫n dt over a pulse, and ∫n·nᵀ dt by its xx, yy, zz, xy, xz, yz.
 */
export const AXIS = { mean: 0, spread: 3, length: 9 } as const;

/**
 * Net rotation of merged steps in the frame of the pulse, where the spin is `detuning(G)` off
 * resonance [Hz].
 * @param into offset of the result in `rotation`
 * @param axes takes the integrals of `AXIS` from `axesInto` on, where they are wanted
 */
export function rotate(
  steps: Float64Array,
  gammaBar: number,
  position: readonly [number, number, number],
  offset: number,
  rotation: Rotation,
  into = 0,
  axes?: Float64Array,
  axesInto = 0,
): void {
  let w = 1;
  let x = 0;
  let y = 0;
  let z = 0;
  for (let at = 0; at < steps.length; at += STRIDE.rfStep) {
    const bx = gammaBar * steps[at + 1];
    const by = gammaBar * steps[at + 2];
    const bz =
      gammaBar * (steps[at + 3] * position[0] + steps[at + 4] * position[1] + steps[at + 5] * position[2]) + offset;
    const hertz = Math.sqrt(bx * bx + by * by + bz * bz);
    if (axes !== undefined) addAxis(axes, axesInto, steps[at] / (hertz === 0 ? 1 : 2), w, x, y, z);
    if (hertz === 0) continue;
    const half = Math.PI * hertz * steps[at];
    const c = Math.cos(half);
    const s = -Math.sin(half) / hertz;
    const qx = s * bx;
    const qy = s * by;
    const qz = s * bz;
    const nw = c * w - qx * x - qy * y - qz * z;
    const nx = c * x + qx * w + qy * z - qz * y;
    const ny = c * y + qy * w + qz * x - qx * z;
    const nz = c * z + qz * w + qx * y - qy * x;
    w = nw;
    x = nx;
    y = ny;
    z = nz;
    if (axes !== undefined) addAxis(axes, axesInto, steps[at] / 2, w, x, y, z);
  }
  // Columns of the matrix: where unit vectors along x, y, z go; then the same on M+, M−, Mz.
  const xx = 1 - 2 * (y * y + z * z);
  const yy = 1 - 2 * (x * x + z * z);
  const [yx, xy] = [2 * (x * y + w * z), 2 * (x * y - w * z)];
  const [zx, xz] = [2 * (x * z - w * y), 2 * (x * z + w * y)];
  const [zy, yz] = [2 * (y * z + w * x), 2 * (y * z - w * x)];
  rotation[into + ROTATION.A] = (xx + yy) / 2;
  rotation[into + ROTATION.A + 1] = (yx - xy) / 2;
  rotation[into + ROTATION.B] = (xx - yy) / 2;
  rotation[into + ROTATION.B + 1] = (yx + xy) / 2;
  rotation[into + ROTATION.C] = xz;
  rotation[into + ROTATION.C + 1] = yz;
  rotation[into + ROTATION.D] = zx / 2;
  rotation[into + ROTATION.D + 1] = -zy / 2;
  rotation[into + ROTATION.E] = 1 - 2 * (x * x + y * y);
}

/** Adds n and n·nᵀ of the rotation by a quaternion, for a time. */
function addAxis(axes: Float64Array, at: number, time: number, w: number, x: number, y: number, z: number): void {
  const nx = 2 * (x * z - w * y);
  const ny = 2 * (y * z + w * x);
  const nz = 1 - 2 * (x * x + y * y);
  axes[at] += time * nx;
  axes[at + 1] += time * ny;
  axes[at + 2] += time * nz;
  axes[at + 3] += time * nx * nx;
  axes[at + 4] += time * ny * ny;
  axes[at + 5] += time * nz * nz;
  axes[at + 6] += time * nx * ny;
  axes[at + 7] += time * nx * nz;
  axes[at + 8] += time * ny * nz;
}

/** The same rotation for B1 turned by `phase`: M± turn with it. */
export function withPhase(rotation: Rotation, phase: number): Rotation {
  const turned = rotation.slice();
  const turn = (at: number, angle: number): void => {
    const [c, s, re, im] = [Math.cos(angle), Math.sin(angle), rotation[at], rotation[at + 1]];
    turned[at] = c * re - s * im;
    turned[at + 1] = c * im + s * re;
  };
  turn(ROTATION.B, 2 * phase);
  turn(ROTATION.C, phase);
  turn(ROTATION.D, -phase);
  return turned;
}

/** A pulse as an instantaneous rotation of the spins on resonance, at its centre. */
export interface HardPulse {
  readonly rotation: Rotation;
  /**
   * γ̄∫G dt [cycles/m] and time [s] from the pulse's start to its centre, and from there to its
   * end: [kx, ky, kz, dt].
   */
  readonly before: Float64Array;
  readonly after: Float64Array;
  /** Gradient that selects, mean while B1 is on [T/m]; zero for a pulse that does not select. */
  readonly gradient: readonly [number, number, number];
  /**
   * Thickness of the slice, and its middle along the gradient from the origin [m]; Infinity for a
   * pulse that does not select.
   */
  readonly thickness: number;
  readonly position: number;
}

/**
 * Bandwidth × duration above which a pulse under a gradient selects a slice: a rectangle has 1, a
 * Gaussian 2, a sinc more.
 */
const SELECTIVE = 1.5;

const known = new WeakMap<Timeline, HardPulse[]>();

export function hardPulse(timeline: Timeline, pulse: number): HardPulse {
  const all = known.get(timeline) ?? [];
  known.set(timeline, all);
  all[pulse] ??= reduced(timeline, pulse);
  return all[pulse];
}

function reduced(timeline: Timeline, pulse: number): HardPulse {
  const { gammaBar, pulses } = timeline;
  const offset = pulses[STRIDE.pulse * pulse + 2];
  const steps = mergedSteps(timeline, pulse);
  let [area, moment, re, im, power, duration] = [0, 0, 0, 0, 0, 0];
  const gradient: [number, number, number] = [0, 0, 0];
  for (let at = 0; at < steps.length; at += STRIDE.rfStep) {
    const dt = steps[at];
    const size = Math.hypot(steps[at + 1], steps[at + 2]);
    area += size * dt;
    moment += size * dt * (duration + dt / 2);
    re += steps[at + 1] * dt;
    im += steps[at + 2] * dt;
    power += size * size * dt;
    for (let axis = 0; axis < 3; axis++) gradient[axis] += size * dt * steps[at + 3 + axis];
    duration += dt;
  }
  const centre = area > 0 ? moment / area : duration / 2;
  for (let axis = 0; axis < 3; axis++) gradient[axis] = area > 0 ? gradient[axis] / area : 0;
  // By Parseval's theorem, the width of a pulse's spectrum if it were a rectangle.
  const bandwidth = power / (re * re + im * im || 1e-300);
  const strength = gammaBar * Math.hypot(...gradient);
  const selects = strength > 0 && bandwidth * duration > SELECTIVE;
  const base = new Float64Array(ROTATION.length);
  rotate(steps, gammaBar, [0, 0, 0], 0, base);
  return {
    // The steps are given in the frame of the transmitter at time 0; at the centre the frame has
    // rotated.
    rotation: withPhase(base, -2 * Math.PI * offset * centre),
    before: momentOf(steps, gammaBar, 0, centre),
    after: momentOf(steps, gammaBar, centre, duration),
    gradient: selects ? gradient : [0, 0, 0],
    thickness: selects ? bandwidth / strength : Number.POSITIVE_INFINITY,
    position: selects ? offset / strength : 0,
  };
}

function momentOf(steps: Float64Array, gammaBar: number, from: number, to: number): Float64Array {
  const moment = new Float64Array(4);
  let time = 0;
  for (let at = 0; at < steps.length; at += STRIDE.rfStep) {
    const dt = Math.max(0, Math.min(to, time + steps[at]) - Math.max(from, time));
    for (let axis = 0; axis < 3; axis++) moment[axis] += gammaBar * steps[at + 3 + axis] * dt;
    moment[3] += dt;
    time += steps[at];
  }
  return moment;
}
