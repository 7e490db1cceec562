/**
 * "Did you mean …?": the known name that is nearest in spelling to an unknown one, or differs only
 * in case.
 */

/** The nearest of `known`, or undefined if none is near. */
function nearest(name: string, known: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  // A third of the letters may be wrong: of `te` none, of `flip` one.
  let least = Math.floor(name.length / 3) + 0.5;
  for (const candidate of known) {
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance >= least) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

/** The second half of an error: the nearest name, or all there are. */
export function didYouMean(name: string, known: Iterable<string>, otherwise: (all: string) => string): string {
  const all = [...known];
  const found = nearest(name, all);
  return found === undefined ? otherwise(all.join(', ')) : `did you mean ${found}?`;
}

/**
 * Letters to insert, delete, replace or exchange with their neighbour (optimal string alignment).
 */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, n) => n)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      row[j] = Math.min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j], rows[i - 2][j - 2] + 1);
    }
    rows.push(row);
  }
  return rows[a.length][b.length];
}
