/** Gradients made of others: polygons, scaled, joined and split ones. */
import { usage } from '../../base/errors.ts';
import type { Seconds, TeslaPerMeter } from '../../base/units.ts';
import type { GradientEvent, ShapedGradientEvent } from '../types.ts';
import { gradientPoints, valueAt } from '../waveform.ts';

/**
 * An extended gradient: straight lines between points.
 * @param points time from the event's start, the first at 0, and amplitude
 */
export function extendedGradient(
  points: readonly (readonly [time: Seconds, amplitude: TeslaPerMeter])[],
  delay: Seconds = 0,
): ShapedGradientEvent {
  return {
    kind: 'shape',
    delay,
    time: Float64Array.from(points, ([time]) => time),
    amplitude: Float64Array.from(points, ([, amplitude]) => amplitude),
  };
}

/** The same gradient with another amplitude. */
export function scaledGradient<Event extends GradientEvent>(event: Event, factor: number): Event {
  if (event.kind === 'trapezoid') return { ...event, amplitude: event.amplitude * factor };
  return { ...event, amplitude: event.amplitude.map((value) => value * factor) };
}

/**
 * Gradients of one axis and one block as one event, their sum: a blip on a readout, a crusher on a
 * rephaser.
 */
export function joinedGradients(...events: readonly GradientEvent[]): ShapedGradientEvent {
  const parts = events.map(gradientPoints);
  const times = [...new Set(parts.flatMap(({ t }) => [...t]))].sort((a, b) => a - b);
  const [start] = times;
  return extendedGradient(
    times.map((time) => [time - start, parts.reduce((sum, part) => sum + valueAt(part, time), 0)]),
    start,
  );
}

/**
 * A gradient in two, at a time of its block: what is played before, and what the next block goes on
 * with.
 */
export function splitGradient(event: GradientEvent, at: Seconds): [ShapedGradientEvent, ShapedGradientEvent] {
  const { t, a } = gradientPoints(event);
  const [first, last] = [t[0], t[t.length - 1]];
  if (!(at > first && at < last))
    throw usage(`a gradient from ${first} to ${last} s cannot be split at ${at} s`, 'give a time between');
  const middle = valueAt({ t, a }, at);
  const points = Array.from(t, (time, n) => [time, a[n]] as const);
  const before = points.filter(([time]) => time < at).map(([time, value]) => [time - first, value] as const);
  const after = points.filter(([time]) => time > at).map(([time, value]) => [time - at, value] as const);
  return [extendedGradient([...before, [at - first, middle]], first), extendedGradient([[0, middle], ...after])];
}
