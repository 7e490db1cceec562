/**
 * Coils along the paths of moving spins. A coil is Σ_k C_k·T_k(x) in a piece of time, with columns
 * C_k of each spin. Over the few samples that are summed together it is a polynomial of low degree
 * in the sample number j, whose coefficients are combinations of the columns: the rows made here
 * are the same for all spins and coils.
 */
import { MOST_SENSE_TERMS, Sense } from './abi';

/** cos(π/2n) for n from 1 on: the Chebyshev node of n nodes that is nearest to 1. */
const NODES: usize = memory.data<f64>([
  0.0, 0.7071067811865476, 0.8660254037844387, 0.9238795325112867,
  0.9510565162951535, 0.9659258262890683, 0.9749279121818236, 0.9807852804032304,
  0.984807753012208, 0.9876883405951378, 0.9898214418809327, 0.9914448613738104,
  0.992708874098054, 0.9937122098932426, 0.9945218953682733, 0.9951847266721969,
]);

/** Work area: nodes, divided differences and coefficients. */
const NODE: usize = 0, DIFFERENCE: usize = 8 * <usize>MOST_SENSE_TERMS, COEFFICIENT: usize = 2 * DIFFERENCE;
const WORK_BYTES: usize = 3 * DIFFERENCE;

/**
 * Writes [terms][MOST_SENSE_TERMS] f64: coefficient p, of j^p, of the polynomial through T_k at
 * Chebyshev nodes of [centre − half, centre + half].
 * @param zero number of the sample at which j = 0
 * @param to rows, and behind them room for the work
 */
export function senseRows(sense: Sense, zero: f64, centre: f64, half: f64, terms: i32, to: usize): void {
  const work = to + (<usize>(terms * MOST_SENSE_TERMS) << 3);
  for (let p = 0; p < terms; p++) {
    // cos((2p + 1)π/2n)
    const node = chebyshev(2 * p + 1, load<f64>(NODES + (<usize>(terms - 1) << 3)));
    store<f64>(work + (<usize>p << 3), centre + half * node, NODE);
  }
  for (let k = 0; k < sense.terms; k++) {
    for (let p = 0; p < terms; p++) {
      const x = sense.start + sense.step * (zero + load<f64>(work + (<usize>p << 3), NODE));
      store<f64>(work + (<usize>p << 3), chebyshev(k, x), DIFFERENCE);
    }
    toPowers(work, terms);
    for (let p = 0; p < terms; p++)
      store<f64>(to + (<usize>(p * MOST_SENSE_TERMS + k) << 3), load<f64>(work + (<usize>p << 3), COEFFICIENT));
  }
}

/** Bytes of the rows and the work area. */
export const SENSE_ROWS_BYTES: usize = 8 * <usize>(MOST_SENSE_TERMS * MOST_SENSE_TERMS) + WORK_BYTES;

function chebyshev(k: i32, x: f64): f64 {
  let before: f64 = 1, value = x;
  if (k == 0) return before;
  for (let n = 1; n < k; n++) {
    const next = 2 * x * value - before;
    before = value;
    value = next;
  }
  return value;
}

/** Coefficients of the powers of j from values at the nodes, by Newton's divided differences. */
function toPowers(work: usize, terms: i32): void {
  for (let level = 1; level < terms; level++) {
    for (let p = terms - 1; p >= level; p--) {
      const at = work + (<usize>p << 3), before = work + (<usize>(p - level) << 3);
      const rise = load<f64>(at, DIFFERENCE) - load<f64>(at - 8, DIFFERENCE);
      store<f64>(at, rise / (load<f64>(at, NODE) - load<f64>(before, NODE)), DIFFERENCE);
    }
  }
  for (let p = terms - 1; p >= 0; p--) {
    const node = load<f64>(work + (<usize>p << 3), NODE);
    // Times (j − node), plus the next difference.
    for (let i = terms - 1 - p; i >= 0; i--) {
      const at = work + (<usize>i << 3);
      const own = i == terms - 1 - p ? 0 : load<f64>(at, COEFFICIENT);
      const lower = i == 0 ? load<f64>(work + (<usize>p << 3), DIFFERENCE) : load<f64>(at - 8, COEFFICIENT);
      store<f64>(at, lower - node * own, COEFFICIENT);
    }
  }
}
