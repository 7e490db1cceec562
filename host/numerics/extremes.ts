/**
 * The least and the greatest of any number of values: `Math.max(...values)` overflows the stack
 * from some 10⁵ of them.
 * @returns [Infinity, −Infinity] of none
 */
export function extremes(values: Iterable<number>): [least: number, greatest: number] {
  let [least, greatest] = [Infinity, -Infinity];
  for (const value of values) {
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return [least, greatest];
}
