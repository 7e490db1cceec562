/**
 * A trajectory as one or several lines: every column of its samples (k, time, phase terms) as a
 * quadratic in the sample number, over the whole of it or over parts. The residual is bounded for
 * the spins of the phantom.
 */
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import type { Trajectory } from '../trajectory.ts';

export interface LineFit {
  readonly samples: number;
  /**
   * [x, y, z, t, terms] from the first sample of the trajectory to the middle sample of the line;
   * per sample; per sample².
   */
  readonly middle: Float64Array;
  readonly rate: Float64Array;
  readonly bend: Float64Array;
  /**
   * Largest quadratic phase at an end, and the largest deviation from the quadratic, for any spin
   * [cycles].
   */
  readonly largestBend: number;
  readonly residual: number;
}

/**
 * @param bound the largest |Σ weight·column| of any spin, over x, y, z, off-resonance and columns q
 * @param first sample of the part within the trajectory
 */
export function fitLine(
  { samples: all, sampleTerms, terms }: Timeline,
  trajectory: Trajectory,
  bound: (weights: Float64Array) => number,
  first: number,
  samples: number,
): LineFit {
  const width = STRIDE.sample + terms;
  const middleSample = samples >> 1;
  const [middle, rate, bend] = [0, 1, 2].map(() => new Float64Array(width)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  // [samples][columns]
  const deviations = new Float64Array(samples * width);
  const values = new Float64Array(samples);
  // Equally spaced samples deviate by rounding alone, unless there are terms besides.
  const isExact = trajectory.isUniform && terms === 0;
  const isLine = trajectory.isUniform || samples < 3;
  const sums = isLine ? [] : momentsOf(samples, middleSample);
  for (let column = 0; column < width; column++) {
    for (let n = 0; n < samples; n++) {
      const sample = trajectory.first + first + n;
      values[n] =
        column < STRIDE.sample
          ? all[STRIDE.sample * sample + column]
          : sampleTerms[terms * sample + column - STRIDE.sample];
    }
    const own = isLine ? lineThrough(values, middleSample) : quadratic(values, middleSample, sums);
    [middle[column], rate[column], bend[column]] = own;
    for (let n = 0; n < samples && !isExact; n++) {
      const k = n - middleSample;
      deviations[n * width + column] = own[0] + k * (own[1] + k * own[2]) - values[n];
    }
  }
  if (isExact) return { samples, middle, rate, bend, largestBend: 0, residual: 0 };
  const largestBend = middleSample ** 2 * bound(bend);
  let residual = 0;
  for (let n = 0; n < samples; n++)
    residual = Math.max(residual, bound(deviations.subarray(n * width, (n + 1) * width)));
  return { samples, middle, rate, bend, largestBend, residual };
}

const lineThrough = (values: Float64Array, middle: number): [number, number, number] => {
  const last = values.length - 1;
  const rate = last === 0 ? 0 : (values[last] - values[0]) / last;
  return [values[0] + middle * rate, rate, 0];
};

/** Σ k^p, p = 0 … 4, k counted from the middle. */
function momentsOf(samples: number, middle: number): number[] {
  const sums = [0, 0, 0, 0, 0];
  for (let n = 0; n < samples; n++) for (let p = 0; p < 5; p++) sums[p] = sums[p] + (n - middle) ** p;
  return sums;
}

/** Least squares, on k/middle, so that its matrix is well conditioned. */
function quadratic(values: Float64Array, middle: number, sums: readonly number[]): [number, number, number] {
  const right = [0, 0, 0];
  const scale = Math.max(1, middle);
  // Deviations from a straight line, so that no digit is lost.
  const [offset, slope] = lineThrough(values, middle);
  for (let n = 0; n < values.length; n++) {
    const k = n - middle;
    const deviation = values[n] - (offset + slope * k);
    for (let p = 0; p < 3; p++) right[p] = right[p] + deviation * (k / scale) ** p;
  }
  const s = sums.map((sum, p) => sum / scale ** p) as [number, number, number, number, number];
  const rows = [0, 1, 2].map((p) => [s[p], s[p + 1], s[p + 2], right[p]] as number[]);
  for (let p = 0; p < 3; p++)
    for (let q = 0; q < 3; q++) {
      if (q === p) continue;
      const share = rows[q][p] / rows[p][p];
      for (let i = p; i < 4; i++) rows[q][i] -= share * rows[p][i];
    }
  const [a, b, c] = rows.map((row, p) => row[3] / row[p]) as [number, number, number];
  return [offset + a, slope + b / scale, c / scale ** 2];
}
