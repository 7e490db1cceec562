/**
 * Makes gradient events from table rows: trapezoids, shapes sampled in the middle of raster cells
 * (or, oversampled, every half raster) with their first and last amplitude at the outer edges, and
 * shapes with times of their own.
 */
import { badInput } from '../../base/errors.ts';
import type { Seconds } from '../../base/units.ts';
import type { GradientEvent } from '../types.ts';
import { GRADIENT } from './layouts.ts';
import { columnsOf, placeOf, remembered, requireSameLength, requireTimeShape, type Source } from './source.ts';

export interface Gradients {
  /**
   * End of the gradient of a row, seconds from its block's start.
   * @throws exit 65 for anything wrong with it
   */
  end(row: number): Seconds;
  /** Its event, the same object each time. Only after `edges` are in place. */
  event(row: number): GradientEvent;
  /** First and last amplitude [row][2] Hz/m for files that do not give them. */
  edges?: Float64Array;
}

export function gradientEvents(source: Source): Gradients {
  const { sections, rasters, shape, share, budget } = source;
  const table = sections.gradients;

  /** Times of a shaped gradient from its start, which is `late` after its delay. */
  const axis = (row: number): { time: Float64Array; samples: Float64Array; late: Seconds } => {
    const value = columnsOf(table, row);
    const place = placeOf(sections, table, row);
    const samples = shape(value(GRADIENT.shape), place);
    const timeId = value(GRADIENT.time);
    requireTimeShape(timeId, sections, place);
    if (timeId <= 0) return { time: points(source, timeId, samples.length, place), samples, late: 0 };
    const time = source.timeShape(timeId, rasters.gradient, place);
    requireSameLength(samples.length, time.length, 'amplitude and time shape', place);
    if (time.length < 2) throw badInput(place, 'is a gradient of one point', 'give it at least two');
    const late = time[0];
    const fromZero = (): Float64Array => time.map((t) => t - late);
    return { time: late === 0 ? time : share(`from 0 ${timeId}`, time.length, place, fromZero), samples, late };
  };

  const end = (row: number): Seconds => {
    const value = columnsOf(table, row);
    const delay = value(GRADIENT.delay) / 1e6;
    if (value(GRADIENT.kind) === 0) {
      return delay + (value(GRADIENT.rise) + value(GRADIENT.flat) + value(GRADIENT.fall)) / 1e6;
    }
    const { time, late } = axis(row);
    return delay + late + time[time.length - 1];
  };

  const make = (row: number): GradientEvent => {
    const value = columnsOf(table, row);
    const amplitude = value(GRADIENT.amplitude) / source.gammaBar;
    const delay = value(GRADIENT.delay) / 1e6;
    if (value(GRADIENT.kind) === 0) {
      const [rise, flat, fall] = [GRADIENT.rise, GRADIENT.flat, GRADIENT.fall].map((at) => value(at) / 1e6);
      return { kind: 'trapezoid', delay, amplitude, rise: rise!, flat: flat!, fall: fall! };
    }
    const { time, samples, late } = axis(row);
    budget.take(8 * time.length, `${time.length} points of a gradient`, placeOf(sections, table, row));
    // Points with explicit times are complete; `first` and `last` only repeat the outer two.
    if (value(GRADIENT.time) > 0) {
      return { kind: 'shape', delay: delay + late, time, amplitude: samples.map((a) => a * amplitude) };
    }
    const edged = new Float64Array(samples.length + 2);
    for (let n = 0; n < samples.length; n++) edged[n + 1] = samples[n] * amplitude;
    edged[0] = (gradients.edges?.[2 * row] ?? value(GRADIENT.first)) / source.gammaBar;
    edged[samples.length + 1] = (gradients.edges?.[2 * row + 1] ?? value(GRADIENT.last)) / source.gammaBar;
    return { kind: 'shape', delay, time, amplitude: edged };
  };

  const gradients: Gradients = { end, event: remembered(table, make) };
  return gradients;
}

/** Edge, samples, edge. */
function points({ rasters, share }: Source, timeId: number, count: number, place: string): Float64Array {
  const [step, offset] = timeId === 0 ? [rasters.gradient, 0.5] : [rasters.gradient / 2, 1];
  return share(`points ${timeId} ${count}`, count + 2, place, () => {
    const time = new Float64Array(count + 2);
    for (let n = 0; n < count; n++) time[n + 1] = (n + offset) * step;
    time[count + 1] = (count - 1 + 2 * offset) * step;
    return time;
  });
}
