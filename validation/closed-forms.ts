/**
 * Solutions that can be written down: free decay, echoes, inversion recovery, steady states. Pulses
 * last a picosecond, so that nothing happens during one but the rotation: a spin at 120 Hz
 * meanwhile turns by 1e-9.
 */

import { randomNumbers } from '../host/numerics/random.ts';
import { adc, blockOf, delayOf, hardPulse, sequenceOf, trapezoid } from '../host/sequence/designer.ts';
import type { Block } from '../host/sequence/types.ts';
import { compiled, type Spin, simulate, simulateCompiled, simulateEach, spinsOf } from '../testing/run.ts';
import { MODES } from './modes.ts';
import { compare, type Row, type Section } from './report.ts';

export const RADIANS = Math.PI / 180;
export const GAMMA_BAR = 42.5774688e6;
const { exp, sin, cos, sqrt, tan, PI } = Math;

/** Length of a pulse [s]. */
export const PULSE = 1e-12;

/**
 * A rotation by `flip` degrees about the axis at `phase` degrees from +x; Pulseq's phases turn the
 * other way.
 */
export const hard = (flip: number, phase = 0): Block =>
  blockOf({
    rf: hardPulse(flip * RADIANS, (flip * RADIANS) / (2 * PI * GAMMA_BAR * PULSE), { phaseOffset: -phase * RADIANS }),
  });

export async function inAllModes(
  what: string,
  blocks: readonly Block[],
  spins: readonly Spin[],
  reference: ArrayLike<number>,
  bounds: readonly [f64: number, f32: number],
): Promise<Row[]> {
  const timeline = compiled(sequenceOf(what, blocks, {}));
  const rows: Row[] = [];
  for (const { name, ...mode } of MODES) {
    const bound = bounds[mode.precision === 'f64' ? 0 : 1];
    rows.push(compare(`${what}, ${name}`, await simulateCompiled(timeline, spinsOf(spins), mode), reference, bound));
  }
  return rows;
}

/** [samples][re, im] of `at(t)` at the sample times of an ADC that starts at `start`. */
export function sampled(
  samples: number,
  dwell: number,
  start: number,
  at: (t: number) => readonly [number, number],
): Float64Array {
  return Float64Array.from(Array.from({ length: samples }, (_, n) => at(start + (n + 0.5) * dwell)).flat());
}

const f = Math.fround;

export const transients: Section = {
  title: 'Free decay, echoes, inversion recovery',
  bounds: 'f64: precession during the pulses; f32: rounding of some twenty operations',
  async rows() {
    const bounds = [3e-9, 1.5e-6] as const;
    const [T2, T1, offset] = [f(0.08), f(0.9), f(2 * PI * 37.3)];
    const fid = [hard(90), blockOf({ adc: adc(400, 1e-3, 0) })];
    const decay = sampled(400, 1e-3, 0, (t) => [exp(-t / T2) * sin(offset * t), exp(-t / T2) * cos(offset * t)]);

    // 90°x – τ – 180°y – τ: every spin is back at +y at 2τ, whatever its frequency.
    const tau = 0.02;
    const ensemble = Array.from({ length: 61 }, (_, n): Spin => ({ offset: 7.3 * (n - 30), T1, T2 }));
    const rates = spinsOf(ensemble).offResonance;
    const echo = [hard(90), delayOf(tau - PULSE), hard(180, 90), blockOf({ adc: adc(200, 2e-4, 0) })];
    const echoes = sampled(200, 2e-4, tau, (t) => {
      const part = (turn: (x: number) => number): number =>
        rates.reduce((sum, rate) => sum + turn(rate * (t - 2 * tau)), 0) * exp(-t / T2);
      return [part(sin), part(cos)];
    });

    const rows = [
      ...(await inAllModes('free induction decay, 37.3 Hz', fid, [{ T1, T2, offset: 37.3 }], decay, bounds)),
      ...(await inAllModes('spin echo of 61 frequencies over 438 Hz', echo, ensemble, echoes, bounds)),
    ];
    const one = blockOf({ adc: adc(1, PULSE, 0) });
    const times = [0.05, 0.2, 0.5, 0.8, 1.5, 4];
    for (const { name, ...mode } of MODES) {
      const signals: number[] = [];
      for (const inversion of times) {
        const sequence = sequenceOf('ir', [hard(180), delayOf(inversion), hard(90), one], {});
        signals.push(...(await simulate(sequence, spinsOf([{ T1, T2: f(1e-3) }]), mode)));
      }
      const reference = times.flatMap((time) => [0, 1 - 2 * exp(-time / T1)]);
      const bound = bounds[mode.precision === 'f64' ? 0 : 1];
      rows.push(compare(`inversion recovery, 0.05 to 4 s, ${name}`, signals, reference, bound));
    }
    return rows;
  },
};

/** `count` repetitions of pulse and wait, one sample right after the last pulse. */
function train(count: number, TR: number, pulse: (n: number) => Block, wait: (n: number) => Block): Block[] {
  const blocks: Block[] = [];
  for (let n = 0; n < count; n++) blocks.push(pulse(n), ...(n < count - 1 ? [wait(n)] : []));
  return [...blocks, blockOf({ adc: adc(1, PULSE, 0) }, TR)];
}

/**
 * Isochromats 2⁻¹² m apart, which f32 holds exactly; area of one turn between first and last is
 * 1/(n·2⁻¹²·γ̄).
 */
const comb = (count: number, T1: number, T2: number): Spin[] =>
  Array.from({ length: count }, (_, n) => ({ x: n * 2 ** -12, T1, T2, density: 1 / count }));
const crusher = (TR: number, turns: number, count: number): Block => {
  const area = turns / (count * 2 ** -12 * GAMMA_BAR);
  return blockOf({ gx: trapezoid(area / (TR - 2e-4), 1e-4, TR - 3e-4) }, TR - PULSE);
};

export const steadyStates: Section = {
  title: 'Steady states',
  bounds:
    'f64: relaxation in the pulses and what 1000 repetitions leave of the transient; f32: rounding, summed over T1/TR',
  async rows() {
    const [T1, T2, TR] = [f(0.3), f(0.06), 6e-3];
    const [E1, E2] = [exp(-TR / T1), exp(-TR / T2)];
    const [alpha, count] = [30, 1000];
    const [s, c] = [sin(alpha * RADIANS), cos(alpha * RADIANS)];
    const rows: Row[] = [];

    // Ernst: nothing of Mxy is left after TR = 0.1 s at T2 = 3 ms.
    const [shortT2, longTR] = [f(3e-3), 0.1];
    const e1 = exp(-longTR / T1);
    const ernst = (s * (1 - e1)) / (1 - e1 * c);
    const spoiled = train(
      80,
      longTR,
      () => hard(alpha),
      () => delayOf(longTR - PULSE),
    );
    rows.push(...(await inAllModes('spoiled by T2, Ernst', spoiled, [{ T1, T2: shortT2 }], [0, ernst], [1e-8, 1e-6])));

    // Fluid at a short TR: Mz stands at 7 % of equilibrium, and what a TR changes is 10⁻³ of that.
    const [fluidT1, fluidTR, small] = [f(4.5), 5e-3, 10 * RADIANS];
    const g1 = exp(-fluidTR / fluidT1);
    const fluid = (sin(small) * (1 - g1)) / (1 - g1 * cos(small));
    const fast = train(
      3000,
      fluidTR,
      () => hard(10),
      () => delayOf(fluidTR - PULSE),
    );
    const still = [{ T1: fluidT1, T2: f(1e-4) }];
    rows.push(...(await inAllModes('spoiled by T2, Ernst, T1 = 900 TR', fast, still, [0, fluid], [5e-8, 1e-5])));

    // Ernst again, T2 = 10 TR, spoiled by a gradient of another area each time: all but a few
    // pathways stay dephased.
    for (const [isochromats, bound] of [
      [256, 2e-1],
      [4096, 2e-2],
    ] as const) {
      const next = randomNumbers(1);
      const wait = (): Block => {
        return crusher(TR, 1 + Math.floor(next() * (isochromats - 1)), isochromats);
      };
      const blocks = train(400, TR, () => hard(alpha), wait);
      const signal = await simulate(sequenceOf('random', blocks, {}), spinsOf(comb(isochromats, T1, T2)), {
        precision: 'f32',
      });
      const ideal = (s * (1 - E1)) / (1 - E1 * c);
      rows.push(
        compare(`spoiled by random gradients, ${isochromats} isochromats, Ernst, f32`, signal, [0, ideal], bound),
      );
    }

    // The same gradient every time: the balanced state below, averaged over all phases; D there is
    // p − q·cos θ.
    const p = 1 - E1 * c - E2 * E2 * (E1 - c);
    const q = E2 * (1 - E1) * (1 + c);
    const coherent = tan((alpha / 2) * RADIANS) * (1 - ((E1 - c) * (1 - E2 * E2)) / sqrt(p * p - q * q));
    const dephased = train(
      count,
      TR,
      () => hard(alpha),
      () => crusher(TR, 1, 256),
    );
    rows.push(
      ...(await inAllModes(
        'gradient-spoiled coherent, 256 isochromats',
        dephased,
        comb(256, T1, T2),
        [0, coherent],
        [1e-8, 1e-5],
      )),
    );

    // Balanced: Freeman and Hill, J. Magn. Reson. 4, 366 (1971), over more than one band of 1/TR.
    for (const [phases, shift] of [
      ['equal phases', 0],
      ['alternating phases', PI],
    ] as const) {
      const offsets = Array.from({ length: 41 }, (_, n) => 6 * (n - 20));
      const blocks = train(
        count,
        TR,
        (n) => hard(alpha, shift === 0 || n % 2 === 1 ? 0 : 180),
        () => delayOf(TR - PULSE),
      );
      const reference = offsets.flatMap((offset) => {
        const theta = f(2 * PI * offset) * TR + shift;
        const D = (1 - E1 * c) * (1 - E2 * cos(theta)) - (E1 - c) * (E2 - cos(theta)) * E2;
        return [((1 - E1) * E2 * s * sin(theta)) / D, ((1 - E1) * s * (1 - E2 * cos(theta))) / D];
      });
      const timeline = compiled(sequenceOf('ssfp', blocks, {}));
      const spins = offsets.map((offset) => ({ offset, T1, T2 }));
      for (const { name, ...mode } of MODES) {
        const signals = await simulateEach(timeline, spins, mode);
        const bound = mode.precision === 'f64' ? 1e-8 : 1e-5;
        rows.push(compare(`balanced, ${phases}, −120 to 120 Hz, ${name}`, signals, reference, bound));
      }
    }
    return rows;
  },
};
