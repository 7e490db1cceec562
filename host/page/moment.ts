/** What plays at a time, in words: for the line below the diagram, which screen readers say. */

import type { Seconds } from '../base/units.ts';
import { quantity, shortNumber } from '../figures/units.ts';
import { fromSteps } from '../html/numbers.ts';
import type { Report } from '../html/types.ts';
import type { Readouts } from './readouts.ts';
import type { Diagram, LINES } from './traces.ts';
import type { View } from './view.ts';

/** A pulse nearer than this part of what is shown is meant. */
const NEAR = 1 / 100;

export function momentsOf(
  { events, signal }: Report,
  diagram: Diagram | undefined,
  readouts: Readouts,
  view: View,
): (time: Seconds) => string {
  const pulses = events ? fromSteps(events.pulses) : new Float64Array(0);
  return (time) => {
    const parts = [`t ${quantity(time, 's')}`];
    if (diagram !== undefined) {
      const lines = diagram.exact(time, Math.min(view.end, time + 1e-7));
      const value = (name: (typeof LINES)[number]): number => lines[name].y[0] ?? 0;
      if (value('b1') !== 0) parts.push(`|B1| ${quantity(value('b1'), 'T')}`);
      for (const axis of ['gx', 'gy', 'gz'] as const)
        if (value(axis) !== 0) parts.push(`G${axis[1]} ${quantity(value(axis), 'T/m')}`);
      const near = NEAR * (view.state.to - view.state.from);
      const pulse = pulses.findIndex((at) => Math.abs(at - time) < near);
      if (pulse >= 0) parts.push(`pulse ${pulse + 1}: ${rounded((events!.flips[pulse] * 180) / Math.PI, 4)}°`);
    }
    const n = readouts.before(time);
    if (n < 0 || time > readouts.end(n)) return parts.join(', ');
    const at = Math.round((time - readouts.starts[n]) / readouts.dwell(n) - 0.5);
    const sample = Math.min(readouts.samples(n) - 1, Math.max(0, at));
    const k = readouts.place(n, sample);
    const { axes } = signal.trajectory ?? {};
    parts.push(`readout ${n + 1} of ${readouts.count}, sample ${sample + 1} of ${readouts.samples(n)}`);
    if (k && axes)
      parts.push(`k ${axes.map((axis, i) => `${axis} ${Math.abs(k[i]) < 1e-6 ? 0 : rounded(k[i], 4)}`).join(', ')} /m`);
    return parts.join(', ');
  };
}

const rounded = (value: number, digits: number): string => shortNumber(Number(value.toPrecision(digits)));
