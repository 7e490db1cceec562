/**
 * Long lines as columns of pixels: the smallest and the largest value in each, found in a pyramid
 * that is made once. Level l holds the extremes of FACTOR^l neighbouring values, so that a column
 * costs a few dozen comparisons, whether it stands for ten values or for a million.
 */

/** Drawn by a chart instead of a line. */
export interface Columns {
  readonly from: number;
  readonly to: number;
  /** [columns], evenly spaced from `from` to `to`; NaN: nothing. */
  readonly low: Float32Array;
  readonly high: Float32Array;
}

const FACTOR = 16;

interface Level {
  readonly low: Float32Array;
  readonly high: Float32Array;
}

/**
 * @param low smallest values, in the order of time
 * @param high largest values; may be the same array
 * @returns what fills columns: column c with the extremes of the values [first[c], end[c]), NaN
 *   where there are none
 */
export function pyramid(
  low: Float32Array,
  high: Float32Array,
): (first: ArrayLike<number>, end: ArrayLike<number>) => Level {
  const levels: Level[] = [{ low, high }];
  while (levels.at(-1)!.low.length > FACTOR) levels.push(coarser(levels.at(-1)!));
  return (first, end) => {
    const made = { low: new Float32Array(first.length), high: new Float32Array(first.length) };
    for (let c = 0; c < first.length; c++) {
      let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      const take = (level: Level, from: number, to: number): void => {
        for (let n = from; n < to; n++) {
          if (level.low[n] < least) least = level.low[n];
          if (level.high[n] > most) most = level.high[n];
        }
      };
      let [from, to] = [first[c], end[c]];
      for (const level of levels) {
        const [up, down] = [Math.ceil(from / FACTOR), Math.floor(to / FACTOR)];
        if (down <= up || level === levels.at(-1)) {
          take(level, from, to);
          break;
        }
        take(level, from, up * FACTOR);
        take(level, down * FACTOR, to);
        [from, to] = [up, down];
      }
      made.low[c] = least > most ? Number.NaN : least;
      made.high[c] = least > most ? Number.NaN : most;
    }
    return made;
  };
}

function coarser({ low, high }: Level): Level {
  const count = Math.ceil(low.length / FACTOR);
  const made = { low: new Float32Array(count), high: new Float32Array(count) };
  for (let group = 0; group < count; group++) {
    let [least, most] = [low[group * FACTOR], high[group * FACTOR]];
    for (let n = group * FACTOR + 1; n < Math.min(low.length, (group + 1) * FACTOR); n++) {
      least = Math.min(least, low[n]);
      most = Math.max(most, high[n]);
    }
    made.low[group] = least;
    made.high[group] = most;
  }
  return made;
}
