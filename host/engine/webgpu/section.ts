/**
 * A section of the GPU's program: records, and the tables of lines, waves (trajectories) and points
 * (samples of those that are not equally spaced) that its ranges read, each small enough for one
 * binding. `program.ts` defines ranges; here readouts are grouped into the dispatches that sum
 * them.
 */
import { STRIDE, type Timeline } from '../../timeline/types.ts';
import { constantTurn, type PhaseUnits, writeCoefficients, writeWideCoefficients } from './phase.ts';
import { type RecordBuffer, record, recordBuffer } from './record-buffer.ts';
import { RECORD } from './shaders/walk.ts';

export type Form = 'matrixLinear' | 'matrixDirect' | 'line' | 'scattered';

/** Readouts of a range that one dispatch sums. */
export interface Group {
  readonly form: Form;
  /** Wave that all lines share, for the matrix forms. */
  readonly wave: number;
  /** Lines [firstLine, firstLine + lines) of the section, in slots from `firstSlot` on. */
  readonly firstLine: number;
  readonly firstSlot: number;
  readonly lines: number;
  /** Most samples of any of the lines. */
  readonly samples: number;
}

/** Records that one dispatch walks, before the readouts among them are summed. */
export interface WalkRange {
  /** Records [first, end) of the section. */
  readonly first: number;
  readonly end: number;
  /** RF steps to be simulated one by one, per spin. */
  readonly steps: number;
  readonly groups: readonly Group[];
}

export interface Section {
  readonly records: Uint32Array;
  readonly lines: Uint32Array;
  readonly waves: Uint32Array;
  readonly points: Uint32Array;
  readonly ranges: readonly WalkRange[];
  readonly firstSample: number;
  readonly samples: number;
}

/** A section ends before it holds more; 64, 96 and 48 MiB on the device. */
const SECTION_SAMPLES = 2 ** 22;
const SECTION_POINTS = 2 ** 21;
const SECTION_RECORDS = 2 ** 20;

/**
 * Lines of one trajectory in a range from which on the matrix form, which always sums 64, costs
 * less: 275 operations per spin and sample for all of them, against 10 per line by recurrence and
 * 40 by direct evaluation.
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
  /** Where its record's slot is to be written, once the range is complete. */
  readonly slotAt: number;
}

/** Trajectories of readouts as a section's kernels take them, each once. */
function waveTables(timeline: Timeline, units: PhaseUnits) {
  const { trajectories } = timeline;
  const waves = recordBuffer(RECORD_WORDS);
  const points = recordBuffer(RECORD_WORDS);
  const indices = new Map<number, number>();
  return {
    /** Index of a trajectory among the section's own. */
    indexOf(trajectory: number): number {
      const known = indices.get(trajectory);
      if (known !== undefined) return known;
      const [first, count, uniform] = record<Three>(trajectories, STRIDE.trajectory, trajectory);
      const index = waves.count();
      indices.set(trajectory, index);
      const at = waves.grow();
      const step = record(timeline.samples, STRIDE.sample, first + Math.min(1, count - 1));
      writeWideCoefficients(waves.words(), at, step, units);
      waves.floats()[at + 8] = step[3];
      waves.words().set([count, points.count()], at + 9);
      for (let n = 0; uniform !== 1 && n < count; n++) {
        const sample = record(timeline.samples, STRIDE.sample, first + n);
        const to = points.grow();
        writeCoefficients(points.words(), points.floats(), to, sample, units);
        points.floats()[to + 8] = sample[3];
      }
      return index;
    },
    pointCount: points.count,
    finish: () => ({ waves: waves.finish(), points: points.finish() }),
  };
}

/**
 * Readouts of one range by the form that sums them; lines of a matrix product share their
 * trajectory.
 */
function readoutsByForm(readouts: readonly Readout[]): { form: Form; readouts: Readout[] }[] {
  const linesOf = new Map<number, number>();
  for (const { trajectory } of readouts) linesOf.set(trajectory, (linesOf.get(trajectory) ?? 0) + 1);
  const groups = new Map<string, { form: Form; readouts: Readout[] }>();
  for (const readout of readouts) {
    const { trajectory, uniform } = readout;
    const matrix = linesOf.get(trajectory)! >= LINES_FOR_MATRIX[uniform ? 'linear' : 'direct'];
    const single = uniform ? 'line' : 'scattered';
    const form = matrix ? (uniform ? 'matrixLinear' : 'matrixDirect') : single;
    const key = matrix ? `${form} ${trajectory}` : form;
    const group = groups.get(key);
    if (group) group.readouts.push(readout);
    else groups.set(key, { form, readouts: [readout] });
  }
  return [...groups.values()];
}

/** The groups of a range, with a line and a slot for each of its readouts. */
function groupsOf(readouts: readonly Readout[], lines: RecordBuffer, records: RecordBuffer): Group[] {
  let slot = 0;
  return readoutsByForm(readouts).map(({ form, readouts }) => {
    const start = { firstLine: lines.count(), firstSlot: slot };
    for (const readout of readouts) {
      const at = lines.grow();
      lines.words().set([readout.firstSample, readout.wave, slot, readout.samples], at);
      records.words()[readout.slotAt] = slot++;
    }
    const longest = readouts.reduce((most, readout) => Math.max(most, readout.samples), 0);
    return { form, wave: readouts[0].wave, ...start, lines: readouts.length, samples: longest };
  });
}

/** @param firstSample of the timeline that is the section's first */
export function openSection(timeline: Timeline, units: PhaseUnits, firstSample: number) {
  const records = recordBuffer(RECORD_WORDS);
  const lines = recordBuffer(LINE_WORDS);
  const waves = waveTables(timeline, units);
  const ranges: WalkRange[] = [];
  let rangeReadouts: Readout[] = [];
  let rangeFirst = 0;
  let rangeSteps = 0;
  let samples = 0;

  /** A record: `precession` since the last pulse, in a frame turned by `frame` clockwise turns. */
  const push = (precession: readonly number[], frame: number, kind: number, argument: number): number => {
    const at = records.grow();
    writeCoefficients(records.words(), records.floats(), at, precession, units);
    records.words()[at + 8] = constantTurn(frame);
    records.floats()[at + 9] = precession[3];
    records.words().set([kind, argument], at + 10);
    return at;
  };

  return {
    /** Contents of the current range. */
    range: () => ({ records: records.count() - rangeFirst, lines: rangeReadouts.length, steps: rangeSteps }),

    /** Whether a readout of so many samples should begin another section. */
    isFull: (more: number): boolean =>
      samples > 0 &&
      (samples + more > SECTION_SAMPLES ||
        waves.pointCount() + more > SECTION_POINTS ||
        records.count() >= SECTION_RECORDS),

    readout(index: number, precession: readonly number[], frame: number): void {
      const [first, trajectory] = record<Two>(timeline.readouts, STRIDE.readout, index);
      const [, count, uniform] = record<Three>(timeline.trajectories, STRIDE.trajectory, trajectory);
      const slotAt = push(precession, frame, RECORD.read, 0) + 11;
      const own = { firstSample: first - firstSample, samples: count, slotAt };
      rangeReadouts.push({ ...own, trajectory, wave: waves.indexOf(trajectory), uniform: uniform === 1 });
      samples = own.firstSample + count;
    },

    /**
     * @param argument operator of a folded pulse, or the pulse
     * @param steps to be simulated one by one
     */
    excite(precession: readonly number[], frame: number, kind: number, argument: number, steps: number): void {
      push(precession, frame, kind, argument);
      rangeSteps += steps;
    },

    closeRange(): void {
      if (records.count() === rangeFirst) return;
      ranges.push({
        first: rangeFirst,
        end: records.count(),
        steps: rangeSteps,
        groups: groupsOf(rangeReadouts, lines, records),
      });
      rangeFirst = records.count();
      rangeSteps = 0;
      rangeReadouts = [];
    },

    finish: (): Section => ({
      records: records.finish(),
      lines: lines.finish(),
      ...waves.finish(),
      ranges,
      firstSample,
      samples,
    }),
  };
}
