/**
 * Relaxation during pulses, default settings, against the differential equation of `ode.ts`: trains
 * in which an error per pulse adds up, T2 far below the length of a pulse, swept and
 * slice-selective pulses, and gradients that ramp under them. Errors are those of the signal's
 * norm.
 */

import { adc, blockOf, hardPulse, sequenceOf, sincPulse, trapezoid } from '../host/sequence/designer.ts';
import type { Block, Sequence } from '../host/sequence/types.ts';
import { solveBloch } from '../testing/ode.ts';
import { compiled, type Spin, simulateEach, spinsOf } from '../testing/run.ts';
import { fingerprinting } from '../testing/timed-scans.ts';
import { MODES } from './modes.ts';
import { compare, type Row, type Section } from './report.ts';

const RADIANS = Math.PI / 180;
const GAMMA = 2 * Math.PI * 42.5774688e6;
const BOUND = { f64: 1e-6, f32: 1e-5 } as const;

const blockPulse = (flip: number, duration: number, phase = 0): Block => {
  const pulse = hardPulse(flip * RADIANS, (flip * RADIANS) / (GAMMA * duration));
  return blockOf({ rf: { ...pulse, phaseOffset: phase } });
};

/** Balanced, alternating phases, one sample at the middle of each TR. */
function balanced(flip: number, duration: number, count: number): Sequence {
  const read = blockOf({ adc: adc(1, 1e-5, 2e-3 - 5e-6), gx: trapezoid(0, 1e-3, 2e-3) });
  const one = (n: number): Block[] => [blockPulse(flip, duration, (n % 2) * Math.PI), read];
  return sequenceOf('bSSFP', Array.from({ length: count }, (_, n) => one(n)).flat(), {});
}

async function against(what: string, sequence: Sequence, spins: readonly Spin[]): Promise<Row[]> {
  const all = spinsOf(spins);
  const truth = Float64Array.from(spins.flatMap((_, n) => [...solveBloch(sequence, all, n)]));
  const timeline = compiled(sequence);
  const rows: Row[] = [];
  for (const { name, ...mode } of MODES) {
    const signals = await simulateEach(timeline, spins, mode);
    rows.push(compare(`${what}, ${name}`, signals, truth, BOUND[mode.precision]));
  }
  return rows;
}

/** A sinc under a gradient that ramps up and down beneath it. */
function ramping(duration: number, flip: number): Sequence {
  const rf = sincPulse({ flip: flip * RADIANS, duration, timeBandwidth: 4, raster: 1e-6 });
  const gz = trapezoid(9e-3, duration / 2, 0);
  return sequenceOf('ramping', [blockOf({ rf, gz }), blockOf({ adc: adc(1, 1e-9, 0) })], {});
}

export const relaxationInPulses: Section = {
  title: 'Relaxation during pulses',
  bounds: 'f64 1e-6 and f32 1e-5 of the signal at default settings',
  async rows(some) {
    const rows: Row[] = [];
    const tissue: Spin[] = [-40, 0, 25].map((offset) => ({ T1: 0.8, T2: 0.08, offset }));
    const trains = [20, 40, 60].flatMap((flip) => [100e-6, 500e-6, 1e-3].map((duration) => [flip, duration] as const));
    for (const [flip, duration] of some(trains, 4))
      rows.push(...(await against(`bSSFP ${flip}°, ${duration * 1e6} µs`, balanced(flip, duration, 60), tissue)));
    for (const T2 of some([1e-5, 3e-5, 1e-4, 3e-4, 1e-3], 2)) {
      const spins: Spin[] = [0, 200].map((offset) => ({ T1: 0.5, T2, offset }));
      const read = blockOf({ adc: adc(1, 1e-9, 0) });
      const block = sequenceOf('short T2', [blockPulse(90, 500e-6), read], {});
      const rf = sincPulse({ flip: Math.PI / 2, duration: 500e-6, timeBandwidth: 4, raster: 1e-6 });
      const sinc = sequenceOf('short T2', [blockOf({ rf }), read], {});
      rows.push(...(await against(`T2 ${T2 * 1e6} µs, block pulse of 500 µs`, block, spins)));
      rows.push(...(await against(`T2 ${T2 * 1e6} µs, sinc of 500 µs`, sinc, spins)));
    }
    const along: Spin[] = [-6, -2, 0, 3, 40].map((z) => ({ z: z * 1e-3, T1: 0.8, T2: 0.05, offset: 20 }));
    for (const duration of some([2e-3, 3e-3], 2))
      rows.push(...(await against(`sinc of ${duration * 1e3} ms, gradient ramping`, ramping(duration, 90), along)));
    const train = fingerprinting(600, 1);
    rows.push(...(await against('fingerprinting, 600 TRs', train, [{ z: 1e-3, T1: 1.1, T2: 0.06, offset: 5 }])));
    return rows;
  },
};
