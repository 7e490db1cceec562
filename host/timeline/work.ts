/**
 * What a spin costs, by counting and never by timing: in operations of which a thread does some 10⁸
 * to 5·10⁹ a second. What hangs on it (threads, batches, where a tile is walked) hangs on the
 * sequence alone, so it is the same on every rank and at every start.
 */
import { STRIDE, type Timeline } from './types.ts';
import { pulseUses } from './windows.ts';

/** Beside a sample in a batch of lines. */
const RF_STEP = 10;
const OTHER = 20;
/**
 * A sample of a model, whose phase is formed exactly: by itself, for a phase term, and for a coil.
 */
const MODEL_SAMPLE = { alone: 18, term: 1, coil: 1.5 } as const;
/** A pulse of a model is solved exactly. */
const MODEL_STEP = 30;

/**
 * Operations per spin: samples at one, RF steps and all other ops at what they cost beside one.
 * @param coils of a model; undefined: spins at rest in one coil
 */
export function workPerSpin(timeline: Timeline, coils?: number): number {
  const { sampleCount, ops, pulses, terms } = timeline;
  const { alone, term, coil } = MODEL_SAMPLE;
  const sample = coils === undefined ? 1 : alone + term * terms + coil * coils;
  const step = coils === undefined ? RF_STEP : MODEL_STEP;
  let work = sample * sampleCount + OTHER * (ops.length / STRIDE.op);
  for (const [pulse, uses] of pulseUses(timeline).entries()) work += uses * step * pulses[STRIDE.pulse * pulse + 1];
  return work;
}
