/**
 * Interpolation of an analytic function by a polynomial through n Chebyshev nodes. Where its
 * nearest singularity is d away and it is below M/(1 − θ) within θd of an interval of half-length
 * h = rd, Cauchy's bound of the n-th derivative, with θ = n/(n + 1), gives
 *
 *     ε(n, r) = 2^{1−n} rⁿ (n + 1)^{n+1}/nⁿ · M
 */

/** ε(n, r)/M. */
export const polynomialError = (terms: number, reach: number): number =>
  2 * (reach / 2) ** terms * (terms + 1) * (1 + 1 / terms) ** terms;

/**
 * The least number of terms, from 1 on, whose error is within `largest`, or `most`. Without `most`
 * r < 1: from r = 2 on no number of terms is enough.
 */
export function termsWithin(reach: number, largest: number, most = Number.POSITIVE_INFINITY): number {
  let terms = 1;
  while (terms < most && polynomialError(terms, reach) > largest) terms++;
  return terms;
}
