/**
 * Time nodes of a curve between which off-resonance and decay are interpolated: Chebyshev nodes,
 * and Lagrange polynomials over them.
 */

/** More nodes would cost more than the sine of every sample. */
const MOST_NODES = 64;

/**
 * Chebyshev nodes in [0, duration] between which e^{−(R2 + i2πf)τ} can be interpolated within
 * `bound`, for |f| up to `hertz` and R2 up to `maxR2`; undefined if too many would be needed.
 */
export function chooseTimes(
  duration: number,
  hertz: number,
  maxR2: number,
  bound: number,
): { times: Float64Array; error: number } | undefined {
  for (let count = 4; count <= MOST_NODES; count += 4) {
    const times = Float64Array.from({ length: count }, (_, n) => (duration / 2) * (1 + chebyshev(n, count)));
    const error = interpolationError(times, duration, hertz, maxR2);
    if (error <= bound) return { times, error };
  }
  return undefined;
}

function interpolationError(times: Float64Array, duration: number, hertz: number, maxR2: number): number {
  let largest = 0;
  const tested = 4 * times.length;
  const parts = new Float64Array(times.length);
  const table = partsTable(times.length);
  for (let n = 0; n <= tested; n++) {
    const tau = (duration * n) / tested;
    writeParts(table, (2 * n) / tested - 1, parts);
    for (const f of [0, hertz / 2, hertz]) {
      for (const R2 of [0, maxR2 / 4, maxR2 / 2, maxR2]) {
        let [re, im] = [
          -Math.exp(-R2 * tau) * Math.cos(2 * Math.PI * f * tau),
          Math.exp(-R2 * tau) * Math.sin(2 * Math.PI * f * tau),
        ];
        for (const [l, time] of times.entries()) {
          const size = parts[l] * Math.exp(-R2 * time);
          re += size * Math.cos(2 * Math.PI * f * time);
          im -= size * Math.sin(2 * Math.PI * f * time);
        }
        largest = Math.max(largest, Math.hypot(re, im));
      }
    }
  }
  return largest;
}

/** Writes Lagrange's polynomials at x, −1 to 1 over the duration. */
function writeParts(table: Float64Array, x: number, parts: Float64Array): void {
  const nodes = parts.length;
  for (let own = 0; own < nodes; own++) {
    const group = 8 * nodes * (own >> 2) + (own & 3);
    let product = 1;
    for (let n = 0; n < nodes; n++) product *= table[group + 8 * n] * x + table[group + 8 * n + 4];
    parts[own] = product;
  }
}

/**
 * [nodes / 4][nodes][slope 4, offset 4]: Lagrange's polynomials over Chebyshev's nodes, four at a
 * time, are products over all nodes of slope · x + offset.
 */
export function partsTable(nodes: number): Float64Array {
  const table = new Float64Array(2 * nodes * nodes);
  for (let own = 0; own < nodes; own++) {
    for (let n = 0; n < nodes; n++) {
      const at = 8 * (nodes * (own >> 2) + n) + (own & 3);
      const apart = chebyshev(own, nodes) - chebyshev(n, nodes);
      table[at] = n === own ? 0 : 1 / apart;
      table[at + 4] = n === own ? 1 : -chebyshev(n, nodes) / apart;
    }
  }
  return table;
}

function chebyshev(n: number, nodes: number): number {
  return -Math.cos((Math.PI * (2 * n + 1)) / (2 * nodes));
}
