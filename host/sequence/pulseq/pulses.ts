/**
 * RF and ADC events out of table rows. A pulse sampled on the raster holds each sample for its cell; one with a time
 * shape runs linearly between its points. Files before 1.5 name no centre, which is then found at the peak.
 */
import { badInput } from '../../common/errors.ts';
import { GAMMA_BAR } from '../../common/units.ts';
import type { AdcEvent, RfEvent, RfUse } from '../types.ts';
import { ADC, RF } from './layouts.ts';
import { columnsOf, placeOf, remembered, requireSameLength, requireTimeShape, type Source } from './source.ts';

/** Pulseq's letters. */
export const USES: Readonly<Record<string, RfUse>> = {
  e: 'excitation',
  r: 'refocusing',
  i: 'inversion',
  s: 'saturation',
  p: 'preparation',
  o: 'other',
  u: 'undefined',
};

/** Function from a row of [RF] to its event, the same object each time. @throws exit 65 */
export function rfEvents(source: Source): (row: number) => RfEvent {
  const { sections, rasters, shape, share } = source;
  const centers = new Map<string, number>();
  return remembered(sections.rf, (row) => {
    const value = columnsOf(sections.rf, row);
    const place = placeOf(sections, sections.rf, row);
    const amplitude = value(RF.amplitude) / GAMMA_BAR;
    const magnitudeId = value(RF.magnitude);
    const phaseId = value(RF.phase);
    const timeId = value(RF.time);
    const samples = shape(magnitudeId, place);
    const count = samples.length;
    const magnitude = share(`${magnitudeId} × ${amplitude}`, () => samples.map((a) => a * amplitude));
    const phase =
      phaseId === 0
        ? share(`zeros ${count}`, () => new Float64Array(count))
        : share(`2π × ${phaseId}`, () => shape(phaseId, place).map((turns) => 2 * Math.PI * turns));
    requireSameLength(magnitude, phase, 'magnitude and phase shape', place);
    requireTimeShape(timeId, sections, place);
    const time = timeId > 0 ? source.timeShape(timeId, rasters.rf, place) : cells(source, timeId, count);
    if (timeId > 0) requireSameLength(magnitude, time, 'magnitude and time shape', place);
    const interpolation = timeId > 0 ? 'linear' : 'held';
    let center = value(RF.center) / 1e6;
    if (Number.isNaN(center)) {
      const key = `${magnitudeId} ${timeId}`;
      center = centers.get(key) ?? peakCenter(samples, time, interpolation);
      centers.set(key, center);
    }
    return {
      kind: 'rf',
      delay: value(RF.delay) / 1e6,
      interpolation,
      time,
      magnitude,
      phase,
      center,
      use: USES[String.fromCharCode(value(RF.use))] ?? 'undefined',
      frequencyOffset: value(RF.frequency),
      phaseOffset: value(RF.phaseOffset),
      frequencyPpm: value(RF.frequencyPpm),
      phasePpm: value(RF.phasePpm),
    };
  });
}

/** Cell edges on the raster; with time shape -1 sample n lies at n + 1 half rasters, so its cell starts half of one before. */
function cells({ rasters, share }: Source, timeId: number, count: number): Float64Array {
  const [step, offset] = timeId === 0 ? [rasters.rf, 0] : [rasters.rf / 2, 0.5];
  return share(`cells ${timeId} ${count}`, () => new Float64Array(count + 1).map((_, n) => (n + offset) * step));
}

/** When a pulse is over, seconds from its block's start. An oversampled one takes the half raster after its last cell, too. */
export function rfEnd({ delay, time, interpolation }: RfEvent): number {
  return delay + time[time.length - 1]! + (interpolation === 'held' ? time[0]! : 0);
}

/** Middle of the stretch within 1e-5 of the peak, as the reference toolbox has it. */
function peakCenter(samples: Float64Array, time: Float64Array, interpolation: RfEvent['interpolation']): number {
  const when = (n: number): number => (interpolation === 'held' ? (time[n]! + time[n + 1]!) / 2 : time[n]!);
  let peak = 0;
  for (const a of samples) peak = Math.max(peak, Math.abs(a));
  let first = -1;
  let last = 0;
  for (let n = 0; n < samples.length; n++) {
    if (Math.abs(samples[n]!) < peak * 0.99999) continue;
    if (first === -1) first = n;
    last = n;
  }
  return (when(first) + when(last)) / 2;
}

/** Function from a row of [ADC] to its event, the same object each time. @throws exit 65 */
export function adcEvents({ sections, shape }: Source): (row: number) => AdcEvent {
  return remembered(sections.adc, (row) => {
    const value = columnsOf(sections.adc, row);
    const place = placeOf(sections, sections.adc, row);
    const event: AdcEvent = {
      kind: 'adc',
      delay: value(ADC.delay) / 1e6,
      samples: value(ADC.samples),
      dwell: value(ADC.dwell) / 1e9,
      frequencyOffset: value(ADC.frequency),
      phaseOffset: value(ADC.phaseOffset),
      frequencyPpm: value(ADC.frequencyPpm),
      phasePpm: value(ADC.phasePpm),
    };
    const shapeId = value(ADC.shape);
    if (shapeId === 0) return event;
    // Radians, unlike the phase shapes of RF, which are in turns.
    const phaseShape = shape(shapeId, place);
    if (phaseShape.length === event.samples) return { ...event, phaseShape };
    const what = `${event.samples} samples but a phase shape of ${phaseShape.length}`;
    throw badInput(place, what, 'make them equal');
  });
}
