/**
 * The timeline as the GPU walks it. A walk kernel's state is the magnetisation just after the last pulse, so the ops
 * become two kinds of record, each one precession away from that pulse: a readout's first sample, and the next pulse.
 *
 * Records are cut into *windows*: what one dispatch walks before the readouts it left behind are summed. Windows, and the
 * form in which each readout is summed, follow from the timeline alone and never from the device, so that the bits do
 * not depend on a card's memory or speed. Windows are gathered into *pages* with buffers of their own, so that no table
 * grows beyond what a binding may hold.
 */
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import { type Encoding, windowsOf } from '../../timeline/windows.ts';
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
  const { excitations, trajectories } = timeline;
  const pages: Page[] = [];
  const operatorOf = new Map(pulses.kept.map((pulse, n) => [pulse, n]));
  /** Of the pulse before: the frame it left behind [clockwise turns]. */
  let frame = 0;
  let page = openPage(timeline, units, 0);
  const closeIfFull = (): void => {
    const { lines, records, steps } = page.window();
    if (lines >= WINDOW_LINES || records >= WINDOW_RECORDS || steps >= WINDOW_STEPS) page.closeWindow();
  };

  let before: Encoding = [0, 0, 0, 0];
  for (const { begin, readouts, encoding } of windowsOf(timeline)) {
    if (begin !== undefined) {
      const [pulse, radians] = record<Two>(excitations, STRIDE.excitation, begin.index);
      const [, , offset, duration] = record<Four>(timeline.pulses, STRIDE.pulse, pulse);
      const phase = radians / (2 * Math.PI);
      const operator = operatorOf.get(pulse);
      // A pulse of phase φ is the same pulse seen from a frame turned by φ.
      if (operator === undefined) page.excite(before, frame + phase, RECORD.stepped, pulse, pulses.stepCount[pulse]);
      else page.excite(before, frame + phase, RECORD.kept, operator, 0);
      frame = offset * duration - phase;
      closeIfFull();
    }
    for (const { readout, firstSample, trajectory, encoding } of readouts) {
      if (page.isFull(record<Two>(trajectories, STRIDE.trajectory, trajectory)[1])) {
        page.closeWindow();
        pages.push(page.finish());
        page = openPage(timeline, units, firstSample);
      }
      page.read(readout, encoding, frame);
      closeIfFull();
    }
    before = encoding;
  }
  page.closeWindow();
  pages.push(page.finish());
  return pages;
}
