/**
 * What each RF pulse does to k: an excitation starts it at 0, a refocusing pulse negates it, all
 * others do not change it. Files from Pulseq 1.5 on declare the use of every pulse. In older files
 * the flip angle decides, except in spin-echo trains, since refocusing pulses of 60° are common in
 * fast spin echo. Trains are recognised by:
 *
 *  - timing: the first refocusing pulse comes τ after the excitation, the others at intervals of
 *    2τ;
 *  - gradients: only with negation the readouts pass k = 0 near their middle, or the crushers
 *    cancel; half spokes, which leave k = 0 without negation and miss it with, are no echoes;
 *  - phase: in trains without gradients it differs by 90° from the excitation's (CPMG).
 */
import type { Hertz, Radians, Seconds, TeslaPerMeter } from '../base/units.ts';
import type { Path } from './readout-path.ts';
import { flipAngle } from './rf.ts';
import type { RfEvent } from './types.ts';
import { add, distanceToLine, dot, norm, originOnLine, rotate, scale, type Vector, ZERO } from './vector.ts';

export type Effect = 'start' | 'negate' | 'none';

export interface Pulse {
  /** Centre, since the start of the sequence. */
  readonly time: Seconds;
  readonly rf: RfEvent;
  /**
   * From the centre of the pulse before, or the start of the sequence, to this one's centre
   * [cycles/m].
   */
  readonly moment: Vector;
  /** At the centre. */
  readonly gradient: readonly [TeslaPerMeter, TeslaPerMeter, TeslaPerMeter];
}

/** A readout as the train search needs it; `base` is relative to the pulse before. */
interface ReadoutAfterPulse {
  readonly pulses: number;
  readonly base: Vector;
  readonly rotation: readonly number[] | undefined;
  readonly path: Path;
}

const degrees = Math.PI / 180;
/**
 * Above this a single pulse of unknown use refocuses; half a degree more than 90° allows for
 * rounded amplitudes.
 */
const REFOCUSING_ABOVE = 90.5 * degrees;
/**
 * In a file without smaller pulses, one below this excites: 180° minus a tolerance for imperfect
 * envelopes.
 */
const INVERTING_ABOVE = 170 * degrees;

export function pulseEffects(
  pulses: readonly Pulse[],
  readouts: readonly ReadoutAfterPulse[],
  gammaBar: Hertz,
): Effect[] {
  const effectsAlone = (refocusingAbove: Radians): Effect[] =>
    pulses.map(({ rf }) => effectAlone(rf, refocusingAbove, gammaBar));
  const effects = effectsAlone(REFOCUSING_ABOVE);
  if (pulses.every(({ rf }) => rf.use !== 'undefined')) return effects;
  if (!effects.includes('start')) return effectsAlone(INVERTING_ABOVE);
  const readoutsAfter = new Map<number, ReadoutAfterPulse[]>();
  for (const readout of readouts) {
    const after = readoutsAfter.get(readout.pulses - 1);
    if (after === undefined) readoutsAfter.set(readout.pulses - 1, [readout]);
    else after.push(readout);
  }
  for (let n = 0; n < pulses.length; ) {
    const length = effects[n] === 'start' ? trainLength(pulses, n) : 0;
    if (length > 0 && isSpinEchoTrain(pulses, n, length, readoutsAfter)) {
      effects.fill('negate', n + 1, n + 1 + length);
      n += length;
    }
    n++;
  }
  return effects;
}

/**
 * An inversion or saturation pulse that is mistaken for a refocusing pulse does no harm, because an
 * excitation follows before any readout.
 */
function effectAlone(rf: RfEvent, refocusingAbove: Radians, gammaBar: Hertz): Effect {
  return declaredEffect(rf) ?? (flipAngle(rf, gammaBar) > refocusingAbove ? 'negate' : 'start');
}

/** The effect of a pulse's declared use; undefined without one. */
export function declaredEffect({ use }: RfEvent): Effect | undefined {
  if (use === 'excitation') return 'start';
  if (use === 'refocusing') return 'negate';
  return use === 'undefined' ? undefined : 'none';
}

/**
 * Pulse centres of trains agree with their period within this fraction: centres of shaped pulses
 * are rounded to rasters.
 */
const SAME_PERIOD = 0.02;

/**
 * Number of pulses of unknown use after pulse n at the times of a refocusing train: τ, then every
 * 2τ.
 */
function trainLength(pulses: readonly Pulse[], n: number): number {
  const isUnknown = (m: number): boolean => pulses[m]?.rf.use === 'undefined';
  if (!isUnknown(n) || !isUnknown(n + 1)) return 0;
  const period = 2 * (pulses[n + 1].time - pulses[n].time);
  let length = 1;
  while (
    isUnknown(n + length + 1) &&
    Math.abs(pulses[n + length + 1].time - pulses[n + length].time - period) < SAME_PERIOD * period
  )
    length++;
  return length;
}

/** Echoes lie in this part of the line if it is an echo's. */
const MIDDLE = [0.25, 0.75] as const;
const isCentral = (fraction: number): boolean => fraction > MIDDLE[0] && fraction < MIDDLE[1];

function isSpinEchoTrain(
  pulses: readonly Pulse[],
  n: number,
  length: number,
  readoutsAfter: ReadonlyMap<number, readonly ReadoutAfterPulse[]>,
): boolean {
  const slice = pulses[n].gradient;
  let k: Vector = ZERO;
  let echoes = 0;
  let standing = 0;
  for (let m = n + 1; m <= n + length; m++) {
    k = scale(add(k, pulses[m].moment), -1);
    for (const { base, path, rotation } of readoutsAfter.get(m) ?? []) {
      if (path.largestStep === 0) {
        standing++;
        continue;
      }
      const [first, last] = [add(base, rotate(rotation, path.first)), add(base, rotate(rotation, path.last))];
      const [firstNegated, lastNegated] = [add(first, k), add(last, k)];
      const excited = originOnLine(first, last);
      const refocused = originOnLine(firstNegated, lastNegated);
      const isNearer = distanceToLine(firstNegated, lastNegated) < distanceToLine(first, last);
      if (isCentral(refocused) && !isCentral(excited) && isNearer) echoes++;
      else if (isCentral(refocused) && isCentral(excited) && crushersCancel(first, k, slice)) echoes++;
      else if (isCentral(excited)) return false;
    }
  }
  if (echoes > 0) return true;
  return standing > 0 && length >= 2 && isCpmg(pulses, n, length);
}

/** Along the slice's normal the moment with negation is small compared with that without. */
function crushersCancel(first: Vector, k: Vector, slice: Vector): boolean {
  const strength = norm(slice);
  if (strength === 0) return false;
  const without = Math.abs(dot(first, slice)) / strength;
  const withIt = Math.abs(dot(add(first, k), slice)) / strength;
  return without > 1 && withIt < 0.1 * without;
}

/** Refocusing pulses share one phase, a quarter turn from the excitation's, to within 10°. */
function isCpmg(pulses: readonly Pulse[], n: number, length: number): boolean {
  const phase = (m: number): number => pulses[m].rf.phaseOffset;
  for (let m = n + 1; m <= n + length; m++) {
    if (Math.abs(Math.cos(phase(m) - phase(n))) > Math.sin(10 * degrees)) return false;
    if (Math.cos(phase(m) - phase(n + 1)) < Math.cos(10 * degrees)) return false;
  }
  return true;
}
