/**
 * Names what the image readouts of a sequence trace: parallel lines, spokes, spirals, or something
 * else.
 */
import type { TrajectoryKind } from './encoding-types.ts';
import { startOf, type WalkedReadout } from './kspace.ts';
import type { Path } from './readout-path.ts';
import { add, cross, dot, norm, rotate, scale, type Vector } from './vector.ts';

/** A readout is straight if its distance from its chord is below this fraction of it. */
const STRAIGHT = 1e-3;
/**
 * Sine of the angle below which lines are parallel: amplitudes in files have six digits, gridded
 * spokes degrees.
 */
export const PARALLEL = 2e-3;
/** A curve belongs to a spiral if its smallest |k| is below this fraction of its largest. */
const CENTRAL = 0.05;
/**
 * A path with a larger `roundness` is curved, as spirals are; that of a zigzag of lines (EPI in one
 * readout) is far lower.
 */
const ROUND = 0.08;
/** A path is planar below this `depth`. */
const PLANAR = 1e-4;

export interface Line {
  /** k at the first and last sample, physical axes. */
  readonly first: Vector;
  readonly last: Vector;
  /** Unit vector from first to last; zero if k does not change. */
  readonly direction: Vector;
}

export function lineOf(readout: WalkedReadout): Line {
  const { base, path, rotation } = readout;
  const first = startOf(readout);
  const last = add(base, rotate(rotation, path.last));
  const chord = add(last, first, -1);
  const length = norm(chord);
  return { first, last, direction: length === 0 ? [0, 0, 0] : scale(chord, 1 / length) };
}

/**
 * Radius of the sample nearest to the centre of k-space and of the farthest one, and which is
 * nearest.
 */
export interface Reach {
  readonly nearest: number;
  /**
   * Position of the smallest |k| between samples, in samples; `nearest` if the path is not a line.
   */
  readonly closest: number;
  readonly smallest: number;
  readonly largest: number;
}

export function reachOf(readout: WalkedReadout, line: Line): Reach {
  const { base, path, rotation } = readout;
  if (isEven(path) && norm(line.direction) > 0) return reachAlong(path, line);
  const points = path.points();
  // |base + R·K| = |Rᵀ·base + K|: one rotation per readout instead of one per sample.
  const [bx, by, bz] = rotate(rotation, base, true);
  let nearest = 0;
  let smallest = Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let n = 0; n < points.length; n += 3) {
    const x = bx + points[n];
    const y = by + points[n + 1];
    const z = bz + points[n + 2];
    const square = x * x + y * y + z * z;
    if (square < smallest) {
      smallest = square;
      nearest = n / 3;
    }
    if (square > largest) largest = square;
  }
  return { nearest, closest: nearest, smallest: Math.sqrt(smallest), largest: Math.sqrt(largest) };
}

/** The same for equally spaced samples on a line, without visiting them. */
function reachAlong({ samples }: Path, { first, last, direction }: Line): Reach {
  const step = norm(add(last, first, -1)) / (samples - 1);
  const closest = -dot(first, direction) / step;
  // Halfway between two samples, take the one at positive k along the axis, independent of the
  // direction of the line.
  const tie = 1e-3;
  const forward = dot(direction, positive(direction)) > 0;
  const rounded = forward ? Math.floor(closest + 0.5 + tie) : Math.ceil(closest - 0.5 - tie);
  const nearest = Math.min(samples - 1, Math.max(0, rounded));
  const smallest = norm(add(first, direction, nearest * step));
  const within = Math.min(samples - 1, Math.max(0, closest));
  return { nearest, closest: within, smallest, largest: Math.max(norm(first), norm(last)) };
}

/** Samples on a straight line at equal distances, but for rounding in files. */
function isEven({ bend, largestStep, smallestStep }: Path): boolean {
  return bend < 1e-5 && largestStep - smallestStep <= 1e-4 * largestStep;
}

/** The direction or its opposite, whichever has its largest component positive. */
export function positive(direction: Vector): Vector {
  const largest = direction.reduce((a, b) => (Math.abs(b) > Math.abs(a) * (1 + 1e-9) ? b : a));
  return largest < 0 ? scale(direction, -1) : direction;
}

export function isStraight({ path }: WalkedReadout, { direction }: Line): boolean {
  return path.bend < STRAIGHT && norm(direction) > 0;
}

/** @param readouts those that make the image, with their lines and reaches */
export function trajectoryKind(
  readouts: readonly WalkedReadout[],
  lines: readonly Line[],
  reaches: readonly Reach[],
): TrajectoryKind {
  if (readouts.length === 0 || readouts.every(({ path }) => path.largestStep === 0)) return 'other';
  const straight = (n: number): boolean => isStraight(readouts[n], lines[n]);
  const all = (test: (n: number) => boolean): boolean => readouts.every((_, n) => test(n));
  if (!all(straight)) {
    return all((n) => isSpiral(readouts[n], straight(n), reaches[n])) ? 'spiral' : 'other';
  }
  const { direction } = lines[0];
  if (all((n) => norm(cross(lines[n].direction, direction)) < PARALLEL)) {
    return severalLinesPerPulse(readouts, lines, direction) ? 'epi' : 'cartesian';
  }
  const stack = areStacked(lines);
  return all((n) => distanceFromCenter(lines[n], stack) < 0.75 * readouts[n].path.largestStep) ? 'radial' : 'other';
}

/**
 * Planar, curved, and passing near the centre; a stack of spirals is examined within each plane.
 */
function isSpiral({ base, path, rotation }: WalkedReadout, straight: boolean, { smallest, largest }: Reach): boolean {
  if (straight || path.roundness < ROUND || path.depth > PLANAR) return false;
  const height = base[2] + rotate(rotation, path.first)[2];
  const inPlane = (radius: number): number => Math.sqrt(Math.max(0, radius ** 2 - height ** 2));
  const [near, far] = isFlat({ path, rotation }) ? [inPlane(smallest), inPlane(largest)] : [smallest, largest];
  return near < CENTRAL * far;
}

/**
 * A planar path back and forth, such as an EPI train in one readout, which is sampled on ramps and
 * blips too.
 */
export function isZigzag({ path }: Pick<WalkedReadout, 'path'>, straight: boolean): boolean {
  return !straight && path.largestStep > 0 && path.roundness < ROUND && path.depth <= PLANAR;
}

/** Whether a path has constant kz, but for rounding. */
export function isFlat({ path, rotation }: Pick<WalkedReadout, 'path' | 'rotation'>): boolean {
  const up = rotate(rotation, [0, 0, 1], true);
  const range = up.reduce((sum, c, axis) => sum + Math.abs(c) * (path.high[axis] - path.low[axis]), 0);
  return range < STRAIGHT * norm(add(path.high, path.low, -1));
}

/** Spokes that all lie across z: a star, or a stack of stars encoded along z. */
function areStacked(lines: readonly Line[]): boolean {
  return lines.every(({ direction }) => Math.abs(direction[2]) < PARALLEL);
}

/**
 * Distance of the (infinite) line from k = 0, or from the z axis where spokes are stacked along it.
 */
function distanceFromCenter({ first, direction }: Line, stacked: boolean): number {
  return norm(cross([first[0], first[1], stacked ? 0 : first[2]], direction));
}

/**
 * EPI: different lines after one and the same pulse. Fast spin echo has a pulse before each,
 * multi-echo GRE one line.
 */
function severalLinesPerPulse(readouts: readonly WalkedReadout[], lines: readonly Line[], direction: Vector): boolean {
  for (let n = 1; n < readouts.length; n++) {
    if (readouts[n].pulses !== readouts[n - 1].pulses) continue;
    const apart = norm(cross(add(lines[n].first, lines[n - 1].first, -1), direction));
    if (apart > 1e-3 * Math.abs(dot(add(lines[n].last, lines[n].first, -1), direction))) return true;
  }
  return false;
}
