/**
 * Timeline → the GPU's program. The walk kernel's state is the magnetisation just after the last
 * pulse, so the ops become two kinds of record, each one precession away from that pulse: a
 * readout's first sample, and the next pulse.
 *
 * Records are cut into *ranges*: one dispatch walks a range, then others sum the readouts in it.
 * The ranges, and the form by which each readout is summed, follow from the timeline alone and
 * never from the device, so that the bits do not depend on a card's memory or speed. Ranges are
 * gathered into *sections* with buffers of their own, so that no table exceeds what a binding may
 * hold.
 */
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import { type Encoding, windowsOf } from '../../timeline/windows.ts';
import type { PhaseUnits } from './phase.ts';
import type { PulseTable } from './pulses.ts';
import { record } from './record-buffer.ts';
import { openSection, type Section } from './section.ts';
import { RECORD } from './shaders/walk.ts';

type Two = [number, number];
type Four = [number, number, number, number];

/** A range ends with this many readouts (each stores 8 bytes per spin), records or RF steps. */
const RANGE_LINES = 128;
const RANGE_RECORDS = 1024;
const RANGE_STEPS = 20_000;

/** @returns sections in the order of the timeline */
export function buildProgram(timeline: Timeline, pulses: PulseTable, units: PhaseUnits): Section[] {
  const { excitations, trajectories } = timeline;
  const sections: Section[] = [];
  const operatorOf = new Map(pulses.kept.map((pulse, n) => [pulse, n]));
  /** The frame that the previous pulse left [clockwise turns]. */
  let frame = 0;
  let section = openSection(timeline, units, 0);
  const closeIfFull = (): void => {
    const { lines, records, steps } = section.range();
    if (lines >= RANGE_LINES || records >= RANGE_RECORDS || steps >= RANGE_STEPS) section.closeRange();
  };

  let before: Encoding = [0, 0, 0, 0];
  for (const { begin, readouts, encoding } of windowsOf(timeline)) {
    if (begin !== undefined) {
      const [pulse, radians] = record<Two>(excitations, STRIDE.excitation, begin.index);
      const [, , offset, duration] = record<Four>(timeline.pulses, STRIDE.pulse, pulse);
      const phase = radians / (2 * Math.PI);
      const operator = operatorOf.get(pulse);
      // A pulse of phase φ is the same pulse in a frame that is rotated by φ.
      if (operator === undefined) section.excite(before, frame + phase, RECORD.stepped, pulse, pulses.stepCount[pulse]);
      else section.excite(before, frame + phase, RECORD.kept, operator, 0);
      frame = offset * duration - phase;
      closeIfFull();
    }
    for (const { readout, firstSample, trajectory, encoding } of readouts) {
      if (section.isFull(record<Two>(trajectories, STRIDE.trajectory, trajectory)[1])) {
        section.closeRange();
        sections.push(section.finish());
        section = openSection(timeline, units, firstSample);
      }
      section.readout(readout, encoding, frame);
      closeIfFull();
    }
    before = encoding;
  }
  section.closeRange();
  sections.push(section.finish());
  return sections;
}
