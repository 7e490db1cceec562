/**
 * Timelines of a model → the kernels' program: precession, stepped pulses and direct readouts, which support every model. Timelines of
 * several groups of spins become one with several walks, as if they followed one another.
 */

import { LineRun, OP, Op } from '../abi/abi.generated.ts';
import { recordList } from '../abi/records.ts';
import type { PhantomSource } from '../phantom/types.ts';
import { arrayBuilder, recordTable } from '../timeline/intern.ts';
import { STRIDE, type Timeline, type Timelines, OP as WALK } from '../timeline/types.ts';
import { windowsOf } from '../timeline/windows.ts';
import type { Program, Walk } from './build.ts';
import { noOperators } from './pulses/operator.ts';

/** Whether spins have columns that only a model's kernels know, or timelines of their own. Coils alone are rows of ordinary readouts. */
export const isModelled = (timelines: Timelines, { model }: Pick<PhantomSource, 'model'>): boolean =>
  timelines.length > 1 || timelines[0].terms > 0 || (model !== undefined && model.transmits > 0);

/** All timelines as one: their tables one after the other. What is common to all is the first one's. */
function joinTimelines(timelines: Timelines): { timeline: Timeline; walks: readonly Walk[] } {
  const [common] = timelines;
  const walks: Walk[] = [];
  const ops = arrayBuilder(Int32Array);
  const readouts = arrayBuilder(Int32Array);
  const trajectories = arrayBuilder(Int32Array);
  const excitations = arrayBuilder(Float64Array);
  const pulses = arrayBuilder(Float64Array);
  const tables = {
    precessions: arrayBuilder(Float64Array),
    precessionTerms: arrayBuilder(Float64Array),
    rfSteps: arrayBuilder(Float64Array),
    rfStepTerms: arrayBuilder(Float64Array),
    samples: arrayBuilder(Float64Array),
    sampleTerms: arrayBuilder(Float64Array),
  };
  for (const own of timelines) {
    const before = {
      [WALK.precess]: tables.precessions.length / STRIDE.precession,
      [WALK.excite]: excitations.length / STRIDE.excitation,
      [WALK.readout]: readouts.length / STRIDE.readout,
    } as Readonly<Record<number, number>>;
    walks.push({ firstOp: ops.length / STRIDE.op, opCount: own.ops.length / STRIDE.op });
    for (let n = 0; n < own.ops.length; n += STRIDE.op)
      ops.push(own.ops[n], own.ops[n + 1] + (before[own.ops[n]] ?? 0));
    const [pulse, step] = [pulses.length / STRIDE.pulse, tables.rfSteps.length / STRIDE.rfStep];
    const [trajectory, sample] = [trajectories.length / STRIDE.trajectory, tables.samples.length / STRIDE.sample];
    excitations.append(own.excitations.map((value, n) => (n % STRIDE.excitation === 0 ? value + pulse : value)));
    pulses.append(own.pulses.map((value, n) => (n % STRIDE.pulse === 0 ? value + step : value)));
    readouts.append(own.readouts.map((value, n) => (n % STRIDE.readout === 1 ? value + trajectory : value)));
    trajectories.append(own.trajectories.map((value, n) => (n % STRIDE.trajectory === 0 ? value + sample : value)));
    for (const [name, table] of Object.entries(tables)) table.append(own[name as keyof typeof tables]);
  }
  const finished = Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, table.finish()]));
  return {
    timeline: {
      ...common,
      ops: ops.finish(),
      excitations: excitations.finish(),
      pulses: pulses.finish(),
      readouts: readouts.finish(),
      trajectories: trajectories.finish(),
      ...(finished as { readonly [name in keyof typeof tables]: Float64Array }),
    },
    walks,
  };
}

/** @param timelines as `joinTimelines` takes them */
export function makeModelProgram(timelines: Timelines, toEnd: boolean): Program {
  const { timeline, walks } = joinTimelines(timelines);
  const ops = recordList(Op, timeline.ops.length / STRIDE.op);
  const precessions = recordTable(STRIDE.precession + timeline.terms);
  const lineRuns = recordList(LineRun, timeline.readouts.length / STRIDE.readout);
  const played = walks.map(({ firstOp, opCount }): Walk => {
    const first = ops.length;
    for (const { begin, readouts, encoding, isLast } of windowsOf(timeline, { first: firstOp, count: opCount })) {
      if (begin !== undefined) ops.push({ kind: KINDS[begin.kind], index: begin.index });
      for (const { firstSample, trajectory, encoding } of readouts) {
        ops.push({ kind: OP.READOUT, index: lineRuns.length });
        const moment = precessions.intern(encoding);
        lineRuns.push({ firstSample, waveform: trajectory, moment, area: 0, row: 0, lines: 1, step: 0 });
      }
      // What precedes the next window belongs to the magnetisation and the columns as they are before.
      if ((toEnd || !isLast) && encoding[3] > 0) ops.push({ kind: OP.PRECESS, index: precessions.intern(encoding) });
    }
    return { firstOp: first, opCount: ops.length - first };
  });
  return {
    ops,
    walks: played,
    timeline,
    isModelled: true,
    precessions: precessions.finish(),
    cachedPrecessions: new Int32Array(0),
    lineRuns,
    batches: [],
    rowSamples: new Int32Array(0),
    forms: { nufft2d1: 0, nufft1d1: 0, nufft2d3: 0, matrix: 0, recurrence: 0, direct: lineRuns.length },
    nufft2d1s: [],
    nufft2d3s: [],
    choices: [],
    lines: [],
    ...{ rows: 0, areas: 0, longest: 0 },
    operators: noOperators(timeline),
  };
}

/** The op of the kernels for what changes magnetisation or columns. */
const KINDS: Readonly<Record<number, number>> = {
  [WALK.excite]: OP.EXCITE,
  [WALK.slide]: OP.SLIDE,
  [WALK.sense]: OP.SENSE,
  [WALK.hold]: OP.HOLD,
  [WALK.release]: OP.RELEASE,
};
