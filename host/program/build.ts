/**
 * Timeline → the kernels' program. For each window the methods that take several readouts together
 * are asked first, then each readout goes to the cheapest method for its trajectory; for each pulse
 * the cheapest method is chosen. Only proposals within the error budget count. The choices depend
 * only on counts in the timeline, the phantom's bounds and the tile size, so every rank makes the
 * same ones.
 */
import { LineRun, OP, Op } from '../abi/abi.generated.ts';
import { recordList, type Values } from '../abi/records.ts';
import { recordTable } from '../timeline/intern.ts';
import { STRIDE, OP as TIMELINE_OP, type Timeline } from '../timeline/types.ts';
import { type OpRange, type Window, windowsOf } from '../timeline/windows.ts';
import { contextOf } from './context.ts';
import { joinTimelines } from './join.ts';
import { lineBatches } from './line-batches.ts';
import type { Context, ProgramWriter } from './method.ts';
import { PULSE_METHODS } from './methods.ts';
import { cachePrecessions } from './precession-cache.ts';
import { choosePulses, type Operators } from './pulses/choose.ts';
import { chooseReadouts } from './readouts/choose.ts';
import { trajectoryAt } from './trajectory.ts';
import type { Program, ProgramJob } from './types.ts';

/** The methods of readouts in use, with the number of readouts of each. */
export function methodsOf({ methods }: Program): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(methods).filter(([, count]) => count > 0));
}

/** The program of spins with one timeline. */
export function makeProgram(
  timeline: Timeline,
  source: ProgramJob['source'],
  options: Omit<ProgramJob, 'timelines' | 'source'>,
): Program {
  return programFor({ timelines: [timeline], source, ...options });
}

/** The program of a job. */
export function programFor(job: ProgramJob): Program {
  const { timeline, ranges } = joinTimelines(job.timelines);
  const context = contextOf(job, timeline);
  const pulses = pulsesOf(context);
  const readouts = chooseReadouts(context);

  const ops = recordList(Op, 256);
  const precessions = recordTable(STRIDE.precession + timeline.terms);
  const lineRuns = recordList(LineRun, 256);
  const batches = lineBatches({ ops, precessions, lineRuns }, context, readouts);
  const scratch = { gridBytes: 0, pointBytes: 0 };
  let sense = -1;
  const writer: ProgramWriter = {
    op: (kind, index) => ops.push({ kind, index }),
    lineRun({ firstSample, trajectory, encoding, sense: wanted }) {
      if (wanted !== sense) ops.push({ kind: OP.SENSE, index: wanted });
      sense = wanted;
      const precession = precessions.intern(encoding);
      return lineRuns.push({ firstSample, trajectory, precession, buffer: 0, line: 0, lines: 1, step: 0 });
    },
    batchLine: (readout) => batches.add(readout),
    batchLines: batches.capacity,
    scratch({ gridBytes, pointBytes }) {
      scratch.gridBytes = Math.max(scratch.gridBytes, gridBytes);
      scratch.pointBytes = Math.max(scratch.pointBytes, pointBytes);
    },
  };
  const groups = ranges.map((range): OpRange => {
    const first = ops.length;
    const begin = opsOf(pulses);
    sense = -1;
    for (const window of windowsOf(timeline, range)) {
      if (window.begin !== undefined) for (const op of begin(window.begin)) ops.push(op);
      readouts.emit(window.readouts, writer);
      if (window.isLast) batches.end();
      else batches.endWindow();
      const { encoding, isLast } = window;
      if ((!isLast || job.onMagnetization !== undefined) && encoding[3] > 0)
        ops.push({ kind: OP.PRECESS, index: precessions.intern(encoding) });
    }
    return { first, count: ops.length - first };
  });
  const isCached = context.precision === 'f32' && !context.isModelled;
  const cachedPrecessions = isCached ? cachePrecessions(ops, lineRuns, precessions) : new Int32Array(0);
  const { batches: list, firstSamples, buffers, lines } = batches.finish();
  const { methods, cost, error } = readouts.summary();
  return {
    ops,
    groups,
    timeline,
    isModelled: context.isModelled,
    precessions: precessions.finish(),
    cachedPrecessions,
    lineRuns,
    batches: list,
    firstSamples,
    ...{ buffers, lines, longest: buffers === 0 ? 0 : longestLine(timeline, readouts.isProduct) },
    methods,
    decisions: () => [...pulses.decisions, ...readouts.decisions()],
    operators: pulses,
    cost: pulses.cost + cost,
    error: pulses.error + error,
    placeBatchData: readouts.placeBatchData,
    lower: readouts.lower,
    scratch,
  };
}

/**
 * Cost of the program of a job in operations per spin: the same choices without making the program.
 */
export function programCost(job: ProgramJob): number {
  const { timeline, ranges } = joinTimelines(job.timelines);
  const context = contextOf(job, timeline);
  const readouts = chooseReadouts(context);
  let { cost } = pulsesOf(context);
  for (const range of ranges) for (const window of windowsOf(timeline, range)) cost += readouts.costOf(window.readouts);
  return cost;
}

const pulsesOf = (context: Context): Operators => choosePulses(context, PULSE_METHODS);

/** The kernels' ops for what windows begin with, in the order of a group's windows. */
function opsOf({ useOf, lookUpOf, cachedFrom, operatorUses, terms }: Operators) {
  /** Operators that have been looked up. */
  const cached = new Set<number>();
  return ({ kind, index }: NonNullable<Window['begin']>): readonly Values<typeof Op>[] => {
    if (kind !== TIMELINE_OP.excite) return [{ kind: STATE_OPS[kind], index }];
    const [use, lookUp] = [useOf[index], lookUpOf[index]];
    if (use < 0) return [lookUp < 0 ? { kind: OP.EXCITE, index } : { kind: OP.LOOK_UP, index: lookUp }];
    const ops: Values<typeof Op>[] = [];
    const first = operatorUses.get(use, 'firstTerm');
    for (let term = first; term < first + operatorUses.get(use, 'terms'); term++) {
      const operator = terms.get(term, 'operator');
      const from = cachedFrom.get(operator);
      if (from === undefined || cached.has(operator)) continue;
      cached.add(operator);
      ops.push({ kind: OP.CACHE_LOOK_UP, index: from });
    }
    ops.push({ kind: OP.APPLY_OPERATOR, index: use });
    return ops;
  };
}

/** Of spins on paths. */
const STATE_OPS: Readonly<Record<number, number>> = {
  [TIMELINE_OP.slide]: OP.SLIDE,
  [TIMELINE_OP.field]: OP.FIELD,
  [TIMELINE_OP.hold]: OP.HOLD,
  [TIMELINE_OP.release]: OP.RELEASE,
};

/** Samples of the longest trajectory whose lines are products of matrices, a multiple of 8. */
function longestLine(timeline: Timeline, isProduct: readonly boolean[]): number {
  const longest = isProduct.reduce(
    (most, is, trajectory) => (is ? Math.max(most, trajectoryAt(timeline, trajectory).samples) : most),
    0,
  );
  return 8 * Math.ceil(longest / 8);
}
