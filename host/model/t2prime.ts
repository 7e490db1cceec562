/**
 * T2′: a Lorentzian of offsets of half width R2′ = 1/T2* − 1/T2 about each spin's own, which
 * dephases as e^{−R2′|τ|}, τ the time since the last echo.
 *
 * As an **ensemble**, every spin becomes several at one place, with offsets ±kπ/H and the weights
 * of the cosine series of e^{−R2′τ} on 0 ≤ τ ≤ H (all positive): pulses and pathways are those of
 * each offset. At an echo the series misses 2L/π²K of the signal, L = H·R2′, and it comes back
 * mirrored after H, which T2 has to cover.
 */
import { detail, warn } from '../base/log.ts';
import type { Seconds, Tesla } from '../base/units.ts';
import { WALK_SPINS } from '../phantom/bounds.ts';
import { COLUMN_NAMES, modelColumns } from '../phantom/columns.ts';
import { type PhantomSource, type SpinBlock, spinBlock } from '../phantom/types.ts';

/** How T2′ acts. */
export type T2Prime = 'none' | 'analytic' | 'ensemble';

/**
 * Pairs of offsets for each unit of L: 6e-3 of the signal is missing at an echo, 5e-4 on the mean.
 */
const PAIRS = 32;
const LEAST_PAIRS = 16;
/** More only cost time; what they leave is a warning. */
const MOST_PAIRS = 256;
/**
 * Horizon in units of T2, unless the sequence is shorter: what is mirrored there has decayed to
 * e^{−6}.
 */
const DECAYS = 3;
/** Ratio of T2* to T2 below which T2* counts as shorter: files round to six digits. */
const SHORTER = 1 - 1e-5;

/** Columns are f32, which may round up. */
const ROUNDED = 1 + 2 ** -22;

/** R2′ [1/s] of a spin; T2* may be 0, unset. */
export function dephasingRate(T2: Seconds, T2s: Seconds): number {
  return T2s > 0 && T2s < T2 * SHORTER ? 1 / T2s - 1 / T2 : 0;
}

/** Calls `visit` for every spin that has R2′. @returns how many have */
export function eachDephasing(source: PhantomSource, visit: (rate: number, T2: Seconds) => void): number {
  const block = spinBlock(Math.min(WALK_SPINS, source.spinCount));
  let found = 0;
  for (let first = 0; first < source.spinCount; first += WALK_SPINS) {
    const count = Math.min(WALK_SPINS, source.spinCount - first);
    source.read(first, count, block);
    for (let n = 0; n < count; n++) {
      const rate = dephasingRate(block.T2[n], block.T2s[n]);
      if (rate === 0 || block.density[n] === 0) continue;
      found++;
      visit(rate, block.T2[n]);
    }
  }
  return found;
}

export function warnOfNone({ name }: PhantomSource, how: 'analytic' | 'ensemble'): void {
  warn(`${name}: no T2* is shorter than T2; --t2prime ${how} changes nothing`);
}

/**
 * @param duration of the sequence
 * @param B0 of the scanner, at which T2* is taken to hold
 */
export function withEnsemble(source: PhantomSource, duration: Seconds, B0: Tesla): PhantomSource {
  const horizonOf = (T2: Seconds): Seconds => Math.min(duration, DECAYS * T2);
  let [longest, shortest] = [0, Number.POSITIVE_INFINITY];
  const found = eachDephasing(source, (rate, T2) => {
    longest = Math.max(longest, horizonOf(T2) * rate);
    shortest = Math.min(shortest, horizonOf(T2));
  });
  if (found === 0) {
    warnOfNone(source, 'ensemble');
    return source;
  }
  const wanted = Math.max(LEAST_PAIRS, Math.ceil(PAIRS * longest));
  const pairs = Math.min(MOST_PAIRS, wanted);
  const offsets = 2 * pairs + 1;
  if (pairs < wanted) {
    const missing = (200 * longest) / (Math.PI ** 2 * pairs);
    const limit = `${offsets} off-resonances for each spin miss up to ${missing.toPrecision(2)} % of the signal at an echo`;
    warn(`${source.name}: T2' is far shorter than the sequence and T2: ${limit}`);
  }
  detail(`${source.name}: T2' is simulated by ${offsets} off-resonances for each spin`);

  const scale = source.B0 / B0;
  let below = spinBlock(0);
  const read: PhantomSource['read'] = (first, count, into) => {
    const from = Math.floor(first / offsets);
    const spins = Math.ceil((first + count) / offsets) - from;
    if (below.x.length < spins) below = spinBlock(spins, { extra: modelColumns(source.model).total });
    source.read(from, spins, below);
    const [given, taken] = [columnsOf(below), columnsOf(into)];
    for (const [c, column] of given.entries()) {
      const target = taken[c];
      for (let n = 0; n < count; n++) target[n] = column[Math.floor((first + n) / offsets) - from];
    }
    for (let n = 0; n < count; n++) {
      const [spin, k] = [Math.floor((first + n) / offsets) - from, (first + n) % offsets];
      const [T2, rate] = [below.T2[spin], dephasingRate(below.T2[spin], below.T2s[spin])];
      const horizon = horizonOf(T2);
      into.density[n] = into.density[n] * weightOf(k, horizon * rate);
      into.offResonance[n] = into.offResonance[n] + (scale * offsetOf(k) * Math.PI) / horizon;
    }
  };
  const { bounds } = source;
  return {
    ...source,
    spinCount: source.spinCount * offsets,
    ...(source.model?.groups && {
      model: { ...source.model, groups: source.model.groups.map((size) => size * offsets) },
    }),
    bounds: { ...bounds, maxOffResonance: ROUNDED * (bounds.maxOffResonance + (scale * pairs * Math.PI) / shortest) },
    identity: `${source.identity} t2prime=${offsets},${duration},${B0}`,
    read,
  };
}

/** 0, 1, −1, 2, −2 … */
const offsetOf = (k: number): number => (k % 2 === 1 ? (k + 1) / 2 : -k / 2);

/** Weight of offset number k; a pair shares that of its cosine. */
function weightOf(k: number, L: number): number {
  if (L === 0) return k === 0 ? 1 : 0;
  if (k === 0) return -Math.expm1(-L) / L;
  const order = Math.abs(offsetOf(k));
  const end = order % 2 === 0 ? -Math.expm1(-L) : 1 + Math.exp(-L);
  return end / (L * (1 + ((order * Math.PI) / L) ** 2));
}

const columnsOf = (block: SpinBlock): Float32Array[] => [
  ...COLUMN_NAMES.map((name) => block[name]),
  ...(block.extra ?? []),
];
