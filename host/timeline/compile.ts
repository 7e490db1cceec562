/**
 * Sequence → timeline, once per run. Each different block becomes a short program of precession,
 * pulses and readouts (`block-actions.ts`); here these are concatenated and the precession between
 * them is merged, so that the cost of a spin at rest depends on the merged precessions and not on
 * raster steps.
 */
import { openBudget } from '../base/budget.ts';
import { badInput } from '../base/errors.ts';
import { termsOf } from '../base/movement.ts';
import { GAMMA_BAR } from '../base/units.ts';
import type { Sequence } from '../sequence/types.ts';
import { type Action, type BlockProgram, type BlockTables, blockCompiler } from './block-actions.ts';
import { arrayBuilder, recordTable, splitRecords } from './intern.ts';
import { pulseTable, rememberByEvents, trajectoryTable } from './tables.ts';
import { OP, STRIDE, type Timeline, type TimelineOptions } from './types.ts';

/** The signal is addressed by i32. */
const MOST_SAMPLES = 0x7fffffff;

/**
 * @throws LarmorError 65 when events of a block overlap or outlast it, or the run has no sample or
 * more than 2³¹ − 1
 */
export function compileTimeline(sequence: Sequence, options: TimelineOptions): Timeline {
  const { B0, gammaBar = GAMMA_BAR, terms, movement, toEnd = false } = options;
  const termCount = movement === undefined ? (terms?.count ?? 0) : termsOf(movement);
  const budget = openBudget('signal', sequence.name, sequence.fileBytes);
  const tables: BlockTables = {
    ...{ budget, termCount, receiveShapes: [] },
    pulses: pulseTable(budget, termCount),
    trajectories: trajectoryTable(budget),
    senses: recordTable(STRIDE.sense),
  };
  const { compile, end } = blockCompiler(sequence, options, tables);
  // Blocks of the same events are the same program, except for spins that move meanwhile.
  const programOf = movement === undefined ? rememberByEvents((block, n) => compile(block, n, 0)) : compile;
  const walk = walkBuilder(sequence.name, STRIDE.precession + termCount);
  let start = 0;
  for (let n = 0; n < sequence.blockCount; n++) {
    const block = sequence.block(n);
    walk.append(programOf(block, n, start));
    start += block.duration;
  }
  if (toEnd) walk.append(end());
  return {
    ...{ gammaBar, B0, terms: termCount },
    ...walk.finish(toEnd),
    ...tables.pulses.finish(),
    ...tables.trajectories.finish(),
    receiveShapes: tables.receiveShapes,
    senses: tables.senses.finish(),
  };
}

/**
 * The timeline's ops and what they index, except pulses and trajectories.
 * @param width numbers of a precession and its phase terms
 */
function walkBuilder(name: string, width: number) {
  const ops = arrayBuilder(Int32Array);
  const precessions = recordTable(width);
  const excitations = recordTable(STRIDE.excitation);
  const readouts = arrayBuilder(Int32Array);
  const receive = arrayBuilder(Float64Array);
  const pending = new Float64Array(width);
  let sampleCount = 0;
  // A field common to all spins is not simulated: the frame rotates with it, which changes the
  // phases of pulses and receiver [cycles].
  let frame = 0;
  const frameAngle = (turned: number): number => 2 * Math.PI * (frame + turned);

  const flush = (): void => {
    if (pending[3] > 0) ops.push(OP.precess, precessions.intern(pending));
    pending.fill(0);
  };
  const push = (action: Action): void => {
    if (action.kind === 'precess') {
      for (let i = 0; i < width; i++) pending[i] = pending[i] + action.precession[i];
      return;
    }
    flush();
    if (action.kind === 'mark') {
      ops.push(action.op, action.index);
    } else if (action.kind === 'excite') {
      const { pulse, phase, turned, transmit } = action;
      ops.push(OP.excite, excitations.intern([pulse, phase + frameAngle(turned), transmit]));
    } else {
      ops.push(OP.readout, readouts.length / STRIDE.readout);
      readouts.push(sampleCount, action.trajectory);
      const [phase, step, shape] = action.receive;
      receive.push(phase - frameAngle(action.turned), step, shape);
      sampleCount += action.samples;
      if (sampleCount > MOST_SAMPLES) throw badInput(name, 'more than 2³¹ − 1 samples', 'split the sequence');
    }
  };

  return {
    append({ actions, turned }: BlockProgram): void {
      for (const action of actions) push(action);
      frame = (frame + turned) % 1;
    },
    /** @param toEnd keep the ops after the last sample, which the signal does not depend on */
    finish(toEnd: boolean) {
      if (toEnd) flush();
      else if (sampleCount === 0) throw badInput(name, 'no ADC event, so no signal to simulate', 'add a readout');
      const all = ops.finish();
      let end = all.length;
      while (!toEnd && all[end - STRIDE.op] !== OP.readout) end -= STRIDE.op;
      const [merged, precessionTerms] = splitRecords(precessions.finish(), width, STRIDE.precession);
      return {
        ...{ sampleCount, ops: all.slice(0, end), turned: frameAngle(0) },
        ...{ precessions: merged, precessionTerms },
        ...{ excitations: excitations.finish(), readouts: readouts.finish(), receive: receive.finish() },
      };
    },
  };
}
