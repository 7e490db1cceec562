/**
 * Gradient moments since the last excitation: γ̄M0 = γ̄∫G dt, which is k, and γ̄M1 = γ̄∫G·(t − t0)
 * dt from the excitation's centre t0. Refocusing pulses negate both.
 */
import { type Trace, traceBuilder } from '../figures/envelope.ts';
import { blockGradients, valueAt } from '../sequence/waveform.ts';
import { blockAt, type Played, type SequenceWindow } from './window.ts';

export interface Moments {
  /** [x, y, z] cycles/m */
  readonly m0: readonly [Trace, Trace, Trace];
  /** [x, y, z] cycles·s/m */
  readonly m1: readonly [Trace, Trace, Trace];
}

/** Parts into which a piece of constant slope is cut, so that its parabola looks like one. */
const PARTS = 8;

export function moments(all: Played, { from, to, endBlock }: SequenceWindow): Moments {
  const { sequence, scanner, starts, walk } = all;
  const three = () => [0, 1, 2].map(() => traceBuilder(from, to));
  const lines = { m0: three(), m1: three() };
  let pulse = walk.pulses.findLastIndex(({ time, effect }) => effect === 'start' && time <= from);
  let since = walk.pulses[pulse]?.time ?? 0;
  const m0 = [0, 0, 0];
  const m1 = [0, 0, 0];
  const record = (time: number): void => {
    if (time < from || time > to) return;
    for (let axis = 0; axis < 3; axis++) {
      lines.m0[axis].add(time, scanner.gammaBar * m0[axis]);
      lines.m1[axis].add(time, scanner.gammaBar * m1[axis]);
    }
  };
  pulse = Math.max(0, pulse);
  for (let n = blockAt(starts, since); n < endBlock; n++) {
    const [start, end] = [starts[n], starts[n + 1]];
    const gradients = blockGradients(sequence.block(n));
    // A block has one pulse at most.
    const next = walk.pulses[pulse];
    const acting = next !== undefined && next.time < end ? next : undefined;
    if (acting !== undefined) pulse++;
    const centre = acting === undefined ? Number.NaN : acting.time - start;
    const times = gradients.flatMap(({ t }) => [...t]);
    times.push(centre, from - start, to - start, end - start);
    let at = 0;
    record(start);
    for (const time of times.filter((t) => t > 0 && t <= end - start).sort((a, b) => a - b)) {
      if (time > at) advance(gradients, start, at, time);
      at = Math.max(at, time);
      if (time === centre) act(acting!.effect, start + at);
    }
  }
  return {
    m0: lines.m0.map((line) => line.trace()) as unknown as Moments['m0'],
    m1: lines.m1.map((line) => line.trace()) as unknown as Moments['m1'],
  };

  function act(effect: 'start' | 'negate' | 'none', time: number): void {
    if (effect === 'none') return;
    const sign = effect === 'negate' ? -1 : 0;
    for (const sums of [m0, m1]) for (let axis = 0; axis < 3; axis++) sums[axis] *= sign;
    if (effect === 'start') since = time;
    record(time);
  }

  function advance(gradients: ReturnType<typeof blockGradients>, start: number, low: number, high: number): void {
    const ends = gradients.map((g) => [valueAt(g, low, 'after'), valueAt(g, high, 'before')] as const);
    const parts = ends.some(([a, b]) => a !== 0 || b !== 0) ? PARTS : 1;
    const step = (high - low) / parts;
    for (let part = 0; part < parts; part++) {
      const t = start + low + part * step - since;
      for (const [axis, [a, b]] of ends.entries()) {
        const g0 = a + ((b - a) * part) / parts;
        const g1 = a + ((b - a) * (part + 1)) / parts;
        m0[axis] += (step * (g0 + g1)) / 2;
        // Exact for a linear gradient, times (t − t0).
        m1[axis] += (step * (g0 * (3 * t + step) + g1 * (3 * t + 2 * step))) / 6;
      }
      record(start + low + (part + 1) * step);
    }
  }
}
