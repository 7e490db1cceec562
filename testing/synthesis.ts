/**
 * Raw data whose image is known: k-space of points, Gaussian blobs and ellipses in closed form, on
 * any trajectory, in the form raw files are read back. Conventions are written out here from the
 * design, not taken from the room under test: s(k) = Σ ρ e^{−i2πk·r}, +x left, +y posterior, +z
 * head.
 */

import { type Flag, flagBits } from '../host/raw/flags.ts';
import type { AcquiredData, Acquisition } from '../host/raw/types.ts';
import type { Counter, Encoding, TrajectoryKind } from '../host/sequence/encoding-types.ts';

export type Vec = readonly [number, number, number];

/** k [cycles/m] → signal [re, im]. */
export type Spectrum = (k: Vec) => [number, number];

/** A blob of `total` spins, Gaussian with standard deviation `sigma` [m] (0: a point). */
export function blob(at: Vec, total = 1, sigma = 0): Spectrum {
  return (k) => {
    const height = total * Math.exp(-2 * (Math.PI * sigma) ** 2 * (k[0] ** 2 + k[1] ** 2 + k[2] ** 2));
    const angle = -2 * Math.PI * (k[0] * at[0] + k[1] * at[1] + k[2] * at[2]);
    return [height * Math.cos(angle), height * Math.sin(angle)];
  };
}

/** An ellipse in the x–y plane with `density` spins per m² and half axes a, b [m]. */
export function ellipse(at: Vec, a: number, b: number, density: number): Spectrum {
  const shift = blob(at);
  return (k) => {
    const q = Math.hypot(a * k[0], b * k[1]);
    const height = density * a * b * (q < 1e-9 ? Math.PI : besselJ1(2 * Math.PI * q) / q);
    const [re, im] = shift([k[0], k[1], 0]);
    return [height * re, height * im];
  };
}

export function sum(...parts: readonly Spectrum[]): Spectrum {
  return (k) => parts.map((part) => part(k)).reduce(([a, b], [re, im]) => [a + re, b + im], [0, 0]);
}

/**
 * J₁ by the trapezoidal rule on Bessel's integral, which converges faster than any power for a
 * periodic integrand.
 */
function besselJ1(x: number): number {
  const points = Math.ceil(Math.abs(x)) + 40;
  let total = 0;
  for (let n = 0; n < points; n++) {
    const tau = (2 * Math.PI * n) / points;
    total += Math.cos(tau - x * Math.sin(tau));
  }
  return total / points;
}

/** Properties of one readout, without its signal. */
export interface Sampled {
  /** k [cycles/m] of every sample, in the order sampled */
  readonly k: readonly Vec[];
  readonly counters?: Partial<Record<Counter, number>>;
  readonly flags?: readonly Flag[];
  readonly position?: Vec;
  readonly centerSample?: number;
  /** Leaves the trajectory out of the file, as many scanners do. */
  readonly bare?: boolean;
  /** The object of this readout, if it differs (slices, repetitions). */
  readonly object?: Spectrum;
}

export interface Space {
  readonly kind?: TrajectoryKind;
  readonly matrix: Vec;
  readonly fov: Vec;
  readonly reconMatrix?: Vec;
  readonly reconFov?: Vec;
  readonly coils?: readonly number[];
}

const ZERO: Record<Counter, number> = {
  kspace_encode_step_1: 0,
  kspace_encode_step_2: 0,
  average: 0,
  slice: 0,
  contrast: 0,
  phase: 0,
  repetition: 0,
  set: 0,
  segment: 0,
};

/** @param object of readouts without their own; scaled by coils */
export function acquire(space: Space, readouts: readonly Sampled[], object: Spectrum): AcquiredData {
  const { matrix, fov, coils = [1] } = space;
  const acquisitions = readouts.map((readout): Acquisition => {
    const { k } = readout;
    const values = k.map(readout.object ?? object);
    const data = Float32Array.from(coils.flatMap((gain) => values.flatMap(([re, im]) => [gain * re, gain * im])));
    const trajectory = Float32Array.from(k.flatMap((at) => at.map((c, a) => (c * fov[a]) / matrix[a])));
    return {
      counters: { ...ZERO, ...readout.counters },
      flags: flagBits(readout.flags ?? []),
      encodingSpace: 0,
      samples: k.length,
      centerSample: readout.centerSample ?? Math.floor(k.length / 2),
      dwell: 1e-5,
      start: 0,
      piece: 0,
      pieces: 1,
      data,
      ...(readout.bare ? { dimensions: 0 } : { trajectory, dimensions: 3 }),
      position: readout.position ?? [0, 0, 0],
      readDirection: [1, 0, 0],
      phaseDirection: [0, 1, 0],
      sliceDirection: [0, 0, 1],
    };
  });
  const limits = Object.fromEntries(
    Object.keys(ZERO).map((name) => [name, { minimum: 0, maximum: 0, center: 0 }]),
  ) as Record<Counter, { minimum: number; maximum: number; center: number }>;
  for (const [name, n] of [
    ['kspace_encode_step_1', matrix[1]],
    ['kspace_encode_step_2', matrix[2]],
  ] as const) {
    limits[name] = { minimum: 0, maximum: n - 1, center: Math.floor(n / 2) };
  }
  return {
    kind: space.kind ?? 'other',
    encodedMatrix: matrix,
    encodedFov: fov,
    reconMatrix: space.reconMatrix ?? matrix,
    reconFov: space.reconFov ?? fov,
    limits: limits as Encoding['limits'],
    coils: coils.length,
    acquisitions,
  };
}

/** k [cycles/m] of step n of N over a field of view: 0 at floor(N/2). */
const step = (n: number, N: number, fov: number): number => (n - Math.floor(N / 2)) / fov;

/**
 * Lines along x, one per (y, z) step.
 * @param alternate every second line is sampled backwards, as in EPI
 * @param shift of the samples along the line [samples], in the order sampled
 */
export function lines(
  { matrix, fov }: Space,
  { alternate = false, shift = 0, bare = false }: { alternate?: boolean; shift?: number; bare?: boolean } = {},
): Sampled[] {
  const [nx, ny, nz] = matrix;
  return Array.from({ length: ny * nz }, (_, l) => {
    const [y, z] = [l % ny, Math.floor(l / ny)];
    const reversed = alternate && l % 2 === 1;
    const k = Array.from({ length: nx }, (_, n): Vec => {
      const kx = step(reversed ? nx - 1 - n : n, nx, fov[0]) + ((reversed ? -1 : 1) * shift) / fov[0];
      return [kx, step(y, ny, fov[1]), nz === 1 ? 0 : step(z, nz, fov[2])];
    });
    return {
      k,
      counters: { kspace_encode_step_1: y, kspace_encode_step_2: z },
      flags: reversed ? (['ACQ_IS_REVERSE'] as const) : [],
      centerSample: reversed ? nx - 1 - Math.floor(nx / 2) : Math.floor(nx / 2),
      bare,
    };
  });
}

/**
 * Spokes through the centre over half a turn, `samples` each, out to N/2 cycles per field of view.
 */
export function radial({ matrix, fov }: Space, spokes: number, samples: number): Sampled[] {
  return Array.from({ length: spokes }, (_, s) => {
    const angle = (Math.PI * s) / spokes;
    const k = Array.from({ length: samples }, (_, n): Vec => {
      const r = ((n - (samples - 1) / 2) / (samples - 1)) * (matrix[0] / fov[0]);
      return [r * Math.cos(angle), r * Math.sin(angle), 0];
    });
    return { k, counters: { kspace_encode_step_1: s } };
  });
}

/** Archimedean spirals out to N/2, neighbouring turns `pitch`/FOV apart. */
export function spiral({ matrix, fov }: Space, arms: number, samples: number, pitch = 0.9): Sampled[] {
  const turns = matrix[0] / (2 * pitch * arms);
  return Array.from({ length: arms }, (_, arm) => ({
    k: Array.from({ length: samples }, (_, n): Vec => {
      const part = (n / (samples - 1)) ** 0.7;
      const angle = 2 * Math.PI * (turns * part + arm / arms);
      const r = (part * matrix[0]) / (2 * fov[0]);
      return [r * Math.cos(angle), r * Math.sin(angle), 0];
    }),
    counters: { kspace_encode_step_1: arm },
  }));
}

/**
 * EPI whose samples also fall on the ramps of a trapezoid: `samples` evenly spaced in time, a third
 * of it on either ramp.
 */
export function rampSampledEpi(space: Space, samples: number): Sampled[] {
  const { matrix, fov } = space;
  const area = (t: number): number => {
    const ramp = 0.25;
    if (t < ramp) return (t * t) / (2 * ramp);
    if (t > 1 - ramp) return 1 - ramp - ((1 - t) * (1 - t)) / (2 * ramp);
    return t - ramp / 2;
  };
  return lines(space, { alternate: true }).map((line, l) => ({
    ...line,
    k: Array.from({ length: samples }, (_, n): Vec => {
      const part = area((n + 0.5) / samples) / area(1) - 0.5;
      return [((l % 2 === 1 ? -1 : 1) * part * matrix[0]) / fov[0], line.k[0][1], 0];
    }),
  }));
}
