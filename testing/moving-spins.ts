/**
 * The slowest simulation of moving spins: every spin's position at every time by the definition
 * (host/phantom/motion/places.ts), its phase by quadrature between all corners, pulses by
 * Magnus steps of a quarter of a microsecond, of fourth order with relaxation in them (Ω = h(A1 +
 * A2)/2 + √3h²[A2, A1]/12, A at the two Gauss nodes: Blanes et al., Phys. Rep. 470, 151, 2009). It
 * shares no code with the timeline, its groups and terms, or any engine.
 */
import { inOrder, type MemberNodes, moversOf, nodesOf, placesOver, rowIn } from '../host/phantom/motion/places.ts';
import { unitTime } from '../host/phantom/motion/time-curve.ts';
import type { Motion } from '../host/phantom/motion/types.ts';
import type { SpinBlock } from '../host/phantom/types.ts';
import type { Block, RfEvent, Sequence } from '../host/sequence/types.ts';
import { blockGradients, type PiecewiseLinear, valueAt } from '../host/sequence/waveform.ts';

const GAMMA_BAR = 42.5774688e6;
const TURN = 2 * Math.PI;
/** Longest step of a pulse [s]: 0.1 rad at 60 kHz. */
const STEP = 0.25e-6;
/** Distance of the two Gauss nodes from the middle of a step, in steps. */
const GAUSS_2 = Math.sqrt(3) / 6;
/** Terms of the exponential of a step: the next is 1e-16 at 0.1 rad. */
const ORDERS = 8;
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

/** B1 over the nominal one at a place, re and im. */
export type Transmit = (x: number, y: number, z: number) => readonly [number, number];

/**
 * Result: [samples][re, im] without the receive phase; and [spins][x, y, z] at the end, in file
 * order.
 */
export interface Moved {
  readonly signal: Float64Array;
  readonly magnetization: Float64Array;
}

/** @param spins of a whole phantom in file order */
export function simulateMoving(
  sequence: Sequence,
  spins: SpinBlock,
  motions: readonly Motion[],
  other?: Field,
  transmit?: Transmit,
): Moved {
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
      if (playing(block.rf, middle)) pulse(from, to, block.rf!, gradients);
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

  function pulse(from: number, to: number, rf: RfEvent, gradients: readonly PiecewiseLinear[]): void {
    const steps = Math.ceil((to - from) / STEP);
    const h = (to - from) / steps;
    const middle = (from + to) / 2;
    for (let step = 0; step < steps; step++) {
      const fields = [-1, 1].map((sign) => {
        const t = from + (step + 0.5 + sign * GAUSS_2) * h;
        // Overwritten by the next call.
        const r = structuredClone(places(start + t));
        const g = gradients.map((gradient) => valueAt(gradient, t));
        return { r, g, B1: fieldOf(rf, t, middle) };
      });
      for (let n = 0; n < count; n++) {
        const [rho, R1, R2] = [spins.density[n], 1 / spins.T1[n], 1 / spins.T2[n]];
        // A·M + w·b: w is 1 for M itself and 0 for what A has been applied to.
        const [early, late] = fields.map(({ r, g, B1: [re, im] }) => {
          const [x, y, z] = [r.x[n], r.y[n], r.z[n]];
          const [scaleRe, scaleIm] = transmit?.(x, y, z) ?? [1, 0];
          const [bx, by] = [re * scaleRe - im * scaleIm, re * scaleIm + im * scaleRe];
          const bz = TURN * GAMMA_BAR * along(g, x, y, z) + spins.offResonance[n];
          return ([x, y, z]: Vector, w: number): Vector => [
            y * bz - z * by - x * R2,
            z * bx - x * bz - y * R2,
            x * by - y * bx - z * R1 + w * rho * R1,
          ];
        }) as [Slope, Slope];
        const M: Vector = [mx[n], my[n], mz[n]];
        let [sum, power, w] = [M, M, 1];
        for (let order = 1; order <= ORDERS; order++) {
          const [one, two] = [early(power, w), late(power, w)];
          const [after, before] = [late(one, 0), early(two, 0)];
          power = one.map(
            (value, i) => ((h / 2) * (value + two[i]) + ((h * h) / 2) * GAUSS_2 * (after[i] - before[i])) / order,
          ) as unknown as Vector;
          sum = sum.map((value, i) => value + power[i]) as unknown as Vector;
          w = 0;
        }
        [mx[n], my[n], mz[n]] = sum;
      }
    }
  }
}

type Vector = readonly [number, number, number];
type Slope = (M: Vector, w: number) => Vector;

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
