/**
 * Datasets stored in chunks, read through a cache of the last chunks. The library inflates a whole
 * chunk for every read and caches none: a chunk of spins that is read tile by tile would be
 * inflated once per tile (2·10⁶ spins in one chunk of 16 MiB: more than a minute in place of a
 * second).
 */
import type { Numbers } from '../numbers.ts';

export type Range = readonly [start: number, end: number];

/** Elements in the cache if chunks are smaller: 16 MiB of f64. */
const KEPT = 1 << 21;

const lengthOf = ([start, end]: Range): number => end - start;
const volumeOf = (ranges: readonly Range[]): number => ranges.reduce((product, range) => product * lengthOf(range), 1);

/** `read` with a cache of the chunks of the last read. */
export function readByChunks(
  shape: readonly number[],
  chunks: readonly number[],
  read: (ranges: readonly Range[]) => Numbers,
): (ranges: readonly Range[]) => Numbers {
  const most = Math.max(
    KEPT,
    chunks.reduce((product, extent) => product * extent, 1),
  );
  let kept: { readonly ranges: readonly Range[]; readonly values: Numbers } | undefined;
  return (ranges) => {
    const known = kept?.ranges;
    if (!known || ranges.some(([start, end], axis) => start < known[axis][0] || end > known[axis][1])) {
      kept = undefined;
      const whole = ranges.map(([start, end], axis): Range => {
        const chunk = chunks[axis];
        return [start - (start % chunk), Math.min(shape[axis], Math.ceil(end / chunk) * chunk)];
      });
      if (volumeOf(whole) > most) return read(ranges);
      kept = { ranges: whole, values: read(whole) };
    }
    return cut(kept!.values, kept!.ranges, ranges);
  };
}

/** The part `wanted` of `values`, which cover `have`; row-major. */
function cut(values: Numbers, have: readonly Range[], wanted: readonly Range[]): Numbers {
  // Axes after the last one that is cut are whole, so that along it the values lie together.
  let last = wanted.length - 1;
  while (last > 0 && lengthOf(wanted[last]) === lengthOf(have[last])) last--;
  const inner = volumeOf(have.slice(last + 1));
  const run = last < 0 ? 1 : lengthOf(wanted[last]) * inner;
  const runs = volumeOf(wanted.slice(0, Math.max(0, last)));
  const start = (n: number): number => {
    let at = 0;
    let stride = inner;
    let rest = n;
    for (let axis = last; axis >= 0; axis--) {
      const length = axis === last ? 1 : lengthOf(wanted[axis]);
      at += (wanted[axis][0] - have[axis][0] + (rest % length)) * stride;
      rest = Math.floor(rest / length);
      stride *= lengthOf(have[axis]);
    }
    return at;
  };
  if (runs === 1) return values.subarray(start(0), start(0) + run);
  const out = values.slice(0, runs * run);
  for (let n = 0; n < runs; n++) out.set(values.subarray(start(n), start(n) + run), n * run);
  return out;
}
