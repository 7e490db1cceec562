/**
 * Gradient impulse response functions: the response of a gradient system to its nominal waveforms,
 *
 *     G_j(t) = Σ_i ∫ H_ji(f) Ĝ_i(f) e^{+i2πft} df
 *
 * H linear between its frequencies and zero beyond them. Nominal waveforms are made of corners, so
 * their response is a sum over corners of the response to a ramp and needs no sampling. With h = ∫H
 * e^{i2πft} df and its integrals s, r, q (responses to a step, a ramp and a parabola), ∫G_j up to t
 * is Σ Δslope·q(t − t_corner). From each of them the polynomial is taken that it approaches for u >
 * 0: its sum over all corners is the nominal waveform itself, and the rest, in tables, dies away.
 */
import { createHash } from 'node:crypto';
import { badInput } from '../base/errors.ts';
import { type JsonReader, list, number, readJson, record } from '../base/json.ts';
import { fft } from '../numerics/fft.ts';

/**
 * Output axis 0, 1, 2 or, 3, the field common to all spins [T per T/m], from input axis 0, 1, 2.
 */
interface Pair {
  readonly from: number;
  readonly to: number;
  /** [frequencies][re, im] */
  readonly H: readonly (readonly number[])[];
}

export interface Girf {
  readonly path: string;
  readonly identity: string;
  /** [frequencies] Hz, ascending */
  readonly freq: readonly number[];
  readonly pairs: readonly Pair[];
}

/** Highest frequency that tables with a step of 1 µs resolve well. */
const MOST_HERTZ = 1e5;
const ANY = number('', -1e12, 1e12);
const complexList: JsonReader<readonly (readonly number[])[]> = list(list(ANY, 'numbers'), 'pairs [re, im]');

interface GirfFile {
  readonly freq: readonly number[];
  readonly H: Readonly<Record<string, unknown>>;
}

/** @throws LarmorError 65 naming the key that is wrong, 66 if the file cannot be read */
export function readGirf(path: string): Girf {
  const anything: JsonReader<unknown> = (value) => value;
  const responses: JsonReader<Readonly<Record<string, unknown>>> = (value, place) =>
    record<object, Record<string, unknown>>({}, Object.fromEntries(KEYS.map((key) => [key, anything])))(value, place);
  const reader = record<GirfFile, { unit: unknown; description: unknown }>(
    { freq: list(ANY, 'frequencies in Hz'), H: responses },
    { unit: anything, description: anything },
  );
  const { freq, H } = readJson(path, '{"freq": […], "H": {"xx": [[re, im], …]}}', reader);
  checkFrequencies(path, freq);
  const pairs = Object.entries(H).map(([key, value]) => {
    const values = complexList(value, { file: path, key: `H.${key}` });
    if (values.length !== freq.length)
      throw badInput(path, `H.${key} has ${values.length} values for ${freq.length} frequencies`, 'give one for each');
    if (values.some((pair) => pair.length !== 2)) throw badInput(path, `H.${key} holds no pairs`, 'give [re, im]');
    return { from: 'xyz'.indexOf(key.at(-1)!), to: OUTPUTS.indexOf(key.slice(0, -1)), H: values };
  });
  if (pairs.length === 0) throw badInput(path, 'H has no entries', `its keys are ${KEYS.join(', ')}, output first`);
  const identity = createHash('sha256')
    .update(JSON.stringify([freq, pairs]))
    .digest('hex');
  return { path, identity, freq, pairs };
}

const OUTPUTS = ['x', 'y', 'z', 'B0'];
const KEYS = OUTPUTS.flatMap((to) => ['x', 'y', 'z'].map((from) => `${to}${from}`));

function checkFrequencies(path: string, freq: readonly number[]): void {
  if (freq.length < 2) throw badInput(path, `freq has ${freq.length} frequencies`, 'give two or more');
  const back = freq.findIndex((value, n) => n > 0 && value <= freq[n - 1]);
  if (back >= 0) throw badInput(path, `freq decreases at ${freq[back]} Hz`, 'sort the frequencies');
  const reach = Math.max(Math.abs(freq[0]), freq.at(-1)!);
  if (reach > MOST_HERTZ)
    throw badInput(path, `freq reaches ${reach} Hz`, `give at most ${MOST_HERTZ} Hz; check that the unit is Hz`);
  if (freq[0] > 0 || freq.at(-1)! < 0) throw badInput(path, 'freq does not contain 0 Hz', 'begin at 0, or at −fmax');
}

/**
 * Mean distance of the frequencies [Hz]: a response that is linear between them has weak echoes
 * after 1/distance.
 */
export function spacingOf({ freq }: Girf): number {
  return (freq.at(-1)! - freq[0]) / (freq.length - 1);
}

/** H at a frequency. Missing negative ones follow from waveforms being real. */
function valueAt(freq: readonly number[], H: Pair['H'], f: number): [number, number] {
  if (f < freq[0]) {
    if (freq[0] < 0 || -f > freq.at(-1)!) return [0, 0];
    const [re, im] = valueAt(freq, H, -f);
    return [re, -im];
  }
  if (f > freq.at(-1)!) return [0, 0];
  let [low, high] = [0, freq.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (freq[middle] <= f) low = middle;
    else high = middle;
  }
  const part = (f - freq[low]) / (freq[high] - freq[low]);
  const [a, b] = [H[low], H[high]];
  return [a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])];
}

/**
 * Deviations of the responses to a ramp and a parabola, r and q (and to a step, s), from the
 * polynomials that they approach, for −window ≤ u ≤ window; 0 beyond.
 */
export interface Response {
  readonly from: number;
  readonly to: number;
  /** The polynomials: s → gain, r → gain·u + first, q → gain·u²/2 + first·u + second. */
  readonly gain: number;
  readonly first: number;
  readonly second: number;
  /** Adds `weight` times these deviations of r and q at u to into[0], into[1]. */
  ramp(u: number, weight: number, into: Float64Array): void;
  /** The same of (s, r), for jumps. */
  step(u: number, weight: number, into: Float64Array): void;
}

/**
 * Step of the fine table [s], its extent [s], and the number of fine steps per step beyond it,
 * where there are only weak echoes.
 */
const FINE = 1e-6;
const NEAR = 5e-3;
const COARSE = 8;
/** Number of echoes of h that one period of the transform separates, and its largest size. */
const ECHOES = 30;
const LARGEST = 2 ** 21;

/** Responses of all pairs. @param window [s] beyond which the deviations are neglected */
export function responsesOf(girf: Girf, window: number): Response[] {
  const size = Math.min(LARGEST, 2 ** Math.ceil(Math.log2((window + ECHOES / spacingOf(girf)) / FINE)));
  const half = Math.min(Math.ceil(window / FINE / COARSE) * COARSE, size / 4);
  return girf.pairs.map((pair) => ({ from: pair.from, to: pair.to, ...responseOf(girf.freq, pair.H, size, half) }));
}

function responseOf(freq: readonly number[], H: Pair['H'], size: number, half: number): Omit<Response, 'from' | 'to'> {
  const [h, P1, P2, P3, c0] = integrals(freq, H, size);
  const count = 2 * half + 1;
  const at = (n: number): number => (n - half + size) % size;
  const start = at(0);
  // [h, s, r, q][n], n from −window to window: all 0 at the beginning.
  const tables = [0, 1, 2, 3].map(() => new Float64Array(count));
  for (let n = 0; n < count; n++) {
    const u = n * FINE;
    const i = at(n);
    tables[0][n] = h[i];
    tables[1][n] = c0 * u + P1[i] - P1[start];
    tables[2][n] = (c0 * u * u) / 2 - P1[start] * u + P2[i] - P2[start];
    tables[3][n] = (c0 * u ** 3) / 6 - (P1[start] * u * u) / 2 - P2[start] * u + P3[i] - P3[start];
  }
  const W = half * FINE;
  const gain = tables[1][count - 1];
  const first = tables[2][count - 1] - gain * W;
  const second = tables[3][count - 1] - (gain * W * W) / 2 - first * W;
  const sides = [-1, 1].map((sign) => {
    const near = Math.min(half, Math.round(NEAR / FINE));
    const cut = (stride: number, length: number): Float64Array[] =>
      tables.map((table, order) =>
        Float64Array.from({ length }, (_, n) => {
          const u = n * stride * FINE;
          const value = table[half + sign * n * stride];
          if (sign < 0) return value;
          return value - [0, gain, gain * u + first, (gain * u * u) / 2 + first * u + second][order];
        }),
      );
    return {
      sign,
      near,
      fine: cut(1, near + 2 > half + 1 ? half + 1 : near + 2),
      coarse: cut(COARSE, half / COARSE + 1),
    };
  });
  const add = (order: number, u: number, weight: number, into: Float64Array): void => {
    const { sign, near, fine, coarse } = sides[u < 0 ? 0 : 1];
    const far = Math.abs(u) >= near * FINE;
    const step = (far ? COARSE : 1) * FINE;
    const x = Math.abs(u) / step;
    const n = Math.floor(x);
    const list = far ? coarse : fine;
    if (n + 1 >= list[0].length) return;
    const part = x - n;
    into[0] = into[0] + weight * hermite(list[order - 1], list[order - 2], n, part, sign * step);
    into[1] = into[1] + weight * hermite(list[order], list[order - 1], n, part, sign * step);
  };
  return {
    gain,
    first,
    second,
    ramp: (u, weight, into) => add(3, u, weight, into),
    step: (u, weight, into) => add(2, u, weight, into),
  };
}

/** Cubic through two values with their derivatives. */
function hermite(values: Float64Array, slopes: Float64Array, n: number, part: number, step: number): number {
  const [a, b] = [values[n], values[n + 1]];
  const [da, db] = [slopes[n] * step, slopes[n + 1] * step];
  const rest = 1 - part;
  return a + part * (b - a + rest * (rest * (da - (b - a)) - part * (db - (b - a))));
}

/**
 * Periodic parts of h and of its first three integrals on the grid, and the mean c0 of h: with ω =
 * 2πn/period, coefficients H, H/iω, H/(iω)², H/(iω)³. Two real series at a time are the parts of
 * one complex transform.
 */
function integrals(
  freq: readonly number[],
  H: Pair['H'],
  size: number,
): [Float64Array, Float64Array, Float64Array, Float64Array, number] {
  const period = size * FINE;
  const c0 = valueAt(freq, H, 0)[0] / period;
  const pairOf = (power: number): [Float64Array, Float64Array] => {
    const data = new Float64Array(2 * size);
    if (power === 0) data[0] = c0;
    const put = (n: number, re: number, im: number): void => {
      const i = 2 * ((n + size) % size);
      data[i] = re;
      data[i + 1] = im;
    };
    for (let n = 1; n < size / 2; n++) {
      const f = n / period;
      // The part of H that affects a real waveform.
      const [p, q] = [valueAt(freq, H, f), valueAt(freq, H, -f)];
      let [re, im] = [(p[0] + q[0]) / 2 / period, (p[1] - q[1]) / 2 / period];
      if (re === 0 && im === 0) continue;
      const w = 2 * Math.PI * f;
      const divide = (): void => {
        [re, im] = [im / w, -re / w];
      };
      for (let k = 0; k < power; k++) divide();
      const [lowRe, lowIm] = [re, im];
      divide();
      // (low + i·high) at n, and (low* + i·high*) at −n.
      put(n, lowRe - im, lowIm + re);
      put(-n, lowRe + im, -lowIm + re);
    }
    const result = fft(size, 1)(data, new Float64Array(2 * size), 1);
    const part = (k: 0 | 1): Float64Array => Float64Array.from({ length: size }, (_, n) => result[2 * n + k]);
    return [part(0), part(1)];
  };
  const [h, P1] = pairOf(0);
  const [P2, P3] = pairOf(2);
  return [h, P1, P2, P3, c0];
}
