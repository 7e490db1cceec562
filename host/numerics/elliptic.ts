/**
 * Complete elliptic integrals in Bulirsch's form, which keeps its digits where K and E cancel:
 *
 *     cel(kc, p, a, b) = ∫₀^{π/2} (a cos²θ + b sin²θ) / ((cos²θ + p sin²θ) √(cos²θ + kc² sin²θ)) dθ
 *
 * R. Bulirsch, "Numerical calculation of elliptic integrals and elliptic functions III", Numer.
 * Math. 13, 305 (1969).
 */

/** Convergence is quadratic: the next step would change the result by the square of this. */
const CLOSE = 1e-8;

/**
 * Two integrals that share `kc` ≠ 0 and `p` > 0, so that they share the square roots.
 * @param out receives cel(kc, p, a1, b1) and cel(kc, p, a2, b2)
 */
export function celPair(
  kc: number,
  p: number,
  a1: number,
  b1: number,
  a2: number,
  b2: number,
  out: Float64Array,
): void {
  let k = Math.abs(kc);
  let e = k;
  let m = 1;
  let q = Math.sqrt(p);
  let [s, t, u, v] = [a1, b1 / q, a2, b2 / q];
  for (;;) {
    const g = e / q;
    const [s0, u0] = [s, u];
    s += t / q;
    t = 2 * (t + s0 * g);
    u += v / q;
    v = 2 * (v + u0 * g);
    q += g;
    const last = m;
    m += k;
    if (Math.abs(last - k) <= last * CLOSE) break;
    k = 2 * Math.sqrt(e);
    e = k * m;
  }
  const scale = Math.PI / 2 / (m * (m + q));
  out[0] = scale * (t + s * m);
  out[1] = scale * (v + u * m);
}
