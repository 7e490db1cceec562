/**
 * Movements of groups for the compiler of timelines (`base/movement.ts`): corners, frames, and the
 * two nodes of a path that spins are between.
 */
import { badInput } from '../../base/errors.ts';
import type { Movement } from '../../base/movement.ts';
import { SAME_TIME, type Seconds } from '../../base/units.ts';
import { type Evaluator, isPath } from './evaluate.ts';
import { type Frame, turnBetween } from './frames.ts';
import type { NodeSurvey } from './node-survey.ts';
import type { MotionSurvey } from './survey.ts';
import { cornersOf, firstFrom, type UnitTime } from './time-curve.ts';
import type { Motion, Path } from './types.ts';

/** Corners of a timeline; each cuts it. */
const MOST_CORNERS = 5_000_000;

export interface Piece {
  readonly from: Seconds;
  readonly to: Seconds;
}

/**
 * @param pieces list that compiling a sampled movement fills
 * @param nodes surveys of the paths, by motion
 * @param isCommon see `Movement.common`
 */
export function movementOf(
  motions: readonly Motion[],
  { groups, arrivals }: Pick<MotionSurvey, 'groups' | 'arrivals'>,
  index: number,
  evaluator: Evaluator,
  nodes: readonly (NodeSurvey | undefined)[],
  duration: Seconds,
  pieces: Piece[],
  isCommon: boolean,
): Movement {
  const group = groups[index];
  const { units, columns } = evaluator;
  const own = group.motions.filter((n) => isPath(motions[n]));
  // A mean over a span has a corner at every corner of a path of its spins.
  const averages = motions.some(({ action }) => action.type === 'Rotate' && action.center === 'CenterOfMass');
  const paths = motions.flatMap((motion, n) => (isPath(motion) && (averages || own.includes(n)) ? n : []));
  const listed = motions.map((motion, n) => ({ motion, unit: units[n].at }));
  const corners = cornersOfAll(motions, units, paths, arrivals, duration);
  const shared = {
    terms: columns.count,
    common: isCommon,
    isTranslation: motions.every(({ action }) => action.type === 'Translate'),
    sliding: groups.some(({ sampled }) => sampled) || motions.some(isPath),
    corners,
    turn: (from: number, to: number) => turnBetween(listed, from, to),
  };
  if (group.sampled) {
    const rest: Frame = { A: IDENTITY, v: new Float64Array(3 * columns.count), P: IDENTITY };
    // The same sequence may be compiled again, with other steps in pulses.
    const known = new Map<string, number>();
    const nodeOf = (from: Seconds, to: Seconds): number => {
      const key = `${from} ${to}`;
      const found = known.get(key) ?? 2 * (pieces.push({ from, to }) - 1);
      known.set(key, found);
      return found;
    };
    const flows = own.filter((n) => motions[n].action.type === 'FlowPath');
    return {
      ...shared,
      frame: () => rest,
      path: {
        sampled: true,
        flow: flows.length > 0,
        slide: (from, to) => ({ node: nodeOf(from, to), from, to, start: 0, end: 1 }),
        held: (from, to) => {
          const resets = flows.some((n) => nodes[n]!.resets[resetNode(motions[n], units[n], from, to)] === 1);
          return resets ? nodeOf(from, to) : -1;
        },
      },
    };
  }
  const frame = (time: Seconds): Frame => evaluator.frame(index, time);
  const [path] = own;
  if (path === undefined) return { ...shared, frame };
  const last = (motions[path].action as Path).nodes.count - 1;
  return {
    ...shared,
    frame,
    path: {
      sampled: false,
      flow: motions[path].action.type === 'FlowPath',
      slide(from, to) {
        const { middle, slope } = lineOf(units[path], from, to);
        const node = Math.min(last - 1, Math.max(0, Math.floor(middle * last)));
        const half = (slope * (to - from)) / 2;
        return { node, from, to, start: (middle - half) * last - node, end: (middle + half) * last - node };
      },
      held(from, to) {
        const node = resetNode(motions[path], units[path], from, to);
        return node >= 0 && nodes[path]!.resets[node] === 1 ? node : -1;
      },
    },
  };
}

const IDENTITY = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);

/** The straight line that u follows between two times without a corner in between. */
function lineOf({ at }: UnitTime, from: Seconds, to: Seconds): { readonly middle: number; readonly slope: number } {
  const quarter = (to - from) / 4;
  const [early, late] = [at(from + quarter), at(to - quarter)];
  return { middle: (early + late) / 2, slope: quarter > 0 ? (late - early) / (2 * quarter) : 0 };
}

/** Places this close to a node are there, in nodes. */
const AT_NODE = 1e-9;

/**
 * The next node, at which spins that are reset there are held; −1 for a path without resets, and
 * while u decreases: going back resets no spin.
 */
export function resetNode({ action }: Motion, unit: UnitTime, from: Seconds, to: Seconds): number {
  if (action.type !== 'FlowPath') return -1;
  const { middle, slope } = lineOf(unit, from, to);
  if (slope * (to - from) < -AT_NODE / action.nodes.count) return -1;
  return Math.max(1, Math.ceil(middle * (action.nodes.count - 1) - AT_NODE));
}

/**
 * Corners of all curves, and the times at which paths reach their nodes, and spins the axis of a
 * HeartBeat.
 */
function cornersOfAll(
  motions: readonly Motion[],
  units: readonly UnitTime[],
  paths: readonly number[],
  arrivals: readonly Float64Array[],
  duration: Seconds,
): Float64Array {
  const times = motions.flatMap(({ place }, n) => cornersOf(units[n], duration, place));
  for (const n of motions.keys()) {
    const last = paths.includes(n) ? (motions[n].action as Path).nodes.count - 1 : 1;
    const levels = last > 1 ? Float64Array.from({ length: last - 1 }, (_, node) => (node + 1) / last) : arrivals[n];
    crossings(units[n], levels, duration, motions[n].place, times);
  }
  return Float64Array.from(times.filter((time) => time > 0 && time < duration)).sort();
}

/** Adds the times at which u passes any of the levels, which ascend. */
function crossings(unit: UnitTime, levels: Float64Array, duration: Seconds, place: string, times: number[]): void {
  if (levels.length === 0) return;
  const corners = [0, ...cornersOf(unit, duration, place), duration];
  for (let c = 0; c + 1 < corners.length; c++) {
    const [from, to] = [corners[c], corners[c + 1]];
    if (to - from <= SAME_TIME) continue;
    const { middle, slope } = lineOf(unit, from, to);
    const half = (Math.abs(slope) * (to - from)) / 2;
    for (let n = firstFrom(levels, middle - half); n < levels.length && levels[n] <= middle + half; n++) {
      if (slope !== 0) times.push((from + to) / 2 + (levels[n] - middle) / slope);
      if (times.length <= MOST_CORNERS) continue;
      const what = `its spins pass more than ${MOST_CORNERS} nodes within the ${duration} s of the sequence`;
      throw badInput(place, what, 'check the unit of its times (s)');
    }
  }
}
