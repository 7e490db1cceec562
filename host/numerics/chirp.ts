/**
 * Fourier sums over uniform samples at any spacing, onto any number of pixels: the chirp-z
 * transform (Rabiner, Schafer and Rader 1969; Bluestein 1970). With n·p = (n² + p² − (p − n)²)/2
 *
 *     Σ_n s_n e^{i2πa·np} = e^{iπa·p²} Σ_n [s_n e^{iπa·n²}] e^{−iπa·(p − n)²}
 *
 * is a convolution, done by fast transforms of a convenient length. It serves matrix sizes with
 * large prime factors (a = 1/N: 101 is common) and lines whose sample spacing is no whole fraction
 * of the image's field of view.
 */
import { fastSize, fft } from './fft.ts';

/**
 * Transforms samples to pixels, a batch of lines at a time; the same interface as a plain FFT of
 * one length.
 */
export interface LineTransform {
  /**
   * Rows of the buffers `run` works on: [rows][batch][re, im], samples in the first rows, zeros
   * after them.
   */
  readonly rows: number;
  /**
   * Pixel p (negative ones counted from the end) is in row p mod `rows` of the returned buffer.
   */
  run(data: Float64Array, work: Float64Array, batch: number): Float64Array;
}

/**
 * @param count samples
 * @param step a: turns of phase from sample to sample, per pixel
 * @param pixels number of pixels; they run from −floor(pixels/2)
 */
export function chirpTransform(count: number, step: number, pixels: number): LineTransform {
  const rows = fastSize(count + pixels - 1);
  const firstPixel = -Math.floor(pixels / 2);
  const chirp = (n: number): [number, number] => {
    const angle = Math.PI * ((step * n * n) % 2);
    return [Math.cos(angle), Math.sin(angle)];
  };
  const before = new Float64Array(2 * count);
  for (let n = 0; n < count; n++) before.set(chirp(n), 2 * n);
  const after = new Float64Array(2 * pixels);
  for (let m = 0; m < pixels; m++) after.set(chirp(firstPixel + m), 2 * m);
  const response = convolutionResponse(count, pixels, rows, firstPixel, chirp);

  return {
    rows,
    run(data, work, batch) {
      for (let n = 0; n < count; n++) turn(data, n, batch, before[2 * n], before[2 * n + 1]);
      const spectrum = fft(rows, -1)(data, work, batch);
      for (let f = 0; f < rows; f++) turn(spectrum, f, batch, response[2 * f], response[2 * f + 1]);
      const result = fft(rows, 1)(spectrum, spectrum === data ? work : data, batch);
      for (let m = 0; m < pixels; m++) {
        turn(result, (firstPixel + m + rows) % rows, batch, after[2 * m], after[2 * m + 1]);
      }
      return result;
    },
  };
}

/**
 * Spectrum of e^{−iπa·d²} over all differences d = p − n that occur, with the inverse transform's
 * 1/rows in it.
 */
function convolutionResponse(
  count: number,
  pixels: number,
  rows: number,
  firstPixel: number,
  chirp: (n: number) => [number, number],
): Float64Array {
  const kernel = new Float64Array(2 * rows);
  for (let d = firstPixel - count + 1; d < firstPixel + pixels; d++) {
    const [re, im] = chirp(d);
    kernel.set([re / rows, -im / rows], 2 * ((d + rows) % rows));
  }
  return fft(rows, -1)(kernel, new Float64Array(2 * rows), 1).slice();
}

/** Multiplies row `row` of [rows][batch][re, im] by one complex number. */
function turn(data: Float64Array, row: number, batch: number, re: number, im: number): void {
  for (let i = 2 * row * batch, end = i + 2 * batch; i < end; i += 2) {
    const x = data[i];
    data[i] = x * re - data[i + 1] * im;
    data[i + 1] = x * im + data[i + 1] * re;
  }
}
