/**
 * Makes RF and ADC events from table rows. A pulse sampled on the raster holds each sample for its
 * cell; one with a time shape is linear between its points. Files before 1.5 do not state the
 * centre, which is then found at the peak.
 */
import { badInput } from '../../base/errors.ts';
import type { Seconds } from '../../base/units.ts';
import type { AdcEvent, RfEvent, RfShimEvent, RfUse } from '../types.ts';
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

/**
 * A pulse of more samples than this (1 s on the usual raster) is stored as runs of equal samples:
 * saturation and spin-lock pulses of seconds are a handful of them, and expanded they would take
 * gigabytes.
 */
const LONG_PULSE = 1e6;

/** Contents of the shapes of a pulse. */
type Envelope = Pick<RfEvent, 'time' | 'magnitude' | 'phase' | 'interpolation'>;

/** Function from a row of [RF] to its event, the same object each time. @throws exit 65 */
export function rfEvents(source: Source): (row: number) => RfEvent {
  const { sections, shapeLength } = source;
  const centers = new Map<string, number>();
  return remembered(sections.rf, (row) => {
    const value = columnsOf(sections.rf, row);
    const place = placeOf(sections, sections.rf, row);
    const magnitudeId = value(RF.magnitude);
    const timeId = value(RF.time);
    requireTimeShape(timeId, sections, place);
    const isLong = timeId <= 0 && shapeLength(magnitudeId, place) > LONG_PULSE;
    const envelope = (isLong ? runsEnvelope : sampledEnvelope)(source, row, place);
    let center = value(RF.center) / 1e6;
    if (Number.isNaN(center)) {
      const key = `${magnitudeId} ${timeId} ${value(RF.amplitude)}`;
      center = centers.get(key) ?? peakCenter(envelope);
      centers.set(key, center);
    }
    return {
      kind: 'rf',
      delay: value(RF.delay) / 1e6,
      ...envelope,
      center,
      use: USES[String.fromCharCode(value(RF.use))] ?? 'undefined',
      frequencyOffset: value(RF.frequency),
      phaseOffset: value(RF.phaseOffset),
      frequencyPpm: value(RF.frequencyPpm),
      phasePpm: value(RF.phasePpm),
    };
  });
}

function sampledEnvelope(source: Source, row: number, place: string): Envelope {
  const { sections, rasters, shape, share } = source;
  const value = columnsOf(sections.rf, row);
  const amplitude = value(RF.amplitude) / source.gammaBar;
  const magnitudeId = value(RF.magnitude);
  const phaseId = value(RF.phase);
  const timeId = value(RF.time);
  const samples = shape(magnitudeId, place);
  const count = samples.length;
  const magnitude = share(`${magnitudeId} × ${amplitude}`, count, place, () => samples.map((a) => a * amplitude));
  const turns = phaseId === 0 ? undefined : shape(phaseId, place);
  if (turns !== undefined) requireSameLength(count, turns.length, 'magnitude and phase shape', place);
  const phase = share(`2π × ${phaseId} × ${count}`, count, place, () =>
    turns === undefined ? new Float64Array(count) : turns.map((turn) => 2 * Math.PI * turn),
  );
  if (timeId <= 0) {
    const [step, offset] = rasterOf(source, timeId);
    // Edges of the cells that samples are held for.
    const time = share(`cells ${timeId} ${count}`, count + 1, place, () =>
      new Float64Array(count + 1).map((_, n) => (n + offset) * step),
    );
    return { interpolation: 'held', time, magnitude, phase };
  }
  const time = source.timeShape(timeId, rasters.rf, place);
  requireSameLength(count, time.length, 'magnitude and time shape', place);
  return { interpolation: 'linear', time, magnitude, phase };
}

/** A cell for every stretch in which neither magnitude nor phase changes. */
function runsEnvelope(source: Source, row: number, place: string): Envelope {
  const value = columnsOf(source.sections.rf, row);
  const amplitude = value(RF.amplitude) / source.gammaBar;
  const phaseId = value(RF.phase);
  const magnitudes = source.runs(value(RF.magnitude), place);
  const count = magnitudes.ends.at(-1)!;
  const phases = phaseId === 0 ? { ends: [count], values: [0] } : source.runs(phaseId, place);
  requireSameLength(count, phases.ends.at(-1)!, 'magnitude and phase shape', place);
  const [step, offset] = rasterOf(source, value(RF.time));
  const time = [offset * step];
  const magnitude: number[] = [];
  const phase: number[] = [];
  for (let m = 0, p = 0; m < magnitudes.ends.length; ) {
    const end = Math.min(magnitudes.ends[m], phases.ends[p]);
    time.push((end + offset) * step);
    magnitude.push(magnitudes.values[m] * amplitude);
    phase.push(2 * Math.PI * phases.values[p]);
    if (magnitudes.ends[m] === end) m++;
    if (phases.ends[p] === end) p++;
  }
  return {
    interpolation: 'held',
    time: Float64Array.from(time),
    magnitude: Float64Array.from(magnitude),
    phase: Float64Array.from(phase),
  };
}

/**
 * Step and start of the cells; with time shape -1 sample n lies at n + 1 half rasters, so its cell
 * starts half of one before.
 */
function rasterOf({ rasters }: Source, timeId: number): readonly [step: Seconds, offset: number] {
  return timeId === 0 ? [rasters.rf, 0] : [rasters.rf / 2, 0.5];
}

/**
 * End of a pulse, seconds from its block's start. An oversampled one includes the half raster after
 * its last cell.
 */
export function rfEnd({ delay, time, interpolation }: RfEvent): number {
  return delay + time[time.length - 1] + (interpolation === 'held' ? time[0] : 0);
}

/**
 * Middle of the interval in which the magnitude is within 1e-5 of the peak, as in the reference
 * toolbox.
 */
function peakCenter({ magnitude, time, interpolation }: Envelope): Seconds {
  let peak = 0;
  for (const a of magnitude) peak = Math.max(peak, Math.abs(a));
  let first = -1;
  let last = 0;
  for (let n = 0; n < magnitude.length; n++) {
    if (Math.abs(magnitude[n]) < peak * 0.99999) continue;
    if (first === -1) first = n;
    last = n;
  }
  return (time[first] + time[interpolation === 'held' ? last + 1 : last]) / 2;
}

/**
 * Channel weights that an older parallel-transmission dialect states in two more columns of [RF]:
 * ids of shapes with a magnitude and a phase (in radians, unlike the phase shapes of pulses) per
 * channel. Undefined where both are 0 or missing.
 */
export function rfShims({ sections, shape }: Source): (row: number) => RfShimEvent | undefined {
  return remembered(sections.rf, (row) => {
    const value = columnsOf(sections.rf, row);
    const [magnitudeId, phaseId] = [value(RF.shimMagnitude), value(RF.shimPhase)];
    if (magnitudeId === 0 && phaseId === 0) return undefined;
    const place = placeOf(sections, sections.rf, row);
    const magnitude = magnitudeId === 0 ? undefined : [...shape(magnitudeId, place)];
    const phase = phaseId === 0 ? undefined : Array.from(shape(phaseId, place));
    if (magnitude && phase) requireSameLength(magnitude.length, phase.length, 'shim magnitude and phase', place);
    return {
      magnitude: magnitude ?? phase!.map(() => 1),
      phase: phase ?? magnitude!.map(() => 0),
    };
  });
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
    const what = `the ADC has ${event.samples} samples but its phase shape ${phaseShape.length}`;
    throw badInput(place, what, 'make them equal');
  });
}
