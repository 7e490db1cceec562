/** Frequency and phase offsets of RF and ADC events once B0 is known: Pulseq 1.5's ppm terms join the absolute ones. */
import { GAMMA_BAR, type Hertz, type Radians, type Tesla } from '../base/units.ts';
import type { AdcEvent, RfEvent } from './types.ts';

export function offsets(event: RfEvent | AdcEvent, B0: Tesla): { frequency: Hertz; phase: Radians } {
  const larmorMHz = (GAMMA_BAR * B0) / 1e6;
  return {
    frequency: event.frequencyOffset + event.frequencyPpm * larmorMHz,
    phase: event.phaseOffset + event.phasePpm * larmorMHz,
  };
}
