/**
 * Positions that spins reach during a sequence: a box that is never too small, and at most a
 * fraction of a per cent too large.
 */
import { badInput } from '../../base/errors.ts';
import type { Movement } from '../../base/movement.ts';
import type { Meters, Seconds } from '../../base/units.ts';
import type { PhantomSource } from '../types.ts';
import { type Evaluator, isPath } from './evaluate.ts';
import type { NodeSurvey } from './node-survey.ts';
import { measureOf, moversOf, placesOver } from './places.ts';
import type { MotionSurvey } from './survey.ts';
import type { Motion } from './types.ts';

export interface MovingBounds {
  /** [x, y, z] m */
  readonly min: readonly [Meters, Meters, Meters];
  readonly max: readonly [Meters, Meters, Meters];
  /** Upper bound of the distance of a spin from its position at rest along an axis [m]. */
  readonly farthest: Meters;
}

/** Positions beyond these [m] are in another unit, as for spins at rest. */
const POSITION = 10;
/**
 * Largest rotation between two evaluations [rad]: an arc then differs from its chord by 5e-4 of its
 * radius.
 */
const LOOK = 0.125;
const MARGIN = 1e-3;
/** Most evaluations: the corners of a long breathing curve repeat. */
const MOST_LOOKS = 20_000;
/** Most evaluations at corners times spins that are computed one by one: a second or two. */
const MOST_PLACES = 3e6;
const FEWEST_LOOKS = 32;

export function movingBounds(
  source: PhantomSource,
  motions: readonly Motion[],
  { groups, kept }: MotionSurvey,
  evaluator: Evaluator,
  nodes: readonly (NodeSurvey | undefined)[],
  movements: readonly Movement[],
  duration: Seconds,
): MovingBounds {
  const { bounds } = source;
  const place = motions[0]?.place ?? source.name;
  const turning = motions.find(({ action }) => action.type === 'Rotate')?.place ?? place;
  const [min, max] = [[...bounds.min], [...bounds.max]] as [number[], number[]];
  const include = (axis: number, low: number, high: number): void => {
    min[axis] = Math.min(min[axis], low);
    max[axis] = Math.max(max[axis], high);
  };
  const middle = bounds.min.map((low, axis) => (low + bounds.max[axis]) / 2);
  const half = bounds.min.map((low, axis) => (bounds.max[axis] - low) / 2);
  for (const [n, { sampled, motions: own }] of groups.entries()) {
    if (sampled) continue;
    const step = own.reduce((sum, index) => sum + (isPath(motions[index]) ? nodes[index]!.largest : 0), 0);
    for (const time of looks(movements[n], duration, turning)) {
      const { A, v, P } = evaluator.frame(n, time);
      for (let row = 0; row < 3; row++) {
        const [a, p] = [A.subarray(3 * row, 3 * row + 3), P.subarray(3 * row, 3 * row + 3)];
        let center = 0;
        let reach = 0;
        for (let axis = 0; axis < 3; axis++) {
          center += a[axis] * middle[axis];
          reach += Math.abs(a[axis]) * half[axis] + Math.abs(p[axis]) * step;
        }
        for (let term = 0; 3 * term < v.length; term++) {
          if (term === evaluator.columns.one) center += v[3 * term + row];
          else reach += Math.abs(v[3 * term + row]);
        }
        reach += MARGIN * Math.hypot(...half);
        include(row, center - reach, center + reach);
      }
    }
  }
  if (kept.numbers.length > 0) {
    const movers = moversOf(motions, kept.numbers);
    const at = placesOver(
      movers,
      kept,
      (n, time, places) => evaluator.measures(time)[n] ?? measureOf(movers[n], places),
    );
    const sampled = groups.findIndex((group) => group.sampled);
    const most = Math.max(FEWEST_LOOKS, Math.min(MOST_LOOKS, Math.floor(MOST_PLACES / kept.numbers.length)));
    for (const time of looks(movements[sampled], duration, turning, most)) {
      const { x, y, z } = at(time);
      for (const [axis, values] of [x, y, z].entries()) for (const value of values) include(axis, value, value);
    }
    for (let axis = 0; axis < 3; axis++) {
      const margin = 0.02 * (max[axis] - min[axis]);
      include(axis, min[axis] - margin, max[axis] + margin);
    }
  }
  const reach = Math.max(...[...min, ...max].map(Math.abs));
  if (reach > POSITION) {
    const what = `its spins move to ${Number(reach.toPrecision(3))} m, beyond ±${POSITION} m`;
    throw badInput(place, what, 'check the units of its motions (m, degrees, s)');
  }
  const farthest = Math.max(...bounds.min.map((low, axis) => Math.max(max[axis] - low, bounds.max[axis] - min[axis])));
  return { min: min as unknown as MovingBounds['min'], max: max as unknown as MovingBounds['max'], farthest };
}

/**
 * Times between which rotations are small, just before and after at most `most` corners; these are
 * selected by the golden ratio because corners may be periodic.
 * @throws LarmorError 65 if spins turn hundreds of times between two corners
 */
function looks({ corners, turn }: Movement, duration: Seconds, place: string, most = MOST_LOOKS): number[] {
  const share = most / corners.length;
  const stops = [0, ...corners.filter((_, n) => share >= 1 || (n * 0.6180339887498949) % 1 < share), duration];
  const times: number[] = [];
  for (let n = 0; n + 1 < stops.length && times.length < 2 * MOST_LOOKS; n++) {
    const [from, to] = [stops[n], stops[n + 1]];
    const parts = Math.max(2, Math.ceil(turn(from, to) / LOOK));
    if (parts > MOST_LOOKS) {
      const what = `its spins turn by up to ${turn(from, to).toPrecision(2)} rad within ${(to - from).toPrecision(2)} s`;
      throw badInput(place, what, 'check the units of its motions (degrees, s)');
    }
    const inset = 1e-9 * (to - from);
    for (let part = 0; part <= parts; part++) times.push(from + inset + ((to - from - 2 * inset) * part) / parts);
  }
  return times;
}
