/**
 * Encoding counters of readouts: from labels where the sequence uses them, from place and recurrence where it does not.
 * A readout at a place met before under the same excitation is another contrast (echo); under a later one, another
 * repetition.
 */
import { badInput } from '../common/errors.ts';
import { COUNTERS, type Counter } from './encoding-types.ts';
import { dot, type Excitation, norm, rotate, scale, type Vector, type Walk, type WalkedReadout } from './kspace.ts';
import { COUNTER_LABELS } from './labels.ts';
import { positive } from './trajectory-kind.ts';

export type Counters = Record<Counter, number>;

/** Counters that follow from where a readout is, before labels and recurrence. */
export interface Place {
  readonly step1: number;
  readonly step2: number;
  readonly slice: number;
}

export function countersOf(walked: Walk, places: readonly Place[], name: string): Counters[] {
  const labelled = COUNTERS.filter((counter) => walked.labelsUsed.has(COUNTER_LABELS[counter]));
  const isLabelled = new Set(labelled);
  const echoes = new Map<string, { excitation: number; count: number }>();
  const visits = new Map<string, number>();
  return walked.readouts.map((readout, n) => {
    const { step1, step2, slice } = places[n]!;
    const counters: Counters = {
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
    for (const counter of labelled) counters[counter] = labelValue(readout, COUNTER_LABELS[counter], name);
    const place = COUNTERS.map((counter) => counters[counter]).join(' ');
    if (!isLabelled.has('contrast')) {
      const echo = echoes.get(place);
      if (echo !== undefined && echo.excitation === readout.excitation && echo.excitation >= 0) {
        echo.count++;
        counters.contrast = echo.count;
      } else echoes.set(place, { excitation: readout.excitation, count: 0 });
    }
    if (!isLabelled.has('repetition')) {
      const visit = `${place} ${counters.contrast}`;
      counters.repetition = visits.get(visit) ?? 0;
      visits.set(visit, counters.repetition + 1);
    }
    return counters;
  });
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

/** Slices in order along their normals, from the frequency offsets of selective excitations. */
export interface Slices {
  readonly count: number;
  /** Slice number and centre by excitation; 0 and the origin before the first. */
  of(excitation: number): { number: number; position: Vector };
  /** The same text for excitations of the same plane. */
  planeOf(excitation: number): string;
  /** Distance between neighbours, if all are parallel and there are several. */
  readonly spacing: number | undefined;
}

/** Slices closer than this [m] are one. */
const SAME_SLICE = 1e-7;

/** @param used excitations that something is read after */
export function slicesOf(excitations: readonly Excitation[], used: ReadonlySet<number>): Slices {
  const found = new Map<string, { normal: Vector; offset: number; position: Vector; number: number }>();
  const keys = excitations.map((excitation, n) => {
    const { normal, offset } = planeOf(excitation);
    const key = `${normal.map((c) => Math.round(c * 1e3) + 0)} ${Math.round(offset / SAME_SLICE) + 0}`;
    if (used.has(n) && !found.has(key)) found.set(key, { normal, offset, position: excitation.position, number: 0 });
    return key;
  });
  const all = [...found.values()];
  const parallel = all.every(({ normal }) => normal.every((c, axis) => Math.abs(c - all[0]!.normal[axis]!) < 1e-3));
  // Planes of several orientations have no common order: as they come.
  if (parallel) all.sort((a, b) => a.offset - b.offset);
  for (const [number, slice] of all.entries()) slice.number = number;
  const nowhere = { number: 0, position: [0, 0, 0] as Vector };
  return {
    count: Math.max(1, all.length),
    of: (n) => found.get(keys[n] ?? '') ?? nowhere,
    planeOf: (n) => keys[n] ?? '',
    spacing: parallel && all.length > 1 ? (all.at(-1)!.offset - all[0]!.offset) / (all.length - 1) : undefined,
  };
}

function planeOf({ gradient, position }: Excitation): { normal: Vector; offset: number } {
  const strength = norm(gradient);
  if (strength === 0) return { normal: [0, 0, 0], offset: 0 };
  const normal = positive(scale(gradient, 1 / strength));
  return { normal, offset: dot(normal, position) };
}

/**
 * Shot numbers of curved or turned readouts: each path counts once, in order of appearance.
 * @param farthest largest |k|, the measure of what is the same
 * @param stacked paths that differ in kz alone are one
 */
export function shotNumbers(readouts: readonly WalkedReadout[], farthest: number, stacked: boolean): number[] {
  const seen = new Map<string, number>();
  const cell = farthest > 0 ? 1e-5 * farthest : 1;
  return readouts.map(({ base, path, rotation }) => {
    const key = [path.first, ...path.via, path.last]
      .map((k) => rotate(rotation, k).map((c, axis) => Math.round((c + base[axis]!) / cell) + 0))
      .map((k) => (stacked ? k.slice(0, 2) : k))
      .join(' ');
    const number = seen.get(key) ?? seen.size;
    seen.set(key, number);
    return number;
  });
}
