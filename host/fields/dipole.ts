/**
 * The field of a map of magnetic susceptibility in B0, to first order in χ and with the sphere of
 * Lorentz:
 *
 *     ΔB(k) = B0·χ(k)·(1/3 − (k·n)²/k²),  n along B0,  ΔB(0) = 0
 *
 * (Marques and Bowtell, Concepts Magn. Reson. B 25, 65, 2005). χ is relative to that of the
 * surroundings, and the grid is doubled along each axis, so that the periodic images of the
 * transform are a whole grid away. x is transformed first and only half of its spectrum is stored,
 * then y; z is doubled, transformed forward and back for one (x, y) spectrum at a time. Memory is
 * thus 2·N complex f64 numbers for N voxels, 540 MB for 256³.
 */
import { fastSize, fft } from '../numerics/fft.ts';
import type { MapData } from './map.ts';

export interface DipoleOptions {
  /** χ of the surroundings, in the map's unit. */
  readonly outside: number;
  /** Direction of B0, patient LPS. */
  readonly direction: readonly [number, number, number];
}

/** Bytes that `dipoleField` allocates for a grid. */
export function dipoleBytes([nx, ny, nz]: MapData['size']): number {
  return 16 * (fastSize(2 * nx) / 2 + 1) * fastSize(2 * ny) * nz + 8 * nx * ny * nz;
}

/** ΔB/B0 at the voxels, in the unit of χ. */
export function dipoleField({ size, steps, values }: MapData, { outside, direction }: DipoleOptions): Float64Array {
  const [nx, ny, nz] = size;
  const [Nx, Ny, Nz] = size.map((extent) => fastSize(2 * extent)) as [number, number, number];
  const P = Math.floor(Nx / 2) + 1;
  /** [ky][z][kx][re, im] */
  const spectrum = new Float64Array(2 * Ny * nz * P);
  const rows = lines(Nx, ny);
  const planes = lines(Ny, P);
  for (let z = 0; z < nz; z++) {
    rows.data.fill(0);
    for (let y = 0; y < ny; y++)
      for (let x = 0; x < nx; x++) rows.data[2 * (x * ny + y)] = values[(z * ny + y) * nx + x] - outside;
    const alongX = rows.transform(-1);
    planes.data.fill(0);
    for (let y = 0; y < ny; y++) for (let k = 0; k < P; k++) copyNumber(planes.data, y * P + k, alongX, k * ny + y);
    const alongY = planes.transform(-1);
    for (let ky = 0; ky < Ny; ky++) spectrum.set(alongY.subarray(2 * ky * P, 2 * (ky + 1) * P), 2 * (ky * nz + z) * P);
  }

  const waves = waveVectors(steps, [Nx, Ny, Nz], direction);
  const columns = lines(Nz, P);
  for (let ky = 0; ky < Ny; ky++) {
    columns.data.fill(0);
    const own = spectrum.subarray(2 * ky * nz * P, 2 * (ky + 1) * nz * P);
    columns.data.set(own);
    const alongZ = columns.transform(-1);
    for (let kz = 0; kz < Nz; kz++)
      for (let kx = 0; kx < P; kx++) {
        const factor = waves(kx, ky, kz) / (Nx * Ny * Nz);
        const at = 2 * (kz * P + kx);
        alongZ[at] = alongZ[at] * factor;
        alongZ[at + 1] = alongZ[at + 1] * factor;
      }
    columns.data.set(alongZ);
    own.set(columns.transform(1).subarray(0, own.length));
  }

  const field = new Float64Array(nx * ny * nz);
  for (let z = 0; z < nz; z++) {
    for (let ky = 0; ky < Ny; ky++)
      planes.data.set(spectrum.subarray(2 * (ky * nz + z) * P, 2 * (ky * nz + z + 1) * P), 2 * ky * P);
    const alongY = planes.transform(1);
    for (let y = 0; y < ny; y++)
      for (let k = 0; k < Nx; k++) {
        // The field is real: the other half of its spectrum is the conjugate of this one.
        const mirrored = k < P ? k : Nx - k;
        const from = 2 * (y * P + mirrored);
        rows.data[2 * (k * ny + y)] = alongY[from];
        rows.data[2 * (k * ny + y) + 1] = (k < P ? 1 : -1) * alongY[from + 1];
      }
    const alongX = rows.transform(1);
    for (let y = 0; y < ny; y++) for (let x = 0; x < nx; x++) field[(z * ny + y) * nx + x] = alongX[2 * (x * ny + y)];
  }
  return field;
}

/** A batch of lines with what their transforms need. */
function lines(length: number, batch: number) {
  const data = new Float64Array(2 * length * batch);
  const work = new Float64Array(data.length);
  return { data, transform: (sign: 1 | -1): Float64Array => fft(length, sign)(data, work, batch) };
}

function copyNumber(into: Float64Array, to: number, from: Float64Array, at: number): void {
  into[2 * to] = from[2 * at];
  into[2 * to + 1] = from[2 * at + 1];
}

/** 1/3 − (k·n)²/k² by index, for any orientation of the grid's axes; 0 at k = 0. */
function waveVectors(
  steps: MapData['steps'],
  [Nx, Ny, Nz]: readonly [number, number, number],
  direction: DipoleOptions['direction'],
): (kx: number, ky: number, kz: number) => number {
  const [a, b, c] = steps;
  const cross = (p: typeof a, q: typeof a): [number, number, number] => [
    p[1] * q[2] - p[2] * q[1],
    p[2] * q[0] - p[0] * q[2],
    p[0] * q[1] - p[1] * q[0],
  ];
  const volume = a[0] * cross(b, c)[0] + a[1] * cross(b, c)[1] + a[2] * cross(b, c)[2];
  // A wave of f cycles per voxel along i is f·(b × c)/volume cycles per metre.
  const reciprocal = [cross(b, c), cross(c, a), cross(a, b)].map((vector) => vector.map((part) => part / volume));
  const length = Math.hypot(...direction);
  const frequency = (n: number, N: number): number => (n <= N / 2 ? n : n - N) / N;
  const factor = (f: readonly number[]): number => {
    let [along, squares] = [0, 0];
    for (let axis = 0; axis < 3; axis++) {
      const k = f[0] * reciprocal[0][axis] + f[1] * reciprocal[1][axis] + f[2] * reciprocal[2][axis];
      along += (k * direction[axis]) / length;
      squares += k * k;
    }
    return squares === 0 ? 0 : 1 / 3 - (along * along) / squares;
  };
  return (kx, ky, kz) => {
    let all = [[frequency(kx, Nx), frequency(ky, Ny), frequency(kz, Nz)]];
    // The highest frequency of an axis has both signs; their mean keeps the field real.
    for (let axis = 0; axis < 3; axis++) if (all[0][axis] === 0.5) all = all.flatMap((f) => [f, f.with(axis, -0.5)]);
    return all.reduce((sum, f) => sum + factor(f), 0) / all.length;
  };
}
