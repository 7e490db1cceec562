/**
 * Exact sums: the tile's partial signal, already final in f32 or f64, becomes integers in units of 2^−scaleExponent and is
 * added to the accumulator. Integer addition is associative, so no order of tiles, threads or ranks can change a bit.
 *
 * Headroom: |partial signal of a tile| ≤ spins of the tile × max|density| up to rounding, so over all tiles the integers
 * stay below spins × max|density| × 2^scaleExponent, which the plan keeps at or below 2^62: the spare bit allows a factor 2
 * for what rounding in f32 can add (a rotation in f32 may lengthen Mxy by 1e-7 per step: 10⁶ steps add 10 %).
 */
import { Job } from './layout';

/** Adds one number at `at`. @returns 0 if it is finite, else NaN, so that callers can add up the answers */
// @ts-ignore: decorator
@inline export function addFixed(job: Job, at: usize, value: f64): f64 {
  const fixed = <i64>nearest(value * job.scale);
  if (job.atomicSums != 0) atomic.add<i64>(at, fixed);
  else store<i64>(at, load<i64>(at) + fixed);
  return value - value;
}

/** Folds the lane sums of `count` samples in one fixed order and adds them at `sums`. @returns false if one is not finite */
export function addLanes<T>(job: Job, lanes: usize, sums: usize, count: i32): bool {
  let finite: f64 = 0;
  for (let n = 0; n < count << 1; n++) {
    const v = v128.load(lanes + (<usize>n << 4));
    const two = sizeof<T>() == 8
      ? v
      : v128.add<f64>(f64x2.promote_low_f32x4(v), f64x2.promote_low_f32x4(v128.shuffle<i64>(v, v, 1, 1)));
    finite += addFixed(job, sums + (<usize>n << 3), f64x2.extract_lane(two, 0) + f64x2.extract_lane(two, 1));
  }
  return finite == 0;
}
