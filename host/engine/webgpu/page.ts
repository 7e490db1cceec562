/**
 * A page of the GPU's program: records, and the tables of lines, waves and points that its windows read, each small
 * enough for one binding. `program.ts` says what windows are; here readouts are grouped into the dispatches that sum them.
 */
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import { constantTurn, type PhaseUnits, writeCoefficients, writeWideCoefficients } from './phase.ts';
import { RECORD } from './shaders/walk.ts';
import { record, wordTable } from './words.ts';

export type Form = 'matrixLinear' | 'matrixDirect' | 'line' | 'scattered';

/** Readouts of a window that one dispatch sums. */
export interface Group {
  readonly form: Form;
  /** Wave that all lines share, for the matrix forms. */
  readonly wave: number;
  /** Lines [firstLine, firstLine + lines) of the page, in slots from `firstSlot` on. */
  readonly firstLine: number;
  readonly firstSlot: number;
  readonly lines: number;
  /** Most samples of any of the lines. */
  readonly samples: number;
}

export interface Window {
  /** Records [first, end) of the page. */
  readonly first: number;
  readonly end: number;
  /** RF steps to be walked one by one, per spin. */
  readonly steps: number;
  readonly groups: readonly Group[];
}

export interface Page {
  readonly records: Uint32Array;
  readonly lines: Uint32Array;
  readonly waves: Uint32Array;
  readonly points: Uint32Array;
  readonly windows: readonly Window[];
  readonly firstSample: number;
  readonly samples: number;
}

/** A page ends before it holds more; 64, 96 and 48 MiB on the device. */
const PAGE_SAMPLES = 2 ** 22;
const PAGE_POINTS = 2 ** 21;
const PAGE_RECORDS = 2 ** 20;

/**
 * Lines of one trajectory in a window from which on the matrix form costs less, which always sums 64: 275 operations per spin
 * and sample for all of them, against 10 per line by recurrence and 40 by direct evaluation.
 */
export const LINES_FOR_MATRIX = { linear: 24, direct: 8 } as const;

type Two = [number, number];
type Three = [number, number, number];

/** Words of a record, a wave and a point; of a line. */
const RECORD_WORDS = 12;
const LINE_WORDS = 4;

interface Readout {
  readonly samples: number;
  readonly firstSample: number;
  readonly trajectory: number;
  readonly wave: number;
  readonly uniform: boolean;
  /** Where its record's slot is to be written, once the window knows it. */
  readonly slotAt: number;
}

/** @param firstSample of the timeline that is the page's first */
export function openPage(timeline: Timeline, units: PhaseUnits, firstSample: number) {
  const { readouts, trajectories } = timeline;
  const records = wordTable(RECORD_WORDS);
  const lines = wordTable(LINE_WORDS);
  const waves = wordTable(RECORD_WORDS);
  const pointTable = wordTable(RECORD_WORDS);
  const waveOf = new Map<number, number>();
  const windows: Window[] = [];
  let windowReads: Readout[] = [];
  let windowFirst = 0;
  let windowSteps = 0;
  let samples = 0;

  /** The page's own number of a trajectory. */
  const wave = (trajectory: number): number => {
    const known = waveOf.get(trajectory);
    if (known !== undefined) return known;
    const [first, count, uniform] = record<Three>(trajectories, STRIDE.trajectory, trajectory);
    const next = waves.count();
    waveOf.set(trajectory, next);
    const at = waves.grow();
    const step = record(timeline.samples, STRIDE.sample, first + Math.min(1, count - 1));
    writeWideCoefficients(waves.words(), at, step, units);
    waves.floats()[at + 8] = step[3];
    waves.words().set([count, pointTable.count()], at + 9);
    for (let n = 0; uniform !== 1 && n < count; n++) {
      const sample = record(timeline.samples, STRIDE.sample, first + n);
      const to = pointTable.grow();
      writeCoefficients(pointTable.words(), pointTable.floats(), to, sample, units);
      pointTable.floats()[to + 8] = sample[3];
    }
    return next;
  };

  /** A record: precession by `moment` since the last pulse, in a frame turned by `frame` clockwise turns. */
  const push = (moment: readonly number[], frame: number, kind: number, argument: number): number => {
    const at = records.grow();
    writeCoefficients(records.words(), records.floats(), at, moment, units);
    records.words()[at + 8] = constantTurn(frame);
    records.floats()[at + 9] = moment[3];
    records.words().set([kind, argument], at + 10);
    return at;
  };

  const groupReads = (): Group[] => {
    const linesOf = new Map<number, number>();
    for (const { trajectory } of windowReads) linesOf.set(trajectory, (linesOf.get(trajectory) ?? 0) + 1);
    const groups = new Map<string, { form: Form; reads: Readout[] }>();
    for (const read of windowReads) {
      const matrix = linesOf.get(read.trajectory)! >= LINES_FOR_MATRIX[read.uniform ? 'linear' : 'direct'];
      const single = read.uniform ? 'line' : 'scattered';
      const form = matrix ? (read.uniform ? 'matrixLinear' : 'matrixDirect') : single;
      const key = matrix ? `${form} ${read.trajectory}` : form;
      const group = groups.get(key);
      if (group) group.reads.push(read);
      else groups.set(key, { form, reads: [read] });
    }
    let slot = 0;
    return [...groups.values()].map(({ form, reads }) => {
      const start = { firstLine: lines.count(), firstSlot: slot };
      for (const read of reads) {
        const at = lines.grow();
        lines.words().set([read.firstSample, read.wave, slot, read.samples], at);
        records.words()[read.slotAt] = slot++;
      }
      const longest = reads.reduce((most, read) => Math.max(most, read.samples), 0);
      return { form, wave: reads[0].wave, ...start, lines: reads.length, samples: longest };
    });
  };

  return {
    /** What the window under way holds. */
    window: () => ({ records: records.count() - windowFirst, lines: windowReads.length, steps: windowSteps }),

    /** Whether a readout of so many samples should begin another page. */
    isFull: (more: number): boolean =>
      samples > 0 &&
      (samples + more > PAGE_SAMPLES || pointTable.count() + more > PAGE_POINTS || records.count() >= PAGE_RECORDS),

    read(index: number, moment: readonly number[], frame: number): void {
      const [first, trajectory] = record<Two>(readouts, STRIDE.readout, index);
      const [, count, uniform] = record<Three>(trajectories, STRIDE.trajectory, trajectory);
      const slotAt = push(moment, frame, RECORD.read, 0) + 11;
      const place = { firstSample: first - firstSample, samples: count, slotAt };
      windowReads.push({ ...place, trajectory, wave: wave(trajectory), uniform: uniform === 1 });
      samples = first - firstSample + count;
    },

    /** @param argument operator of a kept pulse, or the pulse @param steps to be walked one by one */
    excite(moment: readonly number[], frame: number, kind: number, argument: number, steps: number): void {
      push(moment, frame, kind, argument);
      windowSteps += steps;
    },

    closeWindow(): void {
      if (records.count() === windowFirst) return;
      windows.push({ first: windowFirst, end: records.count(), steps: windowSteps, groups: groupReads() });
      windowFirst = records.count();
      windowSteps = 0;
      windowReads = [];
    },

    finish: (): Page => ({
      records: records.finish(),
      lines: lines.finish(),
      waves: waves.finish(),
      points: pointTable.finish(),
      windows,
      firstSample,
      samples,
    }),
  };
}
