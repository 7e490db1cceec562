/**
 * How a sequence encodes space (defined in `encoding-types.ts`): readouts on their way through
 * k-space, with roles, names, grids and counters. Line and slice numbers come from labels where the
 * sequence has them, else from the trajectory; `grid.ts` defines which index k = 0 has.
 *
 * The work is per readout and per distinct event, never per sample: 140 000 TRs take seconds.
 * Positions of samples are computed when `trajectory(n)` is called.
 */
import { type Counters, countersOf, imageKey, type Place, shotNumbers } from './counters.ts';
import { declaredSpace, sliceThickness } from './declared-space.ts';
import {
  COUNTERS,
  type Counter,
  type Encoding,
  isImageRole,
  type Readout,
  type ReadoutRole,
  type TrajectoryKind,
  withRole,
} from './encoding-types.ts';
import { fovShift } from './fov-shift.ts';
import { type Frame, frameOf, PATIENT_FRAME } from './frame.ts';
import { freeSpace, radialSpace } from './free-space.ts';
import { inversionTimes } from './inversions.ts';
import { type Excitation, samplePositions, startOf, type Walk, type WalkedReadout, walk } from './kspace.ts';
import { labelWarnings } from './labels.ts';
import { parallelImaging } from './parallel-imaging.ts';
import { implausible } from './plausibility.ts';
import { rolesOf } from './readout-roles.ts';
import type { Scanner } from './scanner-types.ts';
import { type Slices, slicesOf } from './slices.ts';
import { cartesianSpace, type Space } from './space.ts';
import { turnSpacing } from './spiral-turns.ts';
import { commonFlip, echoOf, echoTimes, lineSpacing, repetitionTime, sampleTime } from './timing.ts';
import { isStraight, isZigzag, type Line, lineOf, type Reach, reachOf, trajectoryKind } from './trajectory-kind.ts';
import type { Sequence } from './types.ts';
import { add, dot, norm, type Vector, ZERO } from './vector.ts';
import { withoutWave } from './wave.ts';

/** One readout with everything known about where it lies. */
interface Located {
  readonly walked: WalkedReadout;
  readonly line: Line;
  readonly reach: Reach;
  readonly role: ReadoutRole;
}

/** Readouts of a sequence, and those that the geometry of the image is derived from. */
interface Survey {
  readonly all: readonly Located[];
  readonly roles: readonly ReadoutRole[];
  readonly makesImage: (role: ReadoutRole) => boolean;
  /** Of readouts that make the image. */
  readonly numbers: readonly number[];
  readonly kind: TrajectoryKind;
  /** Whether these are parallel lines, after a wave is taken off them. */
  readonly isLined: boolean;
  /** What excited the first of them. */
  readonly selecting: Excitation | undefined;
}

/**
 * @param walked the path of the same sequence through k-space, if the caller has it
 * @throws LarmorError 65 for a label that is negative at a readout
 */
export function encode(sequence: Sequence, scanner: Scanner, walked: Walk = walk(sequence, scanner)): Encoding {
  const { excitations, labelsUsed } = walked;
  const { all, roles, makesImage, numbers, kind, isLined, selecting } = survey(walked);
  const image = numbers.map((n) => all[n]);
  const readouts = image.map(({ walked }) => walked);
  const lines = image.map(({ line }) => line);

  const slices = slicesOf(
    excitations,
    readouts.map(({ excitation }) => excitation),
  );
  const step = image.reduce((most, located) => Math.max(most, stepOf(located)), 0);
  const declared = declaredSpace(sequence.definitions, step > 0 ? 1 / step : undefined);
  const thickness = sliceThickness(declared, selecting, slices.count, slices.spacing);
  const frame = isLined ? frameOf(lines, selecting) : PATIENT_FRAME;
  const space = isLined
    ? cartesianSpace(lines, step, frame, declared, thickness)
    : kind === 'radial'
      ? radialSpace(readouts, lines, declared, thickness)
      : freeSpace(readouts, declared, thickness, kind === 'spiral' ? turnSpacing(readouts) : undefined);
  const places = placesOf(all, isLined, space, frame, slices);
  const sameEcho = kind === 'epi' ? 1.5 * lineSpacing(readouts) : 0;
  const counters = countersOf(walked, places, roles, all.map(echoOf), sameEcho, isLined, sequence.name);

  const [x, y, z] = space.axes;
  const shifted = firstImage(numbers, counters).map((n) => all[n]);
  const shift = fovShift(
    shifted
      .filter(({ walked, line }) => isStraight(walked, line))
      .map(({ walked, line }) => ({ readout: walked, line })),
    excitations,
    frame,
    space.axes,
    scanner.gammaBar * scanner.B0,
  );
  const indices = (line: Line) => [gridIndex(space, frame, line, 0), gridIndex(space, frame, line, 1)] as const;
  const parallel = isLined
    ? parallelImaging(
        roles,
        all.map(({ line, role }) => (makesImage(role) ? indices(line) : undefined)),
      )
    : undefined;
  const contrasts = numbers.map((n) => counters[n].contrast);
  const inferred = {
    kind,
    axes: frame,
    encodedMatrix: [x.matrix, y.matrix, z.matrix] as const,
    encodedFov: [x.fov, y.fov, z.fov] as const,
    reconMatrix: [x.reconMatrix, y.reconMatrix, z.reconMatrix] as const,
    reconFov: [x.reconFov, y.reconFov, z.reconFov] as const,
    limits: limitsOf(all, counters, space, frame, labelsUsed),
    TR: repetitionTime(excitations, slices, readouts, sequence),
    TE: echoTimes(image, contrasts),
    TI: inversionTimes(image, (n) => imageKey(counters[numbers[n]]), excitations, walked.inversions),
    flipAngle: commonFlip(readouts, excitations),
    readouts: readoutsOf(all, counters, slices, isLined ? frame : undefined, (position) =>
      imageCenter(position, shift, frame[2], z.matrix > 1 && slices.count === 1),
    ),
    ...(parallel === undefined ? {} : { parallelImaging: parallel }),
  };
  const isFree = !isLined && image.some(({ walked, line }) => isZigzag(walked, isStraight(walked, line)));
  const undeclared = isFree && declared.matrix[0] === undefined ? [matrixUnknown(inferred.reconMatrix)] : [];
  return {
    ...inferred,
    warnings: [...labelWarnings(labelsUsed), ...implausible(inferred, declared), ...undeclared].map(
      (text) => `${sequence.name}: ${text}`,
    ),
    start: (n) => startOf(walked.readouts[n]),
    trajectory: (n) => inFrame(samplePositions(walked.readouts[n]), frame),
  };
}

function survey(walked: Walk): Survey {
  const lineOfAll = walked.readouts.map(lineOf);
  const roles = rolesOf(walked, lineOfAll);
  // The geometry of the image is derived from its readouts, or from those for calibration if there
  // are no others.
  const makesImage = roles.some(isImageRole) ? isImageRole : (role: ReadoutRole) => role === 'calibration';
  const numbers = withRole(roles, makesImage);
  const readouts = numbers.map((n) => walked.readouts[n]);
  const ownLines = numbers.map((n) => lineOfAll[n]);
  const selecting = walked.excitations[readouts[0]?.excitation ?? -1];
  const reachOfAll = walked.readouts.map((readout, n) => reachOf(readout, lineOfAll[n]));
  const kind = trajectoryKind(
    readouts,
    ownLines,
    numbers.map((n) => reachOfAll[n]),
  );
  const unwaved = kind === 'other' ? withoutWave(readouts, ownLines, selecting?.gradient ?? ZERO) : undefined;
  for (const [i, line] of (unwaved ?? []).entries()) {
    const n = numbers[i];
    lineOfAll[n] = line;
    reachOfAll[n] = reachOf(readouts[i], line);
  }
  const all = walked.readouts.map(
    (readout, n): Located => ({ walked: readout, line: lineOfAll[n], reach: reachOfAll[n], role: roles[n] }),
  );
  return { all, roles, makesImage, numbers, kind, isLined: isParallel(kind) || unwaved !== undefined, selecting };
}

/** Of these readouts, those of the same image as the first. */
function firstImage(numbers: readonly number[], counters: readonly Counters[]): readonly number[] {
  if (numbers.length === 0) return [];
  const first = imageKey(counters[numbers[0]]);
  return numbers.filter((n) => imageKey(counters[n]) === first);
}

/**
 * Warning for an EPI train in one readout: which of its samples are on lines of the image is
 * unknown.
 */
function matrixUnknown(matrix: readonly number[]): string {
  const taken = matrix.join(' × ');
  return `the matrix cannot be known from this trajectory: ${taken} is how far its samples reach; state Matrix and FOV in [DEFINITIONS]`;
}

/**
 * Largest distance between neighbouring samples of a line; along the line where it is wave-encoded.
 */
function stepOf({ walked: { path }, line }: Located): number {
  const chord = norm(add(line.last, line.first, -1)) / Math.max(1, path.samples - 1);
  return path.bend < 1e-3 ? path.largestStep : Math.min(path.largestStep, chord);
}

/**
 * Centre of a readout's image. A slab that is encoded along its normal is imaged around the origin,
 * independent of its pulse, unless the receiver's phase shifts it.
 */
function imageCenter(position: Vector, shift: Vector, normal: Vector, encoded: boolean): Vector {
  return add(encoded ? add(position, normal, -dot(position, normal)) : position, shift);
}

function isParallel(kind: TrajectoryKind): boolean {
  return kind === 'cartesian' || kind === 'epi';
}

/**
 * Line, partition and slice of each readout: from grids if the trajectory has them, else by shots
 * in the order of acquisition.
 */
function placesOf(all: readonly Located[], isLined: boolean, space: Space, frame: Frame, slices: Slices): Place[] {
  const farthest = all.reduce((most, { reach, role }) => (isImageRole(role) ? Math.max(most, reach.largest) : most), 0);
  const walked = all.map(({ walked }) => walked);
  const shots = isLined ? undefined : shotNumbers(walked, farthest, space.grids !== undefined);
  return all.map(({ walked, line, role }, n) => {
    const index = (axis: 0 | 1): number => (hasPlace(role) ? gridIndex(space, frame, line, axis) : 0);
    return { step1: shots?.[n] ?? index(0), step2: index(1), slice: slices.of(walked.excitation).number };
  });
}

/** Whether a readout is a line of the image's k-space. */
function hasPlace(role: ReadoutRole): boolean {
  return isImageRole(role) || role === 'calibration';
}

/** Index of a line on the grid along the phase (0) or slice axis (1); 0 without one. */
function gridIndex({ grids }: Space, [, phase, slice]: Frame, { first }: Line, axis: 0 | 1): number {
  return grids?.[axis]?.index(dot(first, axis === 0 ? phase : slice)) ?? 0;
}

function readoutsOf(
  all: readonly Located[],
  counters: readonly Counters[],
  slices: Slices,
  frame: Frame | undefined,
  centerOf: (slice: Vector) => Vector,
): Readout[] {
  // A slice here is one pass through one image; in another repetition it begins and ends again.
  const passOf = counters.map(imageKey);
  const firsts = new Map<string, number>();
  const lasts = new Map<string, number>();
  for (const [n, { role }] of all.entries()) {
    if (!isImageRole(role)) continue;
    const pass = passOf[n];
    if (!firsts.has(pass)) firsts.set(pass, n);
    lasts.set(pass, n);
  }
  let firstSample = 0;
  return all.map(({ walked, line, reach, role }, n) => {
    const { samples, dwell } = walked.adc;
    const pass = passOf[n];
    const readout: Readout = {
      firstSample,
      samples,
      dwell,
      start: sampleTime(walked, 0),
      counters: counters[n],
      centerSample: reach.nearest,
      reversed: frame === undefined ? walked.labels.get('REV') === 1 : dot(line.direction, frame[0]) < 0,
      firstInSlice: firsts.get(pass) === n,
      lastInSlice: lasts.get(pass) === n,
      role,
      position: centerOf(slices.of(walked.excitation).position),
    };
    firstSample += samples;
    return readout;
  });
}

function limitsOf(
  all: readonly Located[],
  counters: readonly Counters[],
  { grids }: Space,
  [, phase, slice]: Frame,
  labelsUsed: ReadonlySet<string>,
): Encoding['limits'] {
  const numbers = withRole(
    all.map(({ role }) => role),
    hasPlace,
  );
  // The step at k = 0 by the grid's definition; labels may start anywhere, so the line nearest to
  // it is used.
  const centerOf = (counter: Counter, label: string, axis: 0 | 1): number => {
    const grid = grids?.[axis];
    if (grid === undefined) return 0;
    if (!labelsUsed.has(label)) return grid.index(0);
    const along = axis === 0 ? phase : slice;
    let nearest = Number.POSITIVE_INFINITY;
    let center = 0;
    for (const n of numbers) {
      const distance = Math.abs(dot(all[n].line.first, along));
      if (distance >= nearest) continue;
      nearest = distance;
      center = counters[n][counter];
    }
    return center;
  };
  const entries = COUNTERS.map((counter) => {
    let minimum = Number.POSITIVE_INFINITY;
    let maximum = 0;
    for (const n of numbers) {
      minimum = Math.min(minimum, counters[n][counter]);
      maximum = Math.max(maximum, counters[n][counter]);
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

function inFrame(k: Float64Array, frame: Frame): Float64Array {
  if (frame.every((axis, n) => axis[n] === 1)) return k;
  for (let n = 0; n < k.length; n += 3) {
    const here = [k[n], k[n + 1], k[n + 2]] as const;
    for (let axis = 0; axis < 3; axis++) k[n + axis] = dot(frame[axis], here);
  }
  return k;
}
