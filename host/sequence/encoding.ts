/**
 * How a sequence encodes space (`encoding-types.ts` says what that is made of): the walk through k-space, named, put on
 * grids and counted. Line and slice numbers come from labels where the sequence has them, else from the trajectory;
 * `grid.ts` defines which index k = 0 has.
 *
 * The work is per readout and per distinct event, never per sample: 140 000 TRs take seconds, and sample positions are
 * computed when `trajectory(n)` asks for them.
 */
import type { Radians, Seconds } from '../common/units.ts';
import { type Counters, countersOf, type Place, type Slices, shotNumbers, slicesOf } from './counters.ts';
import { COUNTERS, type Counter, type Encoding, type Readout, type TrajectoryKind } from './encoding-types.ts';
import { type Frame, frameOf, PATIENT_FRAME } from './frame.ts';
import { dot, type Excitation, samplePositions, type WalkedReadout, walk } from './kspace.ts';
import { cartesianSpace, freeSpace, radialSpace, type Space, sliceThickness, statedSpace } from './space.ts';
import { type Line, lineOf, type Reach, reachOf, trajectoryKind } from './trajectory-kind.ts';
import type { Scanner, Sequence } from './types.ts';

/** One readout with everything known about where it lies. */
interface Located {
  readonly walked: WalkedReadout;
  readonly line: Line;
  readonly reach: Reach;
  readonly navigator: boolean;
  readonly noise: boolean;
}

/** @throws LarmorError 65 for a label that is negative at a readout */
export function encode(sequence: Sequence, scanner: Scanner): Encoding {
  const walked = walk(sequence, scanner);
  const { excitations, labelsUsed } = walked;
  const all = walked.readouts.map(locate);
  // Navigators and noise follow rules of their own: the image's geometry is judged without them.
  const image = all.filter(({ navigator, noise }) => !navigator && !noise);
  const readouts = image.map(({ walked }) => walked);
  const lines = image.map(({ line }) => line);
  const reaches = image.map(({ reach }) => reach);

  const kind = trajectoryKind(readouts, lines, reaches);
  const slices = slicesOf(excitations, new Set(readouts.map(({ excitation }) => excitation)));
  const selecting = excitations[readouts[0]?.excitation ?? -1];
  const stated = statedSpace(sequence.definitions);
  const thickness = sliceThickness(stated, selecting, slices.count, slices.spacing);
  const frame = isParallel(kind) ? frameOf(lines, selecting) : PATIENT_FRAME;
  const space = isParallel(kind)
    ? cartesianSpace(readouts, lines, frame, stated, thickness)
    : kind === 'radial'
      ? radialSpace(readouts, lines, stated, thickness)
      : freeSpace(readouts, reaches, stated, thickness);

  const counters = countersOf(walked, placesOf(all, kind, space, frame, slices), sequence.name);
  const [x, y, z] = space.axes;
  return {
    kind,
    axes: frame,
    encodedMatrix: [x.matrix, y.matrix, z.matrix],
    encodedFov: [x.fov, y.fov, z.fov],
    reconMatrix: [x.reconMatrix, y.reconMatrix, z.reconMatrix],
    reconFov: [x.reconFov, y.reconFov, z.reconFov],
    limits: limitsOf(all, counters, space, frame, labelsUsed),
    TR: repetitionTime(excitations, slices, readouts[0]?.excitation ?? -1, sequence),
    TE: echoTimes(all, counters, excitations),
    flipAngle: commonFlip(readouts, excitations),
    readouts: readoutsOf(all, counters, slices, isParallel(kind) ? frame : undefined),
    trajectory: (n) => inFrame(samplePositions(walked.readouts[n]!), frame),
  };
}

function isParallel(kind: TrajectoryKind): boolean {
  return kind === 'cartesian' || kind === 'epi';
}

function locate(walked: WalkedReadout): Located {
  const line = lineOf(walked);
  const flag = (label: string): boolean => (walked.labels.get(label) ?? 0) !== 0;
  return { walked, line, reach: reachOf(walked, line), navigator: flag('NAV'), noise: flag('NOISE') };
}

/** Line, partition and slice of each readout: from grids where its kind has them, else shots as they come. */
function placesOf(
  all: readonly Located[],
  kind: TrajectoryKind,
  { grids }: Space,
  [, phase, slice]: Frame,
  slices: Slices,
): Place[] {
  const farthest = all.reduce((most, { reach }) => Math.max(most, reach.largest), 0);
  const walked = all.map(({ walked }) => walked);
  const shots = isParallel(kind) ? undefined : shotNumbers(walked, farthest, grids !== undefined);
  return all.map(({ walked, line, navigator, noise }, n) => {
    const index = (axis: 0 | 1): number =>
      navigator || noise ? 0 : (grids?.[axis]?.index(dot(line.first, axis === 0 ? phase : slice)) ?? 0);
    return { step1: shots?.[n] ?? index(0), step2: index(1), slice: slices.of(walked.excitation).number };
  });
}

function readoutsOf(all: readonly Located[], counters: readonly Counters[], slices: Slices, frame?: Frame): Readout[] {
  // A slice is one pass through one image: the same slice of another repetition begins and ends anew.
  const passOf = (n: number): string => {
    const { slice, repetition, contrast, average, phase, set } = counters[n]!;
    return `${slice} ${repetition} ${contrast} ${average} ${phase} ${set}`;
  };
  const firsts = new Map<string, number>();
  const lasts = new Map<string, number>();
  for (const [n, { navigator, noise }] of all.entries()) {
    if (navigator || noise) continue;
    const pass = passOf(n);
    if (!firsts.has(pass)) firsts.set(pass, n);
    lasts.set(pass, n);
  }
  let firstSample = 0;
  return all.map(({ walked, line, reach, navigator, noise }, n) => {
    const { samples, dwell } = walked.adc;
    const pass = passOf(n);
    const readout: Readout = {
      firstSample,
      samples,
      dwell,
      start: sampleTime(walked, 0),
      counters: counters[n]!,
      centerSample: reach.nearest,
      reversed: frame === undefined ? walked.labels.get('REV') === 1 : dot(line.direction, frame[0]) < 0,
      firstInSlice: firsts.get(pass) === n,
      lastInSlice: lasts.get(pass) === n,
      navigator,
      noise,
      position: slices.of(walked.excitation).position,
    };
    firstSample += samples;
    return readout;
  });
}

/** Time of a sample since the start of the sequence. */
function sampleTime({ blockStart, adc }: WalkedReadout, sample: number): Seconds {
  return blockStart + adc.delay + (sample + 0.5) * adc.dwell;
}

function limitsOf(
  all: readonly Located[],
  counters: readonly Counters[],
  { grids }: Space,
  [, phase, slice]: Frame,
  labelsUsed: ReadonlySet<string>,
): Encoding['limits'] {
  const numbers = all.flatMap(({ navigator, noise }, n) => (navigator || noise ? [] : [n]));
  // The step at k = 0 by the grid's definition; labels count as they please, so theirs is the one nearest to it.
  const centerOf = (counter: Counter, label: string, axis: 0 | 1): number => {
    const grid = grids?.[axis];
    if (grid === undefined) return 0;
    if (!labelsUsed.has(label)) return grid.index(0);
    const along = axis === 0 ? phase : slice;
    let nearest = Number.POSITIVE_INFINITY;
    let center = 0;
    for (const n of numbers) {
      const distance = Math.abs(dot(all[n]!.line.first, along));
      if (distance >= nearest) continue;
      nearest = distance;
      center = counters[n]![counter];
    }
    return center;
  };
  const entries = COUNTERS.map((counter) => {
    let minimum = Number.POSITIVE_INFINITY;
    let maximum = 0;
    for (const n of numbers) {
      minimum = Math.min(minimum, counters[n]![counter]);
      maximum = Math.max(maximum, counters[n]![counter]);
    }
    const center =
      counter === 'kspace_encode_step_1'
        ? centerOf(counter, 'LIN', 0)
        : counter === 'kspace_encode_step_2'
          ? centerOf(counter, 'PAR', 1)
          : 0;
    return [counter, { minimum: numbers.length === 0 ? 0 : minimum, maximum, center }];
  });
  return Object.fromEntries(entries);
}

/** Sums of many block durations agree to this. */
const SAME_TIME: Seconds = 1e-7;

/** Time between excitations of the slice that is read first, if it is always the same; else the definition TR. */
function repetitionTime(
  excitations: readonly Excitation[],
  slices: Slices,
  first: number,
  { definitions }: Sequence,
): Seconds[] {
  const slice = slices.planeOf(first);
  let before: Seconds | undefined;
  let found: Seconds | undefined;
  for (const [n, { time }] of excitations.entries()) {
    if (slices.planeOf(n) !== slice) continue;
    if (before !== undefined) {
      if (found !== undefined && Math.abs(time - before - found) > SAME_TIME) return [];
      found ??= time - before;
    }
    before = time;
  }
  if (found !== undefined) return [tidy(found)];
  const stated = Number(definitions.get('TR'));
  return stated > 0 ? [stated] : [];
}

/** Per contrast, the time from an excitation's centre to the sample nearest to k = 0. */
function echoTimes(
  all: readonly Located[],
  counters: readonly Counters[],
  excitations: readonly Excitation[],
): Seconds[] {
  const nearest: { distance: number; time: Seconds }[] = [];
  for (const [n, { walked, reach, navigator, noise }] of all.entries()) {
    const excitation = excitations[walked.excitation];
    if (navigator || noise || excitation === undefined) continue;
    const { contrast } = counters[n]!;
    const known = nearest[contrast];
    // A later repetition comes as near but for rounding, and is no news.
    if (known !== undefined && reach.smallest >= known.distance * (1 - 1e-6) - 1e-9) continue;
    nearest[contrast] = { distance: reach.smallest, time: sampleTime(walked, reach.nearest) - excitation.time };
  }
  return nearest.filter(Boolean).map(({ time }) => tidy(time));
}

/** The flip angle before every readout, if it is one. */
function commonFlip(readouts: readonly WalkedReadout[], excitations: readonly Excitation[]): Radians[] {
  const flips = readouts.flatMap(({ excitation }) => excitations[excitation]?.flip ?? []);
  const first = flips[0];
  return first !== undefined && flips.every((flip) => Math.abs(flip - first) < 1e-3 * first) ? [first] : [];
}

/** To the picosecond: what rounding in sums of durations leaves. */
function tidy(time: Seconds): Seconds {
  return Math.round(time * 1e12) / 1e12;
}

function inFrame(k: Float64Array, frame: Frame): Float64Array {
  if (frame.every((axis, n) => axis[n] === 1)) return k;
  for (let n = 0; n < k.length; n += 3) {
    const here = [k[n]!, k[n + 1]!, k[n + 2]!] as const;
    for (let axis = 0; axis < 3; axis++) k[n + axis] = dot(frame[axis]!, here);
  }
  return k;
}
