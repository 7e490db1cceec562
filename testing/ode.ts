/**
 * The Bloch equations as an ordinary differential equation, solved to some 1e-11 and sharing no
 * code with the timeline or the kernels: it reads events itself and integrates
 *
 *     dM/dt = 2πγ̄ M × B − (Mx/T2, My/T2, (Mz − ρ)/T1),   B = (B1x, B1y, G·r + Δω/2πγ̄)
 *
 * by the Dormand–Prince pair of orders 5 and 4 (J. Comput. Appl. Math. 6, 19, 1980) with steps
 * chosen by their difference.
 */
import type { SpinBlock } from '../host/phantom/types.ts';
import type { Block, GradientEvent, RfEvent, Sequence } from '../host/sequence/types.ts';

const GAMMA = 2 * Math.PI * 42.5774688e6;

type Vector = readonly [number, number, number];
type Slope = (t: number, M: Vector) => Vector;

/** Signal of spin `n` at every sample, [samples][re, im], the receiver's phase left out. */
export function solveBloch(sequence: Sequence, spins: SpinBlock, n: number, tolerance = 1e-14): Float64Array {
  const [rho, T1, T2] = [spins.density[n], spins.T1[n], spins.T2[n]];
  const r: Vector = [spins.x[n], spins.y[n], spins.z[n]];
  const offset = spins.offResonance[n];
  const signal: number[] = [];
  let M: Vector = [0, 0, rho];
  for (let b = 0; b < sequence.blockCount; b++) {
    const block = sequence.block(b);
    const sampled = sampleTimes(block);
    const stops = [...new Set([0, block.duration, ...sampled, ...edges(block)])]
      .filter((t) => t >= 0 && t <= block.duration + 1e-12)
      .sort((a, c) => a - c);
    let next = 0;
    for (const [index, from] of stops.entries()) {
      for (; next < sampled.length && sampled[next] === from; next++) signal.push(M[0], M[1]);
      const to = stops[index + 1];
      if (to === undefined || to <= from) continue;
      const middle = (from + to) / 2;
      const G = [block.gx, block.gy, block.gz].map((event) => gradientAround(event, middle));
      const B1 = fieldAround(block.rf, middle);
      const slope: Slope = (t, [x, y, z]) => {
        const along = G.reduce((sum, g, axis) => sum + (g.value + g.slope * (t - middle)) * r[axis], 0);
        const wz = GAMMA * along + offset;
        const [bx, by] = B1(t);
        const [wx, wy] = [GAMMA * bx, GAMMA * by];
        return [y * wz - z * wy - x / T2, z * wx - x * wz - y / T2, x * wy - y * wx - (z - rho) / T1];
      };
      M = integrate(slope, M, from, to, tolerance);
    }
  }
  return Float64Array.from(signal);
}

function sampleTimes({ adc }: Block): number[] {
  return adc === undefined ? [] : Array.from({ length: adc.samples }, (_, k) => adc.delay + (k + 0.5) * adc.dwell);
}

/** Times at which a field of the block has a corner or a jump. */
function edges({ rf, gx, gy, gz }: Block): number[] {
  const times = rf === undefined ? [] : Array.from(rf.time, (t) => rf.delay + t);
  for (const event of [gx, gy, gz]) if (event !== undefined) times.push(...corners(event).map(([t]) => t));
  return times;
}

function corners(event: GradientEvent): [number, number][] {
  const { delay } = event;
  if (event.kind === 'shape') return Array.from(event.time, (t, k) => [delay + t, event.amplitude[k]]);
  const { rise, flat, fall, amplitude } = event;
  return [
    [delay, 0],
    [delay + rise, amplitude],
    [delay + rise + flat, amplitude],
    [delay + rise + flat + fall, 0],
  ];
}

/** The straight line that a gradient follows around `t`, which is not a corner. */
function gradientAround(event: GradientEvent | undefined, t: number): { value: number; slope: number } {
  const points = event === undefined ? [] : corners(event);
  const next = points.findIndex(([time]) => time > t);
  if (next < 1) return { value: 0, slope: 0 };
  const [[t0, a0], [t1, a1]] = [points[next - 1], points[next]];
  const slope = (a1 - a0) / (t1 - t0);
  return { value: a0 + slope * (t - t0), slope };
}

/** B1 around `t`: Pulseq's phases conjugated, offsets included [T]. */
function fieldAround(rf: RfEvent | undefined, t: number): (t: number) => readonly [number, number] {
  if (rf === undefined) return () => [0, 0];
  const { time, magnitude, phase } = rf;
  const next = time.findIndex((edge) => rf.delay + edge > t);
  if (next < 1) return () => [0, 0];
  const envelope = (k: number): [number, number] => [
    magnitude[k] * Math.cos(phase[k]),
    magnitude[k] * Math.sin(phase[k]),
  ];
  const from = envelope(next - 1);
  const to = rf.interpolation === 'held' ? from : envelope(next);
  const [start, span] = [time[next - 1], time[next] - time[next - 1]];
  return (now) => {
    const since = now - rf.delay;
    const part = (since - start) / span;
    const [re, im] = [from[0] + part * (to[0] - from[0]), from[1] + part * (to[1] - from[1])];
    const turn = rf.phaseOffset + 2 * Math.PI * rf.frequencyOffset * since;
    const [c, s] = [Math.cos(turn), Math.sin(turn)];
    return [re * c - im * s, -(re * s + im * c)];
  };
}

/** Nodes, weights of the stages and of the error estimate (fifth minus fourth order). */
const NODES = [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1];
const STAGES = [
  [],
  [1 / 5],
  [3 / 40, 9 / 40],
  [44 / 45, -56 / 15, 32 / 9],
  [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
  [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
  [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
];
const ERROR = [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40];

/** @param tolerance of one step's error */
function integrate(slope: Slope, start: Vector, from: number, to: number, tolerance: number): Vector {
  let M = start;
  let t = from;
  let h = to - from;
  while (t < to) {
    h = Math.min(h, to - t);
    const k: Vector[] = [];
    let y = M;
    for (const [stage, weights] of STAGES.entries()) {
      y = combine(M, h, weights, k);
      k.push(slope(t + NODES[stage] * h, y));
    }
    const error = Math.hypot(...combine([0, 0, 0], h, ERROR, k));
    if (error <= tolerance || h < 1e-15) {
      M = y; // the last stage is the fifth-order result
      t = h === to - t ? to : t + h;
    }
    h *= Math.min(4, Math.max(0.2, 0.9 * (tolerance / Math.max(error, 1e-300)) ** 0.2));
  }
  return M;
}

function combine(M: Vector, h: number, weights: readonly number[], k: readonly Vector[]): Vector {
  let [x, y, z] = [0, 0, 0];
  for (const [n, weight] of weights.entries()) {
    x += weight * k[n][0];
    y += weight * k[n][1];
    z += weight * k[n][2];
  }
  return [M[0] + h * x, M[1] + h * y, M[2] + h * z];
}
