/**
 * The timeline as the GPU walks it. A walk kernel's state is the magnetisation just after the last pulse, so the ops
 * become two kinds of record, each one precession away from that pulse: a readout's first sample, and the next pulse.
 *
 * Records are cut into *windows*: what one dispatch walks before the readouts it left behind are summed. Windows, and the
 * form in which each readout is summed, follow from the timeline alone and never from the device, so that the bits do
 * not depend on a card's memory or speed. Windows are gathered into *pages* with buffers of their own, so that no table
 * grows beyond what a binding may hold.
 */
import { OP, STRIDE, type Timeline } from '../../timeline/types.ts';
import { openPage, type Page } from './page.ts';
import type { PhaseUnits } from './phase.ts';
import type { PulseTable } from './pulses.ts';
import { RECORD } from './shaders/walk.ts';
import { record } from './words.ts';

type Two = [number, number];
type Four = [number, number, number, number];

/** Readouts whose starts are kept at once: 8 bytes each per spin. */
const WINDOW_LINES = 128;
const WINDOW_RECORDS = 1024;
const WINDOW_STEPS = 20_000;

/** @returns pages in the order of the timeline */
export function buildProgram(timeline: Timeline, pulses: PulseTable, units: PhaseUnits): Page[] {
  const { ops, precessions, excitations, readouts, trajectories } = timeline;
  const pages: Page[] = [];
  const operatorOf = new Map(pulses.kept.map((pulse, n) => [pulse, n]));
  /** Moment and time since the last pulse, and the frame it left behind [clockwise turns]. */
  const since = [0, 0, 0, 0];
  let frame = 0;
  let page = openPage(timeline, units, 0);

  for (let op = 0; op < ops.length; op += STRIDE.op) {
    const index = ops[op + 1];
    if (ops[op] === OP.precess) {
      const precession = record<Four>(precessions, STRIDE.precession, index);
      for (let i = 0; i < 4; i++) since[i] = since[i] + precession[i];
      continue;
    }
    if (ops[op] === OP.readout) {
      const [firstSample, trajectory] = record<Two>(readouts, STRIDE.readout, index);
      if (page.isFull(record<[number, number]>(trajectories, STRIDE.trajectory, trajectory)[1])) {
        page.closeWindow();
        pages.push(page.finish());
        page = openPage(timeline, units, firstSample);
      }
      page.read(index, since, frame);
    } else {
      const [pulse, radians] = record<Two>(excitations, STRIDE.excitation, index);
      const [, , offset, duration] = record<Four>(timeline.pulses, STRIDE.pulse, pulse);
      const phase = radians / (2 * Math.PI);
      const operator = operatorOf.get(pulse);
      // A pulse of phase φ is the same pulse seen from a frame turned by φ.
      if (operator === undefined) page.excite(since, frame + phase, RECORD.stepped, pulse, pulses.stepCount[pulse]);
      else page.excite(since, frame + phase, RECORD.kept, operator, 0);
      frame = offset * duration - phase;
      since.fill(0);
    }
    const window = page.window();
    if (window.lines >= WINDOW_LINES || window.records >= WINDOW_RECORDS || window.steps >= WINDOW_STEPS)
      page.closeWindow();
  }
  page.closeWindow();
  pages.push(page.finish());
  return pages;
}
