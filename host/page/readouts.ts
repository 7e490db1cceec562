/**
 * The readouts of a report as the page asks for them: by number, by time, their samples and their
 * places in k-space.
 */
import type { Seconds } from '../base/units.ts';
import { fromSteps } from '../html/numbers.ts';
import type { SignalData } from '../html/types.ts';

export interface Readouts {
  readonly count: number;
  readonly coils: number;
  readonly starts: Float64Array;
  readonly data: SignalData;
  end(n: number): Seconds;
  samples(n: number): number;
  dwell(n: number): Seconds;
  /** The last that starts at a time or before, −1 if there is none. */
  before(time: Seconds): number;
  /** [re, im] of all samples; undefined where they are not kept */
  values(n: number, coil: number): Float32Array | undefined;
  /** k [cycles/m] of a sample, fractions allowed; undefined where it is not known. */
  place(n: number, sample: number): readonly [number, number, number] | undefined;
}

export function openReadouts(data: SignalData): Readouts {
  const starts = fromSteps(data.starts);
  const count = starts.length;
  const { samples: lengths, dwell: dwells } = data.readouts;
  /** Where the rows of kept readouts begin in `samples`. */
  const begin = new Map<number, { readonly row: number; readonly at: number }>();
  let at = 0;
  for (const [n, readout] of data.kept.entries()) {
    begin.set(readout, { row: n * data.coils, at });
    at += 2 * data.coils * lengths[readout];
  }
  const { trajectory } = data;
  return {
    ...{ count, coils: data.coils, starts, data },
    end: (n) => starts[n] + lengths[n] * dwells[n],
    samples: (n) => lengths[n],
    dwell: (n) => dwells[n],
    before(time) {
      let [low, high] = [0, count];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (starts[middle] <= time) low = middle + 1;
        else high = middle;
      }
      return low - 1;
    },
    values(n, coil) {
      const kept = begin.get(n);
      if (kept === undefined) return undefined;
      const scale = data.samples.scales[kept.row + coil];
      const from = kept.at + 2 * coil * lengths[n];
      const values = Float32Array.from(data.samples.values.subarray(from, from + 2 * lengths[n]));
      for (let i = 0; i < values.length; i++) values[i] *= scale;
      return values;
    },
    place(n, sample) {
      if (trajectory === undefined || trajectory.path[n] < 0) return undefined;
      const { first, last, path, paths, unit } = trajectory;
      const fraction = lengths[n] > 1 ? sample / (lengths[n] - 1) : 0;
      const curve = path[n] > 0 ? paths[path[n] - 1] : undefined;
      const along = (axis: number): number => {
        if (curve === undefined) return first[axis][n] + fraction * (last[axis][n] - first[axis][n]);
        const place = fraction * (curve.length / 3 - 1);
        const point = Math.min(Math.floor(place), curve.length / 3 - 2);
        const [a, b] = [curve[3 * point + axis], curve[3 * point + 3 + axis]];
        return first[axis][n] + unit * (a + (place - point) * (b - a));
      };
      return [along(0), along(1), along(2)];
    },
  };
}
