/**
 * From k-space to image along one axis of a volume: uniform samples at κ_n = first + n·step [cycles
 * per pixel] become pixels m, with pixel floor(M/2) at the origin,
 *
 *     image[m] = Σ_n s_n e^{+i2π κ_n (m − floor(M/2))}
 *
 * These two numbers describe all variants of lines: `first` half-sample shifts and partial echoes,
 * `step` readout oversampling and a field of view that differs from the encoded one. The sum is
 * exact in every case; only the algorithm differs (a fast transform where 1/step is a convenient
 * whole number, else a chirp-z transform).
 */

import { chirpTransform, type LineTransform } from '../numerics/chirp.ts';
import { fft, isSmooth } from '../numerics/fft.ts';

/** x, y, z lengths of a volume held as [z][y][x][re, im]. */
export type Shape = readonly [number, number, number];

export interface AxisSampling {
  /** κ of sample 0 [cycles/pixel] */
  readonly first: number;
  /** [cycles/pixel] */
  readonly step: number;
  /** Pixels to make. */
  readonly pixels: number;
}

/**
 * Lines transformed together: 8 neighbours of a volume's y or z lines fill one 64-byte cache line.
 */
const BATCH = 8;

/**
 * Largest difference of 1/step from a whole number N for which N is used: a phase error of 1e-9
 * turns at the last pixel.
 */
const WHOLE = 1e-9;

function lineTransform(count: number, step: number, pixels: number): LineTransform {
  const size = Math.round(1 / step);
  if (size >= 1 && size <= 4 * (count + pixels) && isSmooth(size) && Math.abs(step * size - 1) * count < WHOLE * size) {
    return { rows: size, run: fft(size, 1) };
  }
  return chirpTransform(count, step, pixels);
}

/**
 * @param volume `shape` as [z][y][x][re, im]; not changed
 * @returns the volume with `axis` replaced by `sampling.pixels` pixels
 */
export function transformAxis(
  volume: Float32Array,
  shape: Shape,
  axis: 0 | 1 | 2,
  sampling: AxisSampling,
): Float32Array<ArrayBuffer> {
  const { first, step, pixels } = sampling;
  const count = shape[axis];
  const { rows, run } = lineTransform(count, step, pixels);
  /**
   * Distance between neighbours along the axis, in complex numbers; lines with neighbouring starts
   * share it.
   */
  const inner = shape.slice(0, axis).reduce((product, n) => product * n, 1);
  const lines = (shape[0] * shape[1] * shape[2]) / count;
  const result = new Float32Array(2 * lines * pixels);
  const phases = pixelPhases(first, pixels);
  const buffer = new Float64Array(2 * rows * BATCH);
  const work = new Float64Array(2 * rows * BATCH);

  for (let start = 0; start < lines; start += BATCH) {
    const batch = Math.min(BATCH, lines - start);
    buffer.fill(0);
    for (let b = 0; b < batch; b++) {
      const line = start + b;
      let source = 2 * (Math.floor(line / inner) * inner * count + (line % inner));
      // Samples beyond the number of rows alias: their phases differ by whole turns at every pixel.
      for (let n = 0, row = 0; n < count; n++, row = row + 1 === rows ? 0 : row + 1, source += 2 * inner) {
        const target = 2 * (row * batch + b);
        buffer[target] += volume[source];
        buffer[target + 1] += volume[source + 1];
      }
    }
    const spectrum = run(buffer, work, batch);
    for (let b = 0; b < batch; b++) {
      const line = start + b;
      let target = 2 * (Math.floor(line / inner) * inner * pixels + (line % inner));
      for (let m = 0; m < pixels; m++, target += 2 * inner) {
        const row = modulo(m - Math.floor(pixels / 2), rows);
        const re = spectrum[2 * (row * batch + b)];
        const im = spectrum[2 * (row * batch + b) + 1];
        result[target] = re * phases[2 * m] - im * phases[2 * m + 1];
        result[target + 1] = re * phases[2 * m + 1] + im * phases[2 * m];
      }
    }
  }
  return result;
}

/**
 * e^{i2π κ (m − floor(M/2))} for every pixel: [pixels][re, im]. One turn per pixel, by recurrence:
 * ulps over a line.
 */
export function pixelPhases(kappa: number, pixels: number): Float64Array {
  const phases = new Float64Array(2 * pixels);
  const start = -2 * Math.PI * kappa * Math.floor(pixels / 2);
  const [turnR, turnI] = [Math.cos(2 * Math.PI * kappa), Math.sin(2 * Math.PI * kappa)];
  let re = Math.cos(start);
  let im = Math.sin(start);
  for (let m = 0; m < pixels; m++) {
    phases[2 * m] = re;
    phases[2 * m + 1] = im;
    [re, im] = [re * turnR - im * turnI, re * turnI + im * turnR];
  }
  return phases;
}

/** Remainder in [0, n). */
function modulo(value: number, n: number): number {
  return ((value % n) + n) % n;
}
