/**
 * Inversion pulses of a sequence, and inversion times TI: from the centre of an inversion to the
 * centre of the excitation whose readout acquires the centre of k-space. That is the next
 * excitation of a single-shot image, and the one in the middle of an MPRAGE's train.
 *
 * Files from Pulseq 1.5 on declare inversions. In older files a pulse of 180° is one if it acts on
 * longitudinal magnetisation: a readout precedes it, or nothing, or another inversion; it is
 * followed by an excitation whose signal is read, and no readout comes in between. So refocusing
 * pulses are none, nor are those of preparations that start with an excitation.
 */
import type { Hertz, Radians, Seconds } from '../base/units.ts';
import type { Excitation, WalkedReadout } from './kspace.ts';
import type { Effect, Pulse } from './pulse-effects.ts';
import { flipAngle } from './rf.ts';
import { type Echo, echoOf, isNearer, SAME_TIME, tidy } from './timing.ts';
import type { Reach } from './trajectory-kind.ts';
import { add, dot, norm } from './vector.ts';

/**
 * Largest deviation from 180° of an inversion of unknown use; pulses for magnetisation transfer
 * have larger angles.
 */
const INVERTING_WITHIN: Radians = (10 * Math.PI) / 180;

/** Numbers of the inversion pulses. */
export function inversionPulses(
  pulses: readonly Pulse[],
  effects: readonly Effect[],
  readouts: readonly { readonly pulses: number }[],
  gammaBar: Hertz,
): readonly number[] {
  const isUnknown = (n: number): boolean => pulses[n].rf.use === 'undefined';
  const candidates: number[] = [];
  for (const [n, { rf }] of pulses.entries()) {
    if (rf.use === 'inversion') candidates.push(n);
    else if (isUnknown(n) && effects[n] === 'negate' && Math.abs(flipAngle(rf, gammaBar) - Math.PI) < INVERTING_WITHIN)
      candidates.push(n);
  }
  if (!candidates.some(isUnknown)) return candidates;
  const isRead = new Set(readouts.map((readout) => readout.pulses - 1));
  const nextExcitation = (after: number): number => {
    let n = after + 1;
    while (n < pulses.length && effects[n] !== 'start' && !isRead.has(n - 1)) n++;
    return effects[n] === 'start' ? n : -1;
  };
  const isExcitationRead = (excitation: number): boolean => {
    for (let n = excitation; n < pulses.length && (n === excitation || effects[n] !== 'start'); n++)
      if (isRead.has(n)) return true;
    return false;
  };
  const found = new Set<number>();
  for (const n of candidates) {
    if (isUnknown(n)) {
      if (n > 0 && !isRead.has(n - 1) && !found.has(n - 1)) continue;
      const excitation = nextExcitation(n);
      if (excitation < 0 || isRead.has(excitation - 1) || !isExcitationRead(excitation)) continue;
    }
    found.add(n);
  }
  return [...found];
}

/** Times that are listed, at most: more are a sampled recovery, as in fingerprinting. */
const MOST_TIMES = 32;

/**
 * @param image the readouts of all images
 * @param keyOf the image that readout n of these belongs to
 * @returns the distinct times of all images, in the order of acquisition; empty without inversions
 */
export function inversionTimes(
  image: readonly { readonly walked: WalkedReadout; readonly reach: Reach }[],
  keyOf: (n: number) => string,
  excitations: readonly Excitation[],
  inversions: readonly Excitation[],
): Seconds[] {
  if (inversions.length === 0) return [];
  const nearest = new Map<string, { readonly echo: Echo; readonly excitation: number }>();
  for (const [n, timed] of image.entries()) {
    const { excitation } = timed.walked;
    if (excitation < 0) continue;
    const [key, echo] = [keyOf(n), echoOf(timed)];
    if (isNearer(echo, nearest.get(key)?.echo)) nearest.set(key, { echo, excitation });
  }
  const times: Seconds[] = [];
  for (const { excitation } of nearest.values()) {
    const time = timeSince(excitations[excitation], inversions);
    if (time === undefined || times.some((known) => Math.abs(known - time) < SAME_TIME)) continue;
    if (times.push(time) > MOST_TIMES) return [];
  }
  return times.map(tidy);
}

/** Time from the last inversion of the slice that is excited; undefined without one. */
function timeSince(excitation: Excitation, inversions: readonly Excitation[]): Seconds | undefined {
  let last = inversions.length - 1;
  while (last >= 0 && (inversions[last].time >= excitation.time || !isInverted(excitation, inversions[last]))) last--;
  return last < 0 ? undefined : excitation.time - inversions[last].time;
}

/**
 * Whether an inversion is of the slice that is excited: its middle is within half of the thickness
 * that the excitation selects, else of its own.
 */
function isInverted(excitation: Excitation, { gradient, position, thickness }: Excitation): boolean {
  if (thickness === undefined) return true;
  const distance = Math.abs(dot(add(excitation.position, position, -1), gradient)) / norm(gradient);
  return distance <= (excitation.thickness ?? thickness) / 2;
}
