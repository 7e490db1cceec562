/**
 * The states of a phase graph (phase-graph.ts): for each κ of one half of space F_κ, G_κ = F*_{−κ} and Z_κ, found by hash, since
 * κ is a triple of whole multiples of `QUANTUM` and may have any direction. Sums over readouts are kept the same way.
 */
import type { TissueClass, Vector } from './phase-graph.ts';
import { ROTATION, type Rotation } from './pulse-rotation.ts';
import { tripleMap } from './triple-map.ts';

/** Moments are rounded to this [cycles/m]: a turn of 0.003° across 1 m. */
const QUANTUM = 1e-2;
/** States below this part of the largest are dropped, and fewer are kept when there would be more than `MAX_STATES`. */
const SMALLEST = 1e-4;
const MAX_STATES = 2000;
/** Where states of this part of the largest are dropped, a thousand of them are a tenth of the signal of a small flip. */
const TOO_LARGE = 1e-3;
/** One step from fewer than `MAX_STATES` does not lead to more. */
const CAPACITY = 8 * MAX_STATES;

/** Time and moment between pulses: [kx, ky, kz, dt], cycles/m and s. */
export type Interval = Float64Array;

export interface OrderStates {
  size(): number;
  /** Whether so many states were dropped, or such strong ones, that orders are missing. */
  overflowed(): boolean;
  /** Applies a pulse. */
  turn(rotation: Rotation): void;
  shift(interval: Interval, tissue: TissueClass): void;
  /** Adds the energy of every order `interval` after the last pulse to `energies`, but for the wanted one. @returns that of the wanted */
  record(interval: Interval, tissue: TissueClass, wanted: Vector, energies: OrderEnergies): number;
}

/** Energy by order, which is rounded to whole cycles/m. */
export interface OrderEnergies {
  add(x: number, y: number, z: number, energy: number): void;
  list(): { readonly kappa: Vector; readonly energy: number }[];
}

export function orderEnergies(): OrderEnergies {
  const known = tripleMap();
  const sums: number[] = [];
  return {
    add(x, y, z, energy) {
      const at = known.index(x, y, z);
      if (at === sums.length) sums.push(energy);
      else sums[at] = sums[at] + energy;
    },
    list() {
      const { keys } = known;
      return sums.map((energy, n) => ({ kappa: [keys[3 * n], keys[3 * n + 1], keys[3 * n + 2]], energy }));
    },
  };
}

/** A shift builds the next table from this one. Hot loops here are plain: what makes garbage costs more than the arithmetic. */
export function orderStates(): OrderStates {
  const table = () => ({
    kappas: tripleMap(CAPACITY),
    /** [F re, F im, G re, G im, Z re, Z im]; grows as states come, so a scan of few orders touches little memory. */
    value: new Float64Array(6 * 64),
  });
  let now = table();
  let next = table();
  let cut = SMALLEST;

  /** Index of κ in the next table, made if new; −1 when it is full. */
  const find = (x: number, y: number, z: number): number => {
    const { count } = next.kappas;
    const entry = next.kappas.index(x, y, z);
    if (entry === count) {
      if (6 * entry === next.value.length) next.value = grown(next.value);
      next.value.fill(0, 6 * entry, 6 * entry + 6);
    }
    return entry;
  };
  /** Adds to F (column 0) or G (column 2) or Z (column 4) of κ; what lies in the other half of space is stored conjugated. */
  const put = (x: number, y: number, z: number, column: 0 | 2 | 4, re: number, im: number): void => {
    const negative = z !== 0 ? z < 0 : y !== 0 ? y < 0 : x < 0;
    const entry = negative ? find(-x, -y, -z) : find(x, y, z);
    if (entry < 0) return;
    const { value } = next;
    const to = 6 * entry + (negative && column !== 4 ? 2 - column : column);
    value[to] = value[to] + re;
    value[to + 1] = value[to + 1] + (negative ? -im : im);
    // Of the order 0 F and G are one.
    if (x === 0 && y === 0 && z === 0 && column !== 4) {
      const other = 6 * entry + 2 - column;
      value[other] = value[other] + re;
      value[other + 1] = value[other + 1] - im;
    }
  };
  const swap = (): void => {
    const old = now;
    now = next;
    next = old;
    next.kappas.clear();
  };
  put(0, 0, 0, 4, 1, 0);
  swap();

  return {
    size: () => now.kappas.count,
    overflowed: () => cut > TOO_LARGE,
    turn(r) {
      const { A, B, C, D, E } = ROTATION;
      const [ar, ai, br, bi, cr, ci] = [r[A], r[A + 1], r[B], r[B + 1], r[C], r[C + 1]];
      const [dr, di, e] = [r[D], r[D + 1], r[E]];
      const v = now.value;
      const end = 6 * now.kappas.count;
      for (let at = 0; at < end; at += 6) {
        const fr = v[at];
        const fi = v[at + 1];
        const gr = v[at + 2];
        const gi = v[at + 3];
        const zr = v[at + 4];
        const zi = v[at + 5];
        v[at] = ar * fr - ai * fi + br * gr - bi * gi + cr * zr - ci * zi;
        v[at + 1] = ar * fi + ai * fr + br * gi + bi * gr + cr * zi + ci * zr;
        v[at + 2] = ar * gr + ai * gi + br * fr + bi * fi + cr * zr + ci * zi;
        v[at + 3] = ar * gi - ai * gr + br * fi - bi * fr + cr * zi - ci * zr;
        v[at + 4] = dr * fr - di * fi + dr * gr + di * gi + e * zr;
        v[at + 5] = dr * fi + di * fr + dr * gi - di * gr + e * zi;
      }
    },
    shift(interval, { T1, T2, offset }) {
      const x = Math.round(interval[0] / QUANTUM);
      const y = Math.round(interval[1] / QUANTUM);
      const z = Math.round(interval[2] / QUANTUM);
      const dt = interval[3];
      const E1 = Math.exp(-dt / T1);
      const E2 = Math.exp(-dt / T2);
      const c = E2 * Math.cos(2 * Math.PI * offset * dt);
      const s = -E2 * Math.sin(2 * Math.PI * offset * dt);
      const v = now.value;
      const { keys, count } = now.kappas;
      let largest = 0;
      for (let at = 0; at < 6 * count; at += 2) largest = Math.max(largest, v[at] ** 2 + v[at + 1] ** 2);
      const least = cut * cut * largest;
      for (let n = 0, at = 0; n < count; n++, at += 6) {
        const kx = keys[3 * n];
        const ky = keys[3 * n + 1];
        const kz = keys[3 * n + 2];
        const origin = kx === 0 && ky === 0 && kz === 0;
        const fr = v[at];
        const fi = v[at + 1];
        const gr = v[at + 2];
        const gi = v[at + 3];
        const zr = v[at + 4];
        const zi = v[at + 5];
        if (fr * fr + fi * fi > least) put(kx + x, ky + y, kz + z, 0, c * fr - s * fi, c * fi + s * fr);
        if (!origin && gr * gr + gi * gi > least) put(kx - x, ky - y, kz - z, 2, c * gr + s * gi, c * gi - s * gr);
        if (zr * zr + zi * zi > least) put(kx, ky, kz, 4, E1 * zr, E1 * zi);
      }
      put(0, 0, 0, 4, 1 - E1, 0);
      swap();
      cut = now.kappas.count > MAX_STATES ? cut * 1.5 : Math.max(SMALLEST, cut / 1.02);
    },
    record(interval, { T2 }, wanted, energies) {
      const decay = Math.exp(-interval[3] / T2) ** 2;
      const dx = interval[0] - wanted[0];
      const dy = interval[1] - wanted[1];
      const dz = interval[2] - wanted[2];
      const v = now.value;
      const { keys, count } = now.kappas;
      let reference = 0;
      for (let n = 0; n < count; n++) {
        const kx = QUANTUM * keys[3 * n];
        const ky = QUANTUM * keys[3 * n + 1];
        const kz = QUANTUM * keys[3 * n + 2];
        // κ = 0 is its own mirror image.
        const origin = kx === 0 && ky === 0 && kz === 0;
        for (let at = 6 * n, sign = 1; sign >= (origin ? 1 : -1); at += 2, sign -= 2) {
          const energy = decay * (v[at] ** 2 + v[at + 1] ** 2);
          const x = Math.round(sign * kx + dx);
          const y = Math.round(sign * ky + dy);
          const z = Math.round(sign * kz + dz);
          if (x === 0 && y === 0 && z === 0) reference += energy;
          else if (energy > 0) energies.add(x, y, z, energy);
        }
      }
      return reference;
    },
  };
}

function grown(values: Float64Array): Float64Array<ArrayBuffer> {
  const wider = new Float64Array(2 * values.length);
  wider.set(values);
  return wider;
}
