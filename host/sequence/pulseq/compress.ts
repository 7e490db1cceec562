/**
 * Packs samples into Pulseq's run-length code of differences, the inverse of `unpackShape`. The
 * reference toolbox rounds differences to 1e-7 first; here a run goes on as long as the unpacked
 * samples stay within rounding of the true ones, so straight lines shrink to three values and
 * nothing is lost.
 */

/**
 * Relative error, of the largest sample, allowed for unpacked samples: that of summing a run in
 * f64.
 */
const TOLERANCE = 1e-13;

/**
 * The values to write for `samples`: packed, or the samples themselves when packing does not make
 * them fewer.
 */
export function packShape(samples: Float64Array): Float64Array {
  let largest = 0;
  for (const sample of samples) largest = Math.max(largest, Math.abs(sample));
  const most = TOLERANCE * largest;
  const packed: number[] = [];
  let sum = 0;
  const runOf = (n: number, start: number, step: number): number => {
    let sum = start;
    let run = 0;
    while (n + run < samples.length && Math.abs(sum + step - samples[n + run]) <= most) {
      sum += step;
      run++;
    }
    return run;
  };
  for (let n = 0; n < samples.length && packed.length < samples.length; ) {
    const exact = samples[n] - sum;
    const run = runOf(n, sum, exact);
    // The value after a run absorbs the run's remaining error, so a single value must fit tightly;
    // in a run, any slope is allowed that lasts.
    const step = shortest(exact, (value) =>
      run === 1 ? Math.abs(sum + value - samples[n]) <= most / 1000 : runOf(n, sum, value) === run,
    );
    for (let count = 0; count < run; count++) sum += step;
    n += run;
    if (run === 1) packed.push(step);
    else packed.push(step, step, run - 2);
  }
  // As many values as samples would be taken for plain samples.
  return packed.length < samples.length ? Float64Array.from(packed) : samples;
}

/**
 * The number with the fewest digits near `value` for which `serves` is true, else `value` itself.
 */
export function shortest(value: number, serves: (candidate: number) => boolean): number {
  for (const digits of [6, 9, 12, 15, 16]) {
    const candidate = Number(value.toPrecision(digits));
    if (serves(candidate)) return candidate;
  }
  return value;
}
