/**
 * Encoding counters of readouts: from labels where the sequence uses them, else from the k-space
 * position and how often it repeats. A readout at a position that was read before after the same
 * excitation is another contrast (echo); after a later excitation it is another repetition, or
 * another average if most positions are read less often. Repetitions whose echo times differ, as in
 * field maps and T2 series, are contrasts. Readouts that are not part of the image are not counted;
 * they belong to the repetition that they are read in.
 */
import { badInput } from '../base/errors.ts';
import type { Seconds } from '../base/units.ts';
import { COUNTERS, type Counter, isImageRole, type ReadoutRole, withRole } from './encoding-types.ts';
import type { Walk, WalkedReadout } from './kspace.ts';
import { COUNTER_LABELS } from './labels.ts';
import { type Echo, isNearer } from './timing.ts';
import { rotate } from './vector.ts';

export type Counters = Record<Counter, number>;

/**
 * Counters that follow from the position of a readout, before labels and repeated positions are
 * considered.
 */
export interface Place {
  readonly step1: number;
  readonly step2: number;
  readonly slice: number;
}

/**
 * @param roles of each readout
 * @param echoes of each readout
 * @param sameEcho echo times of images that differ by up to this are one: EPIs of opposite phase
 * encoding differ by an echo spacing
 * @param onGrid readouts are lines of a grid, where lines that are read more often are averages
 * @throws LarmorError 65 for a label that is negative at a readout
 */
export function countersOf(
  { readouts, labelsUsed }: Walk,
  places: readonly Place[],
  roles: readonly ReadoutRole[],
  echoes: readonly Echo[],
  sameEcho: Seconds,
  onGrid: boolean,
  name: string,
): Counters[] {
  const labelled = COUNTERS.filter((counter) => labelsUsed.has(COUNTER_LABELS[counter]));
  const isLabelled = new Set(labelled);
  const counters = readouts.map((readout, n): Counters => {
    const { step1, step2, slice } = places[n];
    const own: Counters = {
      kspace_encode_step_1: step1,
      kspace_encode_step_2: step2,
      average: 0,
      slice,
      contrast: 0,
      phase: 0,
      repetition: 0,
      set: 0,
      segment: 0,
    };
    for (const counter of labelled) own[counter] = labelValue(readout, COUNTER_LABELS[counter], name);
    return own;
  });
  const image = withRole(roles, isImageRole);
  if (!isLabelled.has('contrast')) countEchoes(image, readouts, counters);
  if (!isLabelled.has('repetition')) {
    countRepetitions(image, counters, onGrid && !isLabelled.has('average'));
    if (onGrid && !isLabelled.has('contrast')) separateEchoTimes(image, counters, echoes, sameEcho);
    if (image.length < readouts.length) takeRepetitions(readouts, counters, roles);
  }
  return counters;
}

const placeOf = (own: Counters): string =>
  `${own.kspace_encode_step_1} ${own.kspace_encode_step_2} ${own.segment} ${imageKey(own)}`;

/** The image that a readout belongs to. */
export const imageKey = ({ slice, contrast, phase, repetition, set, average }: Counters): string =>
  `${slice} ${contrast} ${phase} ${repetition} ${set} ${average}`;

function countEchoes(
  image: readonly number[],
  readouts: readonly WalkedReadout[],
  counters: readonly Counters[],
): void {
  const echoes = new Map<string, { excitation: number; count: number }>();
  for (const n of image) {
    const { excitation } = readouts[n];
    const place = placeOf(counters[n]);
    const echo = echoes.get(place);
    if (echo?.excitation === excitation) counters[n].contrast = ++echo.count;
    else echoes.set(place, { excitation, count: 0 });
  }
}

/**
 * The number of reads of most positions is that of repetitions; further reads of a few positions
 * are averages.
 */
function countRepetitions(image: readonly number[], counters: readonly Counters[], mayAverage: boolean): void {
  const visits = new Map<string, number>();
  for (const n of image) {
    const place = placeOf(counters[n]);
    const visit = visits.get(place) ?? 0;
    counters[n].repetition = visit;
    visits.set(place, visit + 1);
  }
  const places = new Map<number, number>();
  for (const count of visits.values()) places.set(count, (places.get(count) ?? 0) + 1);
  const [usual, share] = [...places].reduce((most, entry) => (entry[1] > most[1] ? entry : most), [0, 0]);
  // Without a clear majority, as in truncated scans, every read is a repetition.
  if (!mayAverage || share <= visits.size / 2) return;
  for (const n of image) {
    const own = counters[n];
    own.average = Math.max(0, own.repetition - usual + 1);
    own.repetition = Math.min(own.repetition, usual - 1);
  }
}

/** Echo times of images differ if by more than this fraction. */
const SAME_ECHO_TIME = 0.05;
/** With more echo times than this every image has its own, as in fingerprinting. */
const MOST_ECHO_TIMES = 32;

/**
 * Repetitions of an image at other echo times are contrasts, in the order of their first
 * repetition.
 */
function separateEchoTimes(
  image: readonly number[],
  counters: readonly Counters[],
  echoes: readonly Echo[],
  tolerance: Seconds,
): void {
  const nearest = nearestEchoes(image, counters, echoes);
  const repetitions = image.reduce((most, n) => Math.max(most, counters[n].repetition), 0) + 1;
  const contrasts = image.reduce((most, n) => Math.max(most, counters[n].contrast), 0) + 1;
  const times: Seconds[] = [];
  const counts: number[] = [];
  // The first echo of a repetition decides for all of them.
  const moved = Array.from({ length: repetitions }, (_, repetition) => {
    const time = nearest.get(repetition)?.time ?? times[0] ?? 0;
    const known = times.findIndex((t) => Math.abs(t - time) <= Math.max(SAME_ECHO_TIME * t, tolerance));
    const group = known < 0 ? times.push(time) - 1 : known;
    counts[group] = (counts[group] ?? 0) + 1;
    return { group, repetition: counts[group] - 1 };
  });
  if (times.length === 1 || times.length > MOST_ECHO_TIMES) return;
  for (const n of image) {
    const { group, repetition } = moved[counters[n].repetition];
    counters[n].contrast += group * contrasts;
    counters[n].repetition = repetition;
  }
}

/**
 * For each repetition, the echo of the first contrast that is nearest to k = 0; the first of
 * equals.
 */
function nearestEchoes(
  image: readonly number[],
  counters: readonly Counters[],
  echoes: readonly Echo[],
): ReadonlyMap<number, Echo> {
  const nearest = new Map<number, Echo>();
  for (const n of image) {
    const { contrast, repetition } = counters[n];
    if (contrast === 0 && isNearer(echoes[n], nearest.get(repetition))) nearest.set(repetition, echoes[n]);
  }
  return nearest;
}

/**
 * Reference lines, navigators and the like take the repetition of an image readout of their
 * excitation.
 */
function takeRepetitions(
  readouts: readonly WalkedReadout[],
  counters: readonly Counters[],
  roles: readonly ReadoutRole[],
): void {
  const repetitions = new Map<number, number>();
  for (const [n, { excitation }] of readouts.entries())
    if (isImageRole(roles[n])) repetitions.set(excitation, counters[n].repetition);
  for (const [n, { excitation }] of readouts.entries())
    if (!isImageRole(roles[n])) counters[n].repetition = repetitions.get(excitation) ?? 0;
}

function labelValue({ labels, block }: WalkedReadout, label: string, name: string): number {
  const value = labels.get(label) ?? 0;
  if (Number.isInteger(value) && value >= 0) return value;
  throw badInput(
    `${name}, block ${block + 1}`,
    `label ${label} is ${value} at a readout`,
    'start it at 0 with LABELSET',
  );
}

/**
 * Shot numbers of curved or turned readouts: each path counts once, in order of appearance.
 * @param farthest largest |k|, to which the tolerance for equal paths is relative; at least a
 * thousandth of a cycle per metre
 * @param stacked paths that differ in kz alone are one
 */
export function shotNumbers(readouts: readonly WalkedReadout[], farthest: number, stacked: boolean): number[] {
  const seen = new Map<string, number>();
  const cell = Math.max(1e-5 * farthest, 1e-3);
  return readouts.map(({ base, path, rotation }) => {
    const key = [path.first, ...path.via, path.last]
      .map((k) => rotate(rotation, k).map((c, axis) => Math.round((c + base[axis]) / cell) + 0))
      .map((k) => (stacked ? k.slice(0, 2) : k))
      .join(' ');
    const number = seen.get(key) ?? seen.size;
    seen.set(key, number);
    return number;
  });
}
