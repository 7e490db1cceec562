/**
 * I₀(x) by its power series, summed until terms no longer change the result: all terms are
 * positive, so there is no cancellation.
 */
export function besselI0(x: number): number {
  let [sum, term] = [1, 1];
  for (let n = 1; term > 1e-17 * sum; n++) {
    const ratio = x / (2 * n);
    term *= ratio * ratio;
    sum += term;
  }
  return sum;
}
