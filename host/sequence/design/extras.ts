/**
 * Optional parts of a block besides pulses, gradients and readout: triggers, soft delays,
 * rotations, shims.
 */
import type { Radians, Seconds } from '../../base/units.ts';
import type { Block, RfShimEvent, SoftDelayEvent, TriggerEvent } from '../types.ts';

/**
 * A block that waits for a signal from outside: here the next R peak of `--heart-rate` or
 * `--r-peaks`.
 */
export function inputTrigger(channel: number, duration: Seconds): Block {
  return { duration, triggers: [{ type: 'input', channel, delay: 0, duration }] };
}

/** A signal to outside. */
export function outputTrigger(channel: number, duration: Seconds, delay: Seconds = 0): TriggerEvent {
  return { type: 'output', channel, delay, duration };
}

/**
 * A block whose duration is the user's choice, value / factor + offset, by `--set hint=value`.
 * @param number the same for all soft delays of one hint
 */
export function softDelay(
  hint: string,
  duration: Seconds,
  { number = 0, offset = 0, factor = 1 }: Partial<Omit<SoftDelayEvent, 'hint'>> = {},
): Block {
  return { duration, softDelay: { number, hint, offset, factor } };
}

/** Right-handed rotation of a block's gradients about a patient axis, as `Block.rotation`. */
export function rotationAbout(axis: 'x' | 'y' | 'z', angle: Radians): readonly number[] {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  if (axis === 'x') return [1, 0, 0, 0, c, -s, 0, s, c];
  return axis === 'y' ? [c, 0, s, 0, 1, 0, -s, 0, c] : [c, -s, 0, s, c, 0, 0, 0, 1];
}

/** Weights m·e^{−iφ} of the transmit channels, as `Block.shim`. */
export function rfShim(weights: readonly (readonly [magnitude: number, phase: Radians])[]): RfShimEvent {
  return { magnitude: weights.map(([magnitude]) => magnitude), phase: weights.map(([, phase]) => phase) };
}
