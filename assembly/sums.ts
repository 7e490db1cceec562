/**
 * Exact sums: the tile's partial signal, already final in f32 or f64, becomes integers in units of 2^−scaleExponent and is
 * added to the accumulator. Integer addition is associative, so no order of tiles, threads or ranks can change a bit.
 *
 * Headroom: |partial signal of a tile| ≤ spins of the tile × max|density| up to rounding, so over all tiles the integers
 * stay below spins × max|density| × 2^scaleExponent, which `scaleExponentFor` keeps below 2^62: the spare bit covers what
 * rounding in f32 can add (a rotation in f32 may lengthen Mxy by 1e-7 per step: 10⁶ steps add 10 %, a factor 2 is allowed).
 */
import { Job } from './layout';

/** Folds the lane sums of `count` samples in one fixed order and adds them at `sums`. @returns false if one is not finite */
export function addToSums<T>(job: Job, lanes: usize, sums: usize, count: i32): bool {
  const scale = job.scale;
  const shared = job.atomicSums != 0;
  const values = count << 1; // re and im alike
  let finite = true;
  for (let n = 0; n < values; n++) {
    const v = v128.load(lanes + (<usize>n << 4));
    let sum: f64;
    if (sizeof<T>() == 8) {
      sum = f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
    } else {
      const two = v128.add<f64>(f64x2.promote_low_f32x4(v), f64x2.promote_low_f32x4(v128.shuffle<i64>(v, v, 1, 1)));
      sum = f64x2.extract_lane(two, 0) + f64x2.extract_lane(two, 1);
    }
    finite = finite && sum - sum == 0;
    const fixed = <i64>nearest(sum * scale);
    const at = sums + (<usize>n << 3);
    if (shared) atomic.add<i64>(at, fixed);
    else store<i64>(at, load<i64>(at) + fixed);
  }
  return finite;
}
