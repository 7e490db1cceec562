/**
 * Timelines of several groups of spins as one, with a range of ops for each group: their tables one
 * after the other, as if they followed one another in time.
 */
import { arrayBuilder } from '../timeline/intern.ts';
import { OP, STRIDE, type Timeline, type Timelines } from '../timeline/types.ts';
import type { OpRange } from '../timeline/windows.ts';

/**
 * All timelines as one, with their tables concatenated. Values common to all are those of the
 * first.
 */
export function joinTimelines(timelines: Timelines): { timeline: Timeline; ranges: readonly OpRange[] } {
  const [common] = timelines;
  if (timelines.length === 1) return { timeline: common, ranges: [{ first: 0, count: common.ops.length / STRIDE.op }] };
  const ranges: OpRange[] = [];
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
    senses: arrayBuilder(Float64Array),
  };
  for (const own of timelines) {
    const before = {
      [OP.precess]: tables.precessions.length / STRIDE.precession,
      [OP.excite]: excitations.length / STRIDE.excitation,
      [OP.readout]: readouts.length / STRIDE.readout,
      [OP.sense]: tables.senses.length / STRIDE.sense,
    } as Readonly<Record<number, number>>;
    ranges.push({ first: ops.length / STRIDE.op, count: own.ops.length / STRIDE.op });
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
    ranges,
  };
}
