/**
 * Rates of moving spins (`moving.ts`) as polynomials of time. A pulse of thousands of steps needs
 * thousands of short integrals over a stretch in which the movement is smooth: the definition,
 * which forms rotation matrices, is evaluated at Chebyshev nodes alone, and every integral is one
 * over the polynomial through them.
 */
import type { Seconds } from '../base/units.ts';

/** Nodes of a piece: for a rotation by half a radian the error is 0.25¹²/(12!·2¹¹) < 1e-18. */
const NODES = 12;

/** [node] abscissae on [−1, 1] */
const ABSCISSAE = Float64Array.from({ length: NODES }, (_, n) => Math.cos((Math.PI * (2 * n + 1)) / (2 * NODES)));

/** [degree][node] weights of the values in the coefficients. */
const WEIGHTS = Array.from({ length: NODES }, (_, degree) =>
  Float64Array.from(
    { length: NODES },
    (_, n) => ((degree === 0 ? 1 : 2) / NODES) * Math.cos((Math.PI * degree * (2 * n + 1)) / (2 * NODES)),
  ),
);

/** Adds the values at a time, times a weight, to `sums`. */
export type Rates = (sums: Float64Array, time: Seconds, weight: number) => void;

/** The polynomials through `width` values of `rates`, which is smooth between the two times. */
export function smoothed(rates: Rates, width: number, from: Seconds, to: Seconds): Rates {
  const [middle, half] = [(from + to) / 2, (to - from) / 2];
  const values = Array.from(ABSCISSAE, (x) => {
    const sums = new Float64Array(width);
    rates(sums, middle + half * x, 1);
    return sums;
  });
  const coefficients = new Float64Array(NODES * width);
  for (const [degree, weights] of WEIGHTS.entries())
    for (let i = 0; i < width; i++) {
      let sum = 0;
      for (let n = 0; n < NODES; n++) sum += weights[n] * values[n][i];
      coefficients[NODES * i + degree] = sum;
    }
  return (sums, time, weight) => {
    const x = (time - middle) / half;
    for (let i = 0; i < width; i++) {
      let [next, last] = [0, 0];
      for (let at = NODES * i + NODES - 1; at > NODES * i; at--) {
        const value = coefficients[at] + 2 * x * next - last;
        last = next;
        next = value;
      }
      sums[i] = sums[i] + weight * (coefficients[NODES * i] + x * next - last);
    }
  };
}
