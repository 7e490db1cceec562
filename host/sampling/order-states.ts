/**
 * The states of a phase graph (phase-graph.ts): for each κ of one half of space F_κ, G_κ = F*_{−κ}
 * and Z_κ, found by hash, since κ is a triple of whole multiples of `QUANTUM` and may have any
 * direction. Energies summed over readouts are found the same way.
 */

import { type OrderTable, orderTable } from './order-table.ts';
import type { TissueClass, Vector } from './phase-graph.ts';
import { ROTATION, type Rotation } from './pulse-rotation.ts';
import { tripleMap } from './triple-map.ts';

/** Moments are rounded to this [cycles/m]: a turn of 0.003° across 1 m. */
const QUANTUM = 1e-2;
/**
 * States below this fraction of the largest are dropped, and more of them while there are more than
 * `MAX_STATES`.
 */
const SMALLEST = 1e-4;
const MAX_STATES = 2000;
/**
 * Fraction of the largest state at which a thousand dropped states are a tenth of the signal of a
 * small flip angle.
 */
const TOO_LARGE = 1e-3;
/** One step from fewer than `MAX_STATES` does not lead to more. */
const CAPACITY = 8 * MAX_STATES;

/** Time and moment between pulses: [kx, ky, kz, dt], cycles/m and s. */
export type Interval = Float64Array;

export interface OrderStates {
  size(): number;
  /** Whether so many, or so strong, states were dropped that orders are missing. */
  overflowed(): boolean;
  /** Applies a pulse. */
  turn(rotation: Rotation): void;
  shift(interval: Interval, tissue: TissueClass): void;
  /**
   * Adds the energy of every order `interval` after the last pulse to `energies`, except the wanted
   * one. @returns the energy of the wanted order
   */
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

/**
 * A shift builds the next table from this one. The hot loops here are plain, because allocation
 * would cost more than the arithmetic.
 */
export function orderStates(): OrderStates {
  let now = orderTable(CAPACITY);
  let next = orderTable(CAPACITY);
  let threshold = SMALLEST;
  now.add(0, 0, 0, 4, 1, 0);
  return {
    size: () => now.kappas.count,
    overflowed: () => threshold > TOO_LARGE,
    turn: (rotation) => turnStates(now, rotation),
    shift(interval, tissue) {
      next.kappas.clear();
      shiftStates(now, next, interval, tissue, threshold);
      [now, next] = [next, now];
      threshold = now.kappas.count > MAX_STATES ? threshold * 1.5 : Math.max(SMALLEST, threshold / 1.02);
    },
    record: (interval, tissue, wanted, energies) => recordStates(now, interval, tissue, wanted, energies),
  };
}

function turnStates(table: OrderTable, r: Rotation): void {
  const { A, B, C, D, E } = ROTATION;
  const [ar, ai, br, bi, cr, ci] = [r[A], r[A + 1], r[B], r[B + 1], r[C], r[C + 1]];
  const [dr, di, e] = [r[D], r[D + 1], r[E]];
  const v = table.value;
  const end = 6 * table.kappas.count;
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
}

/**
 * Precession and relaxation.
 * @param threshold states below this fraction of the largest are dropped
 */
function shiftStates(
  from: OrderTable,
  to: OrderTable,
  interval: Interval,
  { T1, T2, offset }: TissueClass,
  threshold: number,
): void {
  const x = Math.round(interval[0] / QUANTUM);
  const y = Math.round(interval[1] / QUANTUM);
  const z = Math.round(interval[2] / QUANTUM);
  const dt = interval[3];
  const E1 = Math.exp(-dt / T1);
  const E2 = Math.exp(-dt / T2);
  const c = E2 * Math.cos(2 * Math.PI * offset * dt);
  const s = -E2 * Math.sin(2 * Math.PI * offset * dt);
  const v = from.value;
  const { keys, count } = from.kappas;
  let largest = 0;
  for (let at = 0; at < 6 * count; at += 2) largest = Math.max(largest, v[at] ** 2 + v[at + 1] ** 2);
  const least = threshold * threshold * largest;
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
    if (fr * fr + fi * fi > least) to.add(kx + x, ky + y, kz + z, 0, c * fr - s * fi, c * fi + s * fr);
    if (!origin && gr * gr + gi * gi > least) to.add(kx - x, ky - y, kz - z, 2, c * gr + s * gi, c * gi - s * gr);
    if (zr * zr + zi * zi > least) to.add(kx, ky, kz, 4, E1 * zr, E1 * zi);
  }
  to.add(0, 0, 0, 4, 1 - E1, 0);
}

function recordStates(
  table: OrderTable,
  interval: Interval,
  { T2 }: TissueClass,
  wanted: Vector,
  energies: OrderEnergies,
): number {
  const decay = Math.exp(-interval[3] / T2) ** 2;
  const dx = interval[0] - wanted[0];
  const dy = interval[1] - wanted[1];
  const dz = interval[2] - wanted[2];
  const v = table.value;
  const { keys, count } = table.kappas;
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
}
