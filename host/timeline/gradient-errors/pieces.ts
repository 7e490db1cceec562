/**
 * Distorted waveforms as linear pieces between knots. A piece has the integral and the mean slope
 * of the waveform, so moments from knot to knot are exact. There is a knot at every sample of a
 * readout and every second microsecond of a pulse.
 */
import type { Seconds } from '../../base/units.ts';
import type { PiecewiseLinear } from '../../sequence/waveform.ts';
import type { SourceBlock } from './source.ts';

/** Gradient errors, applied block by block. */
export interface Distortion {
  /** The state before the first block. */
  readonly start: Float64Array;
  /**
   * First and last of the blocks that contribute to the waveforms of block n, in addition to the
   * state at its beginning.
   */
  around(n: number): readonly [number, number];
  /** @param left the state at the end of the previous block */
  play(
    n: number,
    gradients: SourceBlock['gradients'],
    knots: Float64Array,
    left: Float64Array,
  ): {
    /** x, y, z [T/m] and the field common to all spins [T] over block n. */
    readonly waveforms: readonly PiecewiseLinear[];
    /** The state at its end. */
    readonly left: Float64Array;
  };
}

/**
 * Distance of knots in pulses [s]: two samples on the usual raster, which the integrator of pulses
 * joins into a pair.
 */
const IN_PULSES = 2e-6;
/** Distance of knots elsewhere [s], and their largest number in a block. */
const ELSEWHERE = 50e-6;
const MOST_ELSEWHERE = 1000;
/** Times closer than this are one knot. */
const SAME_TIME = 1e-10;

/** Times from 0 to the block's end at which its waveforms must be exact. */
export function knotsOf({ duration, events, gradients }: SourceBlock): Float64Array {
  const knots: number[] = [0, duration, ...gradients.flatMap(({ t }) => [...t])];
  const { rf, adc } = events;
  if (rf !== undefined) {
    const length = rf.time[rf.time.length - 1];
    for (let n = 0; n * IN_PULSES < length; n++) knots.push(rf.delay + n * IN_PULSES);
    knots.push(rf.delay + length);
  }
  if (adc !== undefined) for (let n = 0; n < adc.samples; n++) knots.push(adc.delay + (n + 0.5) * adc.dwell);
  const spacing = Math.max(ELSEWHERE, duration / MOST_ELSEWHERE);
  for (let time = spacing; time < duration; time += spacing) knots.push(time);
  const sorted = Float64Array.from(knots.filter((time) => time >= 0 && time <= duration)).sort();
  return sorted.filter((time, n) => n === 0 || time - sorted[n - 1] > SAME_TIME);
}

/** Builds a waveform piece by piece. */
export function linearPieces() {
  const t: number[] = [];
  const a: number[] = [];
  let any = false;
  return {
    /** Adds a piece from `left` at `from` to `right` at `to` with this integral. */
    push(from: Seconds, to: Seconds, left: number, right: number, area: number): void {
      const mean = area / (to - from);
      const half = (right - left) / 2;
      any ||= mean !== 0 || half !== 0;
      t.push(from, to);
      a.push(mean - half, mean + half);
    },
    finish: (): PiecewiseLinear =>
      any ? { t: Float64Array.from(t), a: Float64Array.from(a) } : { t: new Float64Array(0), a: new Float64Array(0) },
  };
}
