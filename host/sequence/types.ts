/**
 * What a pulse sequence is: blocks played one after the other, each holding at most one RF pulse,
 * one gradient per axis and one readout. Readers and the designer make these records; k-space,
 * checks and the timeline consume them. Times are in seconds from the start of the block unless
 * said otherwise. Phases have the sign of Pulseq; the conjugation for clockwise precession is
 * applied only in the timeline.
 */
import type { Hertz, Radians, Seconds, TeslaPerMeter } from '../base/units.ts';
import type { HeartSignal } from './heart.ts';

export interface Sequence {
  /** File path or built-in name: what messages cite. */
  readonly name: string;
  /** Pulseq version such as `1.4.1`; built-in sequences have none. */
  readonly version?: string;
  /** Size of the file it came from: memory limits grow with it. */
  readonly fileBytes?: number;
  /** Pulseq [DEFINITIONS] as written (`FOV` → `0.23 0.23 0.005`); lengths in metres. */
  readonly definitions: ReadonlyMap<string, string>;
  readonly blockCount: number;
  readonly duration: Seconds;
  /** All parameters of a built-in sequence, defaults included, in SI. */
  readonly parameters?: Readonly<Record<string, number | string>>;
  /** The heart that its input triggers have waited for. */
  readonly heart?: HeartSignal;
  /** Soft delays of the file, which `--set` may change. */
  readonly softDelays?: readonly SoftDelayValue[];
  /** Block n. Equal events are the same object, so results per event can be cached by identity. */
  block(n: number): Block;
}

/** A duration that the user of a sequence may choose (Pulseq 1.5 soft delay). */
export interface SoftDelayValue {
  readonly name: string;
  /** The value that corresponds to the block's duration in the file: (duration − offset)·factor. */
  readonly value: Seconds;
}

export interface Block {
  readonly duration: Seconds;
  readonly rf?: RfEvent;
  readonly gx?: GradientEvent;
  readonly gy?: GradientEvent;
  readonly gz?: GradientEvent;
  /**
   * Field common to all spins in addition to B0, amplitude in T: a result of gradient errors, never
   * from a sequence file.
   */
  readonly common?: GradientEvent;
  readonly adc?: AdcEvent;
  /** Label changes of this block, in file order. */
  readonly labels?: readonly LabelEvent[];
  readonly triggers?: readonly TriggerEvent[];
  /** Row-major 3×3 rotation applied to (gx, gy, gz); identity when absent. */
  readonly rotation?: readonly number[];
  readonly shim?: RfShimEvent;
  readonly softDelay?: SoftDelayEvent;
}

export type RfUse = 'excitation' | 'refocusing' | 'inversion' | 'saturation' | 'preparation' | 'other' | 'undefined';

/** B1 amplitude and phase over time, and its frequency. */
export interface RfEvent {
  readonly kind: 'rf';
  readonly delay: Seconds;
  /**
   * `held`: sample n is constant over the cell [time[n], time[n+1]] (zero-order hold); `linear`:
   * complex-linear between points (time[n], sample n).
   */
  readonly interpolation: 'held' | 'linear';
  /**
   * [N+1] cell edges when held, [N] points when linear; seconds from the event's start, which is
   * after its delay.
   */
  readonly time: Float64Array;
  /** [N] T */
  readonly magnitude: Float64Array;
  /** [N] rad */
  readonly phase: Float64Array;
  /** Effective centre, seconds from the event's start (after the delay). */
  readonly center: Seconds;
  readonly use: RfUse;
  readonly frequencyOffset: Hertz;
  readonly phaseOffset: Radians;
  /** Parts per million of the Larmor frequency, added to the frequency offset once B0 is known. */
  readonly frequencyPpm: number;
  /** rad/MHz of the Larmor frequency, added to the phase offset once B0 is known. */
  readonly phasePpm: number;
}

export type GradientEvent = TrapezoidEvent | ShapedGradientEvent;

export interface TrapezoidEvent {
  readonly kind: 'trapezoid';
  readonly delay: Seconds;
  readonly amplitude: TeslaPerMeter;
  readonly rise: Seconds;
  readonly flat: Seconds;
  readonly fall: Seconds;
}

/** Linear between points; the first and last points are the edges (Pulseq's `first` and `last`). */
export interface ShapedGradientEvent {
  readonly kind: 'shape';
  readonly delay: Seconds;
  /** [N ≥ 2] seconds from the event's start (after the delay), not decreasing; time[0] = 0. */
  readonly time: Float64Array;
  /** [N] T/m */
  readonly amplitude: Float64Array;
}

/** One readout: sample n is taken at delay + (n + ½)·dwell. */
export interface AdcEvent {
  readonly kind: 'adc';
  readonly delay: Seconds;
  readonly samples: number;
  readonly dwell: Seconds;
  readonly frequencyOffset: Hertz;
  readonly phaseOffset: Radians;
  readonly frequencyPpm: number;
  readonly phasePpm: number;
  /** [samples] rad, Pulseq 1.5's receive phase shape. */
  readonly phaseShape?: Float64Array;
}

/**
 * `LABELSET` / `LABELINC`, e.g. { label: 'LIN', mode: 'inc', value: 1 }. Flags such as NAV, REV,
 * SMS are 0 or 1.
 */
export interface LabelEvent {
  readonly label: string;
  readonly mode: 'set' | 'inc';
  readonly value: number;
}

export interface TriggerEvent {
  readonly type: 'output' | 'input';
  readonly channel: number;
  readonly delay: Seconds;
  readonly duration: Seconds;
}

/** Per-transmit-channel weights of Pulseq 1.5 RF shims. */
export interface RfShimEvent {
  readonly magnitude: readonly number[];
  /** [channels] rad */
  readonly phase: readonly Radians[];
  /** For one channel: its weight is part of the block's pulse. */
  readonly applied?: true;
}

/**
 * Makes a block's duration the caller's choice: value / factor + offset (Pulseq 1.5 soft delay).
 */
export interface SoftDelayEvent {
  /** Soft delays of one name have one number. */
  readonly number: number;
  readonly hint: string;
  readonly offset: Seconds;
  readonly factor: number;
}
