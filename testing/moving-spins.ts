/**
 * The slowest simulation of moving spins: every spin's position at every time by the definition
 * (host/phantom/motion/places.ts), its phase by quadrature between all corners, pulses by
 * Runge–Kutta steps of a quarter of a microsecond. It shares no code with the timeline, its groups
 * and terms, or any engine.
 */
import { inOrder, type MemberNodes, moversOf, nodesOf, placesOver, rowIn } from '../host/phantom/motion/places.ts';
import { unitTime } from '../host/phantom/motion/time-curve.ts';
import type { Motion } from '../host/phantom/motion/types.ts';
import type { SpinBlock } from '../host/phantom/types.ts';
import type { Block, RfEvent, Sequence } from '../host/sequence/types.ts';
import { blockGradients, type PiecewiseLinear, valueAt } from '../host/sequence/waveform.ts';

const GAMMA_BAR = 42.5774688e6;
const TURN = 2 * Math.PI;
const RK_STEP = 0.25e-6;
/** Pieces of a HeartBeat: a corner inside one costs its square. */
const SHORT = 1e-6;

/** Nodes and weights of Gauss and Legendre on [−1, 1], order 8. */
const GAUSS: readonly (readonly [number, number])[] = [
  [0.1834346424956498, 0.362683783378362],
  [0.525532409916329, 0.31370664587788727],
  [0.7966664774136267, 0.22238103445337448],
  [0.9602898564975363, 0.10122853629037626],
].flatMap(([x, w]) => [[-x!, w!] as const, [x!, w!] as const]);

/** Field along B0 beside that of linear gradients [T], at a place under gradients (x, y, z). */
export type Field = (gradients: readonly number[], x: number, y: number, z: number) => number;

/**
 * Result: [samples][re, im] without the receive phase; and [spins][x, y, z] at the end, in file
 * order.
 */
export interface Moved {
  readonly signal: Float64Array;
  readonly magnetization: Float64Array;
}

/** @param spins of a whole phantom in file order */
export function simulateMoving(sequence: Sequence, spins: SpinBlock, motions: readonly Motion[], other?: Field): Moved {
  const count = spins.x.length;
  const numbers = Array.from({ length: count }, (_, n) => n);
  const places = placesOver(moversOf(inOrder(motions), numbers), spins);
  const held = resetOf(motions, numbers);
  const [mx, my] = [new Float64Array(count), new Float64Array(count)];
  const mz = Float64Array.from(spins.density);
  const phase = new Float64Array(count);
  const signal: number[] = [];
  let start = 0;
  const cutsAt = cornersOf(motions, sequence.duration);
  for (let b = 0; b < sequence.blockCount; b++) {
    const block = sequence.block(b);
    const gradients = blockGradients(block);
    const samples = sampleTimes(block);
    const stops = [0, block.duration, ...samples, ...edges(block, gradients), ...cutsAt.map((t) => t - start)]
      .filter((t) => t >= 0 && t <= block.duration + 1e-13)
      .sort((a, c) => a - c);
    let next = 0;
    for (const [index, from] of stops.entries()) {
      for (; next < samples.length && samples[next] <= from; next++) {
        let [re, im] = [0, 0];
        for (let n = 0; n < count; n++) {
          re += mx[n];
          im += my[n];
        }
        signal.push(re, im);
      }
      const to = stops[index + 1];
      if (to === undefined || to - from < 1e-13) continue;
      const middle = (from + to) / 2;
      const isHeld = held(start + middle);
      const reset = (): void => {
        for (let n = 0; n < count; n++) if (isHeld?.[n]) [mx[n], my[n], mz[n]] = [0, 0, spins.density[n]];
      };
      reset();
      if (playing(block.rf, middle)) runge(from, to, block.rf!, gradients);
      else free(from, to, gradients);
      reset();
    }
    start += block.duration;
  }
  const magnetization = Float64Array.from({ length: 3 * count }, (_, n) => [mx, my, mz][n % 3][Math.floor(n / 3)]);
  return { signal: Float64Array.from(signal), magnetization };

  /** Field along B0 [T]. */
  function along(g: readonly number[], x: number, y: number, z: number): number {
    return g[0] * x + g[1] * y + g[2] * z + (other?.(g, x, y, z) ?? 0);
  }

  function free(from: number, to: number, gradients: readonly PiecewiseLinear[]): void {
    phase.fill(0);
    const half = (to - from) / 2;
    for (const [x, weight] of GAUSS) {
      const t = from + half * (1 + x);
      const g = gradients.map((gradient) => valueAt(gradient, t)) as [number, number, number];
      if (other === undefined && g.every((value) => value === 0)) continue;
      const r = places(start + t);
      for (let n = 0; n < count; n++)
        phase[n] = phase[n] + GAMMA_BAR * weight * half * along(g, r.x[n], r.y[n], r.z[n]);
    }
    const dt = to - from;
    for (let n = 0; n < count; n++) {
      const angle = -TURN * phase[n] - spins.offResonance[n] * dt;
      const E2 = Math.exp(-dt / spins.T2[n]);
      const [c, s] = [E2 * Math.cos(angle), E2 * Math.sin(angle)];
      [mx[n], my[n]] = [mx[n] * c - my[n] * s, mx[n] * s + my[n] * c];
      mz[n] = spins.density[n] + (mz[n] - spins.density[n]) * Math.exp(-dt / spins.T1[n]);
    }
  }

  function runge(from: number, to: number, rf: RfEvent, gradients: readonly PiecewiseLinear[]): void {
    const steps = Math.ceil((to - from) / RK_STEP);
    const h = (to - from) / steps;
    const middle = (from + to) / 2;
    const field = (t: number): Float64Array => {
      const r = places(start + t);
      const g = gradients.map((gradient) => valueAt(gradient, t));
      return Float64Array.from(
        { length: count },
        (_, n) => TURN * GAMMA_BAR * along(g, r.x[n], r.y[n], r.z[n]) + spins.offResonance[n],
      );
    };
    let late = field(from + 1e-15);
    for (let step = 0; step < steps; step++) {
      const t = from + step * h;
      const early = late;
      const mean = field(t + h / 2);
      late = field(step === steps - 1 ? to - 1e-15 : t + h);
      const pulses = [t, t + h / 2, t + h].map((time) => fieldOf(rf, time, middle));
      for (let n = 0; n < count; n++) {
        const [rho, R1, R2] = [spins.density[n], 1 / spins.T1[n], 1 / spins.T2[n]];
        const slope = ([x, y, z]: Vector, [bx, by]: readonly [number, number], bz: number): Vector => [
          y * bz - z * by - x * R2,
          z * bx - x * bz - y * R2,
          x * by - y * bx - (z - rho) * R1,
        ];
        const M: Vector = [mx[n], my[n], mz[n]];
        const k1 = slope(M, pulses[0], early[n]);
        const k2 = slope(ahead(M, k1, h / 2), pulses[1], mean[n]);
        const k3 = slope(ahead(M, k2, h / 2), pulses[1], mean[n]);
        const k4 = slope(ahead(M, k3, h), pulses[2], late[n]);
        [mx[n], my[n], mz[n]] = M.map(
          (m, i) => m + (h / 6) * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]),
        ) as unknown as Vector;
      }
    }
  }
}

type Vector = readonly [number, number, number];
const ahead = (M: Vector, k: Vector, h: number): Vector => [M[0] + h * k[0], M[1] + h * k[1], M[2] + h * k[2]];

function sampleTimes({ adc }: Block): number[] {
  return adc === undefined ? [] : Array.from({ length: adc.samples }, (_, k) => adc.delay + (k + 0.5) * adc.dwell);
}

function edges({ rf }: Block, gradients: readonly PiecewiseLinear[]): number[] {
  return [
    ...gradients.flatMap(({ t }) => [...t]),
    ...(rf === undefined ? [] : Array.from(rf.time, (t) => t + rf.delay)),
  ];
}

const playing = (rf: RfEvent | undefined, t: number): boolean =>
  rf !== undefined && t > rf.delay && t < rf.delay + rf.time[rf.time.length - 1];

/** ω1 [rad/s] of the cell that holds `middle`, at `t`; phases conjugated. */
function fieldOf(rf: RfEvent, t: number, middle: number): readonly [number, number] {
  const cell = rf.time.findIndex((edge) => rf.delay + edge > middle) - 1;
  const angle = rf.phase[cell] + rf.phaseOffset + TURN * rf.frequencyOffset * (t - rf.delay);
  const size = TURN * GAMMA_BAR * rf.magnitude[cell];
  return [size * Math.cos(angle), -size * Math.sin(angle)];
}

/** Times at which a motion has a corner: knots of all copies and repeats, and nodes of paths. */
function cornersOf(motions: readonly Motion[], duration: number): number[] {
  const corners: number[] = [];
  // A radius that reaches the axis stops there, at a time of its own for each spin.
  const stops = motions.some(({ action }) => action.type === 'HeartBeat') ? Math.ceil(duration / SHORT) : 0;
  for (let n = 1; n < stops; n++) corners.push(n * SHORT);
  for (const { time, action } of motions) {
    const { from, to, periodic, t, unit } = unitTime(time);
    const nodes = action.type === 'Path' || action.type === 'FlowPath' ? action.nodes.count : 2;
    const repeats = periodic ? Math.ceil(duration / (to - from)) + 1 : 0;
    for (let repeat = -repeats; repeat <= repeats; repeat++)
      for (let n = 0; n < t.length; n++) {
        const shift = repeat * (to - from);
        corners.push(t[n] + shift);
        if (n === 0 || unit[n] === unit[n - 1]) continue;
        for (let node = 1; node < nodes - 1; node++) {
          const part = (node / (nodes - 1) - unit[n - 1]) / (unit[n] - unit[n - 1]);
          if (part > 0 && part < 1) corners.push(t[n - 1] + part * (t[n] - t[n - 1]) + shift);
        }
      }
  }
  return corners.filter((t) => t >= 0 && t <= duration);
}

/**
 * Spins that are held at equilibrium at a time inside a piece: those reset at the next node, unless
 * u decreases.
 */
function resetOf(motions: readonly Motion[], numbers: readonly number[]): (time: number) => Uint8Array | undefined {
  const flows = motions.flatMap(({ action, time, spins }) => {
    if (action.type !== 'FlowPath') return [];
    const at = Uint32Array.from(numbers.filter((n) => rowIn(spins, n) >= 0));
    const nodes: MemberNodes = nodesOf({ at, count: at.length }, (n) => rowIn(spins, n), action.nodes);
    return [{ at, nodes, count: action.nodes.count, unit: unitTime(time).at }];
  });
  if (flows.length === 0) return () => undefined;
  return (time) => {
    const held = new Uint8Array(numbers.length);
    for (const { at, nodes, count, unit } of flows) {
      const slope = unit(time + 1e-14) - unit(time - 1e-14);
      if (slope < 0) continue;
      const ahead = Math.max(1, Math.ceil(unit(time) * (count - 1) - 1e-12));
      for (let i = 0; i < at.length; i++) if (nodes.reset![ahead * at.length + i] === 1) held[at[i]] = 1;
    }
    return held;
  };
}
