/**
 * Frequency and phase offsets of RF and ADC events at a known Larmor frequency γ̄·B0: Pulseq 1.5's
 * ppm terms are added to the absolute ones.
 */
import type { Hertz, Radians } from '../base/units.ts';
import type { AdcEvent, RfEvent } from './types.ts';

export function offsets(event: RfEvent | AdcEvent, larmor: Hertz): { frequency: Hertz; phase: Radians } {
  const larmorMHz = larmor / 1e6;
  return {
    frequency: event.frequencyOffset + event.frequencyPpm * larmorMHz,
    phase: event.phaseOffset + event.phasePpm * larmorMHz,
  };
}
