/**
 * Interruptions of a line in pixels. A chart draws a line through its interruptions and cuts these
 * off again, so that a piece between two of them that is narrower than a pixel, such as an echo
 * within a scan of seconds, would not be seen at all.
 */

/** Width of the narrowest piece [pixels]. */
const NARROWEST = 1;

/**
 * @param gaps from left to right; returns them with the pieces between at least `NARROWEST` wide
 */
export function keepPieces(gaps: readonly (readonly [from: number, to: number])[]): [number, number][] {
  const kept = gaps.map(([from, to]): [number, number] => [from, to]);
  for (const [n, next] of kept.entries()) {
    const before = kept[n - 1];
    if (before === undefined) continue;
    const missing = (NARROWEST - (next[0] - before[1])) / 2;
    if (missing <= 0) continue;
    before[1] -= missing;
    next[0] += missing;
  }
  // Where pieces are closer together than they are wide, nothing is left to cut off.
  return kept.filter(([from, to]) => to > from);
}
