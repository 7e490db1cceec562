/**
 * Inputs of a program as every method sees them. Values that do not depend on the tile size are
 * computed once for all programs of a job, so that comparing tile sizes costs little more than one
 * program.
 */
import type { Timeline, Timelines } from '../timeline/types.ts';
import { trajectoryUses } from '../timeline/windows.ts';
import { budgetsOf } from './accuracy.ts';
import type { Context } from './method.ts';
import type { ProgramJob } from './types.ts';

/**
 * Whether the run has a model: columns of spins that only kernels for models support, or several
 * timelines. Coils alone are no model: readouts take them as additional rows.
 */
export const isModelled = (timelines: Timelines, { model }: Pick<ProgramJob['source'], 'model'>): boolean =>
  timelines.length > 1 ||
  timelines[0].terms > 0 ||
  timelines[0].senses.length > 0 ||
  (model !== undefined && model.transmits > 0);

/** @param timeline of all groups, joined */
export function contextOf(job: ProgramJob, timeline: Timeline): Context {
  const { timelines, source, precision, tolerance, tileSize } = job;
  const coils = source.model?.allCoils ?? source.model?.coils ?? 0;
  const once = sharedValues(job);
  return {
    ...{ timeline, source, precision, tileSize, coils, once },
    ...budgetsOf(tolerance, { isMoving: source.motionIdentity !== undefined, coils }),
    isExact: tolerance === undefined,
    isModelled: isModelled(timelines, source),
    uses: once('uses', () => trajectoryUses(timeline)),
  };
}

/** Such values, and what they were made from. */
interface Shared {
  readonly madeFrom: readonly unknown[];
  readonly values: Map<string, unknown>;
}

/** Shared values of the latest job with these timelines. */
const known = new WeakMap<Timelines, Shared>();

function sharedValues({ timelines, source, precision, tolerance }: ProgramJob): Context['once'] {
  const madeFrom = [source, precision, tolerance];
  const latest = known.get(timelines);
  const shared =
    latest?.madeFrom.every((value, n) => value === madeFrom[n]) === true ? latest : { madeFrom, values: new Map() };
  known.set(timelines, shared);
  return <T>(key: string, make: () => T): T => {
    if (!shared.values.has(key)) shared.values.set(key, make());
    return shared.values.get(key) as T;
  };
}
