/**
 * The orders of a sequence (the phase graph, or extended phase graph of Hennig and Weigel): magnetisation that gradients have
 * wound up is a sum M+(r) = Σ_κ F_κ e^{−i2πκ·r}, Mz(r) = Σ_κ Z_κ e^{−i2πκ·r}. A pulse mixes F_κ, F*_{−κ} and Z_κ, a gradient of moment
 * d moves F_κ to κ + d. The order at the readout's own k is the wanted signal; any other is seen by none but too few spins.
 *
 * Pulses act at their centres, and κ is a triple of whole multiples of `QUANTUM`, so several directions of moments are one map.
 */
import { type HardPulse, hardPulse, ROTATION, type Rotation, withPhase } from './pulse-rotation.ts';
import { OP, STRIDE, type Timeline } from './types.ts';

export type Vector = readonly [number, number, number];

/** Spins of one kind. */
export interface TissueClass {
  readonly T1: number;
  readonly T2: number;
  /** At the scanner's field [Hz]. */
  readonly offset: number;
}

/** An order that is not the wanted one: its energy over that of the wanted order, summed over readouts. */
export interface Order {
  /** Relative to the k of the readout [cycles/m]. */
  readonly kappa: Vector;
  readonly energy: number;
}

export interface Orders {
  /** Falling energy. */
  readonly orders: readonly Order[];
  /** Σ|F_0|² per readout, for a density of 1. */
  readonly wanted: number;
  /** The net moment that comes most between two pulses [cycles/m], and the first pulse before it. */
  readonly moment: Vector;
  readonly pulse: number;
}

/** Moments are rounded to this [cycles/m]: a turn of 0.003° across 1 m. */
const QUANTUM = 1e-2;
/** Readouts whose orders are kept: energies of a few hundred agree with those of all to a few per cent. */
const KEPT_READOUTS = 300;
/** States below this part of the largest are dropped, and fewer are kept when there would be more than `MAX_STATES`. */
const SMALLEST = 1e-4;
const MAX_STATES = 2000;
/** States × pulses after which the graph ends: a second or less. */
const MAX_WORK = 3e6;
/** Energies below this cannot matter: a hundredth of a per cent of the signal. */
const MIN_ENERGY = 1e-8;

/** Pulses up to the last readout. With one excitation and nothing after it no order but the wanted one exists. */
export function pulseCount({ ops }: Timeline): number {
  let count = 0;
  for (let n = 0; n < ops.length; n += STRIDE.op) if (ops[n] === OP.excite) count++;
  return count;
}

/**
 * @param wanted k of the first sample of readout n since its excitation [cycles/m]
 * @param slice where spins are that matter, along the selecting gradient [m]: pulses that select elsewhere do not turn them
 */
export function phaseGraph(
  timeline: Timeline,
  tissue: TissueClass,
  wanted: (readout: number) => Vector,
  slice = sliceOf(timeline),
): Orders {
  const { ops, segments, excitations, readouts } = timeline;
  const turned = new Map<number, Rotation>();
  const state = stateTable();
  const energies = new Map<string, { kappa: Vector; energy: number }>();
  const moments = new Map<string, { count: number; moment: Vector; pulse: number }>();
  // From the last pulse's centre: [kx, ky, kz, dt].
  const interval = new Float64Array(4);
  const add = (from: Float64Array, at: number): void => {
    for (let i = 0; i < 4; i++) interval[i]! += from[at + i]!;
  };
  const readoutCount = readouts.length / STRIDE.readout;
  const stride = Math.max(1, Math.floor(readoutCount / KEPT_READOUTS));
  let [reference, recorded, time, sinceFirst, pulse, work, acted] = [0, 0, 0, -1, -1, 0, false];
  let resting = 0;
  for (let n = 0; n < ops.length; n += STRIDE.op) {
    const [kind, index] = [ops[n]!, ops[n + 1]!];
    if (kind === OP.precess) add(segments, STRIDE.segment * index);
    else if (kind === OP.excite) {
      const which = excitations[STRIDE.excitation * index]!;
      const hard = hardPulse(timeline, which);
      const { rotation, before, after } = hard;
      pulse++;
      add(before, 0);
      if (!pulseOfSlice(hard, slice)) {
        acted = false;
        add(after, 0);
        continue;
      }
      acted = true;
      if (!turned.has(index)) turned.set(index, withPhase(rotation, excitations[STRIDE.excitation * index + 1]!));
      state.shift(interval, tissue);
      if (pulse > resting) noteMoment(moments, interval, pulse - 1);
      state.turn(turned.get(index)!);
      time += interval[3]!;
      work += state.size();
      interval.set(after);
      if (work > MAX_WORK || (sinceFirst >= 0 && time - sinceFirst > 5 * tissue.T1)) break;
    } else if (acted) {
      if (sinceFirst < 0) sinceFirst = time;
      // Every stride-th, and not the same line of interleaved ones each time.
      if (index % stride !== (Math.floor(index / stride) * 7) % stride) continue;
      recorded++;
      reference += state.record(interval, tissue, wanted(index), energies);
    } else resting = pulse;
  }
  const orders = [...energies.values()]
    .map(({ kappa, energy }) => ({ kappa, energy: reference > 0 ? energy / reference : 0 }))
    .filter(({ energy }) => energy > MIN_ENERGY)
    .sort((a, b) => b.energy - a.energy);
  const common = [...moments.values()].sort((a, b) => b.count - a.count)[0];
  return {
    orders,
    wanted: recorded > 0 ? reference / recorded : 0,
    moment: common?.moment ?? [0, 0, 0],
    pulse: common?.pulse ?? 0,
  };
}

/** Whether a pulse turns the spins of a slice, and does not select another. */
export function pulseOfSlice({ position, thickness }: HardPulse, slice: Slice): boolean {
  return !(Math.abs(position - slice.position) > thickness);
}

/** The slice of the readout in the middle: of the pulses since the readout before it, the thinnest slice. */
export function sliceOf(timeline: Timeline): Slice {
  const all = slicesOf(timeline);
  return all[all.length >> 1] ?? { position: 0, thickness: Number.POSITIVE_INFINITY, direction: [0, 0, 0] };
}

export interface Slice {
  /** Of the middle, along `direction` from the origin [m]. */
  readonly position: number;
  readonly thickness: number;
  /** Unit vector. */
  readonly direction: Vector;
}

/** The different slices that are read, in order of appearance; none if nothing selects. */
export function slicesOf(timeline: Timeline): Slice[] {
  const { ops, excitations } = timeline;
  const slices = new Map<string, Slice>();
  let thinnest: HardPulse | undefined;
  for (let n = 0; n < ops.length; n += STRIDE.op) {
    const index = ops[n + 1]!;
    if (ops[n] === OP.excite) {
      const one = hardPulse(timeline, excitations[STRIDE.excitation * index]!);
      if (one.thickness < (thinnest?.thickness ?? Number.POSITIVE_INFINITY)) thinnest = one;
    } else if (ops[n] === OP.read && thinnest !== undefined) {
      const strength = Math.hypot(...thinnest.gradient);
      const direction = thinnest.gradient.map((g) => g / strength) as unknown as Vector;
      const key = [...direction, 1e3 * thinnest.position].map((v) => v.toFixed(2)).join(' ');
      slices.set(key, { position: thinnest.position, thickness: thinnest.thickness, direction });
      thinnest = undefined;
    }
  }
  return [...slices.values()];
}

function noteMoment(
  moments: Map<string, { count: number; moment: Vector; pulse: number }>,
  [x, y, z]: Float64Array,
  pulse: number,
): void {
  const key = `${x!.toFixed(1)} ${y!.toFixed(1)} ${z!.toFixed(1)}`;
  const known = moments.get(key);
  if (known !== undefined) known.count++;
  else if (moments.size < 1000 && Math.hypot(x!, y!, z!) > 1)
    moments.set(key, { count: 1, moment: [x!, y!, z!], pulse });
}

/**
 * The states: for each κ of one half of space F_κ, G_κ = F*_{−κ} and Z_κ, found by hash. A shift builds the next table from this one.
 */
function stateTable(): {
  size(): number;
  turn(rotation: Rotation): void;
  shift(interval: Float64Array, tissue: TissueClass): void;
  record(
    interval: Float64Array,
    tissue: TissueClass,
    wanted: Vector,
    energies: Map<string, { kappa: Vector; energy: number }>,
  ): number;
} {
  const capacity = 8 * MAX_STATES;
  const slots = 4 * capacity;
  const table = () => ({
    key: new Int32Array(3 * capacity),
    /** [F re, F im, G re, G im, Z re, Z im] */
    value: new Float64Array(6 * capacity),
    count: 0,
  });
  let [now, next] = [table(), table()];
  const slot = new Int32Array(slots);
  const used = new Int32Array(capacity);
  let cut = SMALLEST;

  /** Index of κ in the next table, made if new; −1 when it is full. */
  const find = (x: number, y: number, z: number): number => {
    let h = Math.imul(x, 0x9e3779b1);
    h = Math.imul(h ^ (h >>> 15) ^ y, 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13) ^ z, 0xc2b2ae35);
    let at = ((h ^ (h >>> 16)) >>> 0) % slots;
    for (;;) {
      const entry = slot[at]! - 1;
      if (entry < 0) break;
      if (next.key[3 * entry] === x && next.key[3 * entry + 1] === y && next.key[3 * entry + 2] === z) return entry;
      at = at + 1 === slots ? 0 : at + 1;
    }
    if (next.count === capacity) return -1;
    const made = next.count++;
    slot[at] = made + 1;
    used[made] = at;
    next.key[3 * made] = x;
    next.key[3 * made + 1] = y;
    next.key[3 * made + 2] = z;
    next.value.fill(0, 6 * made, 6 * made + 6);
    return made;
  };
  /** Adds to F (column 0) or G (column 2) or Z (column 4) of κ; what lies in the other half of space is stored conjugated. */
  const put = (x: number, y: number, z: number, column: 0 | 2 | 4, re: number, im: number): void => {
    const negative = z !== 0 ? z < 0 : y !== 0 ? y < 0 : x < 0;
    const entry = negative ? find(-x, -y, -z) : find(x, y, z);
    if (entry < 0) return;
    const to = 6 * entry + (negative && column !== 4 ? 2 - column : column);
    next.value[to] = next.value[to]! + re;
    next.value[to + 1] = next.value[to + 1]! + (negative ? -im : im);
    // Of the order 0 F and G are one.
    if (x === 0 && y === 0 && z === 0 && column !== 4) {
      const other = 6 * entry + 2 - column;
      next.value[other] = next.value[other]! + re;
      next.value[other + 1] = next.value[other + 1]! - im;
    }
  };
  const swap = (): void => {
    for (let n = 0; n < next.count; n++) slot[used[n]!] = 0;
    [now, next] = [next, now];
    next.count = 0;
  };
  put(0, 0, 0, 4, 1, 0);
  swap();

  return {
    size: () => now.count,
    turn(r) {
      const { A, B, C, D, E } = ROTATION;
      const [ar, ai, br, bi, cr, ci] = [r[A]!, r[A + 1]!, r[B]!, r[B + 1]!, r[C]!, r[C + 1]!];
      const [dr, di, e] = [r[D]!, r[D + 1]!, r[E]!];
      const v = now.value;
      for (let at = 0; at < 6 * now.count; at += 6) {
        const [fr, fi, gr, gi, zr, zi] = [v[at]!, v[at + 1]!, v[at + 2]!, v[at + 3]!, v[at + 4]!, v[at + 5]!];
        v[at] = ar * fr - ai * fi + br * gr - bi * gi + cr * zr - ci * zi;
        v[at + 1] = ar * fi + ai * fr + br * gi + bi * gr + cr * zi + ci * zr;
        v[at + 2] = ar * gr + ai * gi + br * fr + bi * fi + cr * zr + ci * zi;
        v[at + 3] = ar * gi - ai * gr + br * fi - bi * fr + cr * zi - ci * zr;
        v[at + 4] = dr * fr - di * fi + dr * gr + di * gi + e * zr;
        v[at + 5] = dr * fi + di * fr + dr * gi - di * gr + e * zi;
      }
    },
    shift([dx, dy, dz, dt], { T1, T2, offset }) {
      const [x, y, z] = [Math.round(dx! / QUANTUM), Math.round(dy! / QUANTUM), Math.round(dz! / QUANTUM)];
      const E1 = Math.exp(-dt! / T1);
      const E2 = Math.exp(-dt! / T2);
      const c = E2 * Math.cos(2 * Math.PI * offset * dt!);
      const s = -E2 * Math.sin(2 * Math.PI * offset * dt!);
      const { key, value: v } = now;
      let largest = 0;
      for (let at = 0; at < 6 * now.count; at += 2) largest = Math.max(largest, v[at]! ** 2 + v[at + 1]! ** 2);
      const least = cut * cut * largest;
      const tracked = now.count;
      for (let n = 0; n < tracked; n++) {
        const [kx, ky, kz] = [key[3 * n]!, key[3 * n + 1]!, key[3 * n + 2]!];
        const at = 6 * n;
        const origin = kx === 0 && ky === 0 && kz === 0;
        const [fr, fi, gr, gi, zr, zi] = [v[at]!, v[at + 1]!, v[at + 2]!, v[at + 3]!, v[at + 4]!, v[at + 5]!];
        if (fr * fr + fi * fi > least) put(kx + x, ky + y, kz + z, 0, c * fr - s * fi, c * fi + s * fr);
        if (!origin && gr * gr + gi * gi > least) put(kx - x, ky - y, kz - z, 2, c * gr + s * gi, c * gi - s * gr);
        if (zr * zr + zi * zi > least) put(kx, ky, kz, 4, E1 * zr, E1 * zi);
      }
      put(0, 0, 0, 4, 1 - E1, 0);
      swap();
      cut = now.count > MAX_STATES ? cut * 1.5 : Math.max(SMALLEST, cut / 1.02);
    },
    record([mx, my, mz, dt], { T2 }, wanted, energies) {
      const decay = Math.exp(-dt! / T2) ** 2;
      const { key, value: v } = now;
      let reference = 0;
      for (let n = 0; n < now.count; n++) {
        for (const sign of [1, -1] as const) {
          const at = 6 * n + (sign > 0 ? 0 : 2);
          const energy = decay * (v[at]! ** 2 + v[at + 1]! ** 2);
          const kappa: Vector = [
            Math.round(sign * key[3 * n]! * QUANTUM + mx! - wanted[0]),
            Math.round(sign * key[3 * n + 1]! * QUANTUM + my! - wanted[1]),
            Math.round(sign * key[3 * n + 2]! * QUANTUM + mz! - wanted[2]),
          ];
          if (kappa[0] === 0 && kappa[1] === 0 && kappa[2] === 0) {
            reference += energy;
            if (key[3 * n] === 0 && key[3 * n + 1] === 0 && key[3 * n + 2] === 0) break;
            continue;
          }
          if (energy > 0) {
            const name = kappa.join(' ');
            const known = energies.get(name);
            if (known !== undefined) known.energy += energy;
            else energies.set(name, { kappa, energy });
          }
          // κ = 0 is its own mirror image.
          if (key[3 * n] === 0 && key[3 * n + 1] === 0 && key[3 * n + 2] === 0) break;
        }
      }
      return reference;
    },
  };
}
