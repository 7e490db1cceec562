/**
 * Scans of minutes: phases are formed per segment and readout, never from the time since the start,
 * so they lose nothing. A simulator that forms 2π·offset·t from an f32 time of 300 s is off by
 * whole radians.
 */
import { adc, blockOf, delayOf, sequenceOf } from '../host/sequence/designer.ts';
import type { Block } from '../host/sequence/types.ts';
import { compiled, type Spin, simulateCompiled, spinsOf } from '../testing/run.ts';
import { hard, inAllModes, PULSE, sampled } from './closed-forms.ts';
import { MODES } from './modes.ts';
import { compare, type Row, type Section } from './report.ts';

const { exp, sin, cos, PI } = Math;
const f = Math.fround;

export const longScans: Section = {
  title: 'Scans of 128 s and 300 s',
  bounds: 'the bounds of the same signal at the start of a scan',
  async rows(some) {
    const rows: Row[] = [];
    // One readout of 128 s at 37.3 Hz: 4774 turns.
    const [T2, T1, rate] = [f(60), f(80), f(2 * PI * 37.3)];
    const spin: Spin = { T1, T2, offset: 37.3 };
    const long = [hard(90), blockOf({ adc: adc(32000, 4e-3, 0) })];
    const decay = sampled(32000, 4e-3, 0, (t) => [exp(-t / T2) * sin(rate * t), exp(-t / T2) * cos(rate * t)]);
    rows.push(...(await inAllModes('free induction decay over 128 s', long, [spin], decay, [1e-9, 5e-6])));

    // A readout after 300 s of other events: 90° – 100 × (180° – 3 s) – readout, off resonance,
    // refocused every time.
    const half: Block[] = [delayOf(1.5 - PULSE), hard(180, 90), delayOf(1.5)];
    const echoes = [hard(90), ...Array.from({ length: 100 }, () => half).flat(), blockOf({ adc: adc(100, 1e-3, 0) })];
    const late = sampled(100, 1e-3, 0, (t) => [
      exp(-(t + 300) / T2) * sin(rate * t),
      exp(-(t + 300) / T2) * cos(rate * t),
    ]);
    rows.push(...(await inAllModes('100th echo after 300 s', echoes, [spin], late, [1e-8, 5e-5])));

    // 300 s of repetitions: the balanced steady state after 50 000 TRs is that after 1000, T1 = 0.3
    // s.
    const TR = 6e-3;
    const repeat = (count: number): Block[] => {
      const blocks = Array.from({ length: count }, () => [hard(30), delayOf(TR - PULSE)]).flat();
      return [...blocks, blockOf({ adc: adc(1, PULSE, 0) })];
    };
    const tissue = spinsOf([-40, 11, 70].map((offset) => ({ offset, T1: 0.3, T2: 0.06 })));
    const [first, last] = [2000, 50000].map((count) => compiled(sequenceOf('repeated', repeat(count), {})));
    for (const { name, ...mode } of some(MODES, 2)) {
      const early = await simulateCompiled(first, tissue, mode);
      const after = await simulateCompiled(last, tissue, mode);
      const bound = mode.precision === 'f64' ? 1e-9 : 2e-6;
      rows.push(compare(`steady state after 50 000 repetitions against 2000, ${name}`, after, early, bound));
    }
    return rows;
  },
};
