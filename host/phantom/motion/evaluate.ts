/**
 * Motions of a phantom over time, evaluated together: a rotation about the mean of its span depends
 * on the positions of all its spins, in any group. Frames of separable groups follow from sums over
 * their spins; the positions of the other spins are computed one by one.
 */
import type { Seconds } from '../../base/units.ts';
import { type Columns, emptyFrame, type Frame, sumPlaces, writeFrame } from './frames.ts';
import { type Measure, type Mover, measureOf, moversOf, type Places, placesOver } from './places.ts';
import type { Group, MotionSurvey } from './survey.ts';
import { type UnitTime, unitTime } from './time-curve.ts';
import { type Motion, type Path, spanLength } from './types.ts';

export interface Evaluator {
  readonly columns: Columns;
  readonly units: readonly UnitTime[];
  /** The frame of a separable group, overwritten by the next call for it. */
  frame(group: number, time: Seconds): Frame;
  /** Whether the quantities that motions derive from their spans change with time. */
  readonly varies: boolean;
  /** What each motion takes from its span at a time. */
  measures(time: Seconds): readonly Measure[];
}

export const isPath = ({ action }: Motion): boolean => action.type === 'Path' || action.type === 'FlowPath';

export function evaluatorOf(motions: readonly Motion[], { groups, radius, kept }: MotionSurvey): Evaluator {
  const units = motions.map(({ time }) => unitTime(time));
  const columns = columnsOf(motions, groups);
  const frames = groups.map(() => emptyFrame(columns));
  const scratch = emptyFrame(columns);
  const movers = kept.numbers.length === 0 ? [] : moversOf(motions, kept.numbers);
  const measuring = motions.map(
    ({ action }) => action.type === 'HeartBeat' || (action.type === 'Rotate' && action.center === 'CenterOfMass'),
  );
  const empty: Measure[] = motions.map((_, n) => (radius[n] === undefined ? {} : { radius: radius[n] }));
  const varies = measuring.some((isMeasured, n) => isMeasured && radius[n] === undefined);
  let last: { time: Seconds; measures: Measure[] } | undefined;

  const write = (
    frame: Frame,
    { motions: own }: Group,
    before: number,
    time: Seconds,
    found: readonly Measure[],
  ): void =>
    writeFrame(
      frame,
      columns,
      own.filter((n) => n < before).map((n) => ({ motion: motions[n], unit: units[n].at(time), measure: found[n] })),
    );

  /** Quantity of motion n; those of all earlier motions must be known. */
  const measure = (n: number, time: Seconds, found: readonly Measure[], places: Places | undefined): Measure => {
    if (radius[n] !== undefined) return { radius: radius[n] };
    if (motions[n].action.type === 'HeartBeat') return measureOf(movers[n], places!);
    const total = [0, 0, 0];
    for (const group of groups) {
      if (group.sampled || !group.motions.includes(n)) continue;
      write(scratch, group, n, time, found);
      const path = group.motions.find((index) => isPath(motions[index]) && index < n);
      const along = path === undefined ? 0 : units[path].at(time) * ((motions[path].action as Path).nodes.count - 1);
      const sum = sumPlaces(scratch, columns, path === undefined ? { ...group.sums, nodes: NONE } : group.sums, along);
      for (let axis = 0; axis < 3; axis++) total[axis] += sum[axis];
    }
    if (places !== undefined) addPlaces(total, movers[n], places);
    const spins = spanLength(motions[n].spins);
    return { mean: [total[0] / spins, total[1] / spins, total[2] / spins] };
  };

  let now: Measure[] = [];
  const keptAt = placesOver(movers, kept, (n, time, places) => {
    now[n] = measure(n, time, now, places);
    return now[n];
  });
  const measures = (time: Seconds): readonly Measure[] => {
    if (!varies) return empty;
    if (last?.time === time) return last.measures;
    now = [...empty];
    if (movers.length > 0) keptAt(time);
    else for (let n = 0; n < motions.length; n++) if (measuring[n]) now[n] = measure(n, time, now, undefined);
    last = { time, measures: now };
    return now;
  };
  return {
    ...{ columns, units, varies, measures },
    frame(group, time) {
      write(frames[group], groups[group], Number.POSITIVE_INFINITY, time, measures(time));
      return frames[group];
    },
  };
}

const NONE = new Float64Array(0);

function addPlaces(total: number[], { rows: { at } }: Mover, { x, y, z }: Places): void {
  for (let i = 0; i < at.length; i++) {
    total[0] += x[at[i]];
    total[1] += y[at[i]];
    total[2] += z[at[i]];
  }
}

/** One set of columns for all groups: blocks of spins have the same columns in every tile. */
function columnsOf(motions: readonly Motion[], groups: readonly Group[]): Columns {
  const own = groups
    .filter(({ sampled }) => !sampled)
    .flatMap((group) => group.motions.map((n) => motions[n].action.type));
  const angle = own.includes('HeartBeat') ? 0 : -1;
  const one = own.includes('Rotate') || own.includes('Translate') ? 2 * (angle + 1) : -1;
  return { count: 2 * (angle + 1) + (one < 0 ? 0 : 1), angle, one };
}
