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
import { constantTurn, type PhaseUnits, writeCoefficients, writeWideCoefficients } from './phase.ts';
import type { PulseTable } from './pulses.ts';
import { RECORD } from './shaders/walk.ts';

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

/** Readouts whose starts are kept at once: 8 bytes each per spin. */
export const WINDOW_LINES = 128;
const WINDOW_RECORDS = 1024;
const WINDOW_STEPS = 20_000;

/** A page ends before it holds more; 64, 96 and 48 MiB on the device. */
const PAGE_SAMPLES = 2 ** 22;
const PAGE_POINTS = 2 ** 21;
const PAGE_RECORDS = 2 ** 20;

/**
 * Lines of one waveform in a window from which on the matrix form costs less, which always sums 64: 275 operations per spin
 * and sample for all of them, against 10 per line by recurrence and 40 by direct evaluation.
 */
const LINES_FOR_MATRIX = { linear: 24, direct: 8 } as const;

const RECORD_WORDS = 12;

interface Readout {
  readonly index: number;
  /** Record whose slot is to be filled in. */
  readonly record: number;
}

/** @yields pages in the order of the timeline */
export function buildProgram(timeline: Timeline, pulses: PulseTable, units: PhaseUnits): Page[] {
  const { ops, segments, excitations, readouts, waveforms } = timeline;
  const pages: Page[] = [];
  const operatorOf = new Map(pulses.kept.map((pulse, n) => [pulse, n]));
  /** Moment and time since the last pulse, and the frame it left behind [clockwise turns]. */
  const since = [0, 0, 0, 0];
  let frame = 0;
  let page = openPage(timeline, units, 0);
  let reads: Readout[] = [];
  let steps = 0;

  const closeWindow = (): void => {
    page.close(reads, steps);
    reads = [];
    steps = 0;
  };
  for (let op = 0; op < ops.length; op += STRIDE.op) {
    const index = ops[op + 1]!;
    if (ops[op] === OP.precess) {
      for (let i = 0; i < 4; i++) since[i] = since[i]! + segments[STRIDE.segment * index + i]!;
      continue;
    }
    if (ops[op] === OP.read) {
      const waveform = readouts[STRIDE.readout * index + 1]!;
      const samples = waveforms[STRIDE.waveform * waveform + 1]!;
      if (page.isFull(samples)) {
        closeWindow();
        pages.push(page.finish());
        page = openPage(timeline, units, readouts[STRIDE.readout * index]!);
      }
      reads.push({ index, record: page.push(since, frame, RECORD.read, 0) });
    } else {
      const pulse = excitations[STRIDE.excitation * index]!;
      const phase = excitations[STRIDE.excitation * index + 1]! / (2 * Math.PI);
      const [, , offset, duration] = timeline.pulses.subarray(STRIDE.pulse * pulse) as unknown as number[];
      const operator = operatorOf.get(pulse);
      if (operator === undefined) steps += pulses.stepCount[pulse]!;
      const kind = operator === undefined ? RECORD.stepped : RECORD.kept;
      // A pulse of phase φ is the same pulse seen from a frame turned by φ.
      page.push(since, frame + phase, kind, operator ?? pulse);
      frame = offset! * duration! - phase;
      since.fill(0);
    }
    if (reads.length >= WINDOW_LINES || page.recordsOfWindow() >= WINDOW_RECORDS || steps >= WINDOW_STEPS)
      closeWindow();
  }
  closeWindow();
  pages.push(page.finish());
  return pages;
}

function openPage(timeline: Timeline, units: PhaseUnits, firstSample: number) {
  const { readouts, waveforms, points } = timeline;
  const records = growingWords(RECORD_WORDS);
  const lines = growingWords(4);
  const waves = growingWords(RECORD_WORDS);
  const pointTable = growingWords(RECORD_WORDS);
  const waveOf = new Map<number, number>();
  const windows: Window[] = [];
  let first = 0;
  let samples = 0;

  /** The page's own number of a waveform. */
  const wave = (waveform: number): number => {
    const known = waveOf.get(waveform);
    if (known !== undefined) return known;
    const [firstPoint, count, linear] = waveforms.subarray(STRIDE.waveform * waveform) as unknown as number[];
    const next = waves.count();
    waveOf.set(waveform, next);
    const at = waves.grow();
    const step = points.subarray(STRIDE.point * (firstPoint! + Math.min(1, count! - 1)));
    writeWideCoefficients(waves.words(), at, step, units);
    waves.floats()[at + 8] = step[3]!;
    waves.words().set([count!, pointTable.count()], at + 9);
    if (linear !== 1) {
      for (let n = 0; n < count!; n++) {
        const point = points.subarray(STRIDE.point * (firstPoint! + n), STRIDE.point * (firstPoint! + n + 1));
        const to = pointTable.grow();
        writeCoefficients(pointTable.words(), pointTable.floats(), to, point, units);
        pointTable.floats()[to + 8] = point[3]!;
      }
    }
    return next;
  };

  return {
    recordsOfWindow: () => records.count() - first,
    isFull: (more: number): boolean =>
      samples > 0 &&
      (samples + more > PAGE_SAMPLES || pointTable.count() + more > PAGE_POINTS || records.count() >= PAGE_RECORDS),

    push(moment: readonly number[], frame: number, kind: number, argument: number): number {
      const at = records.grow();
      writeCoefficients(records.words(), records.floats(), at, moment, units);
      records.words()[at + 8] = constantTurn(frame);
      records.floats()[at + 9] = moment[3]!;
      records.words().set([kind, argument], at + 10);
      if (kind === RECORD.read) samples = Math.max(samples, 1);
      return at;
    },

    /** Ends the window: groups its readouts by form and waveform and gives them their slots. */
    close(reads: readonly Readout[], steps: number): void {
      if (records.count() === first) return;
      const byWaveform = new Map<number, Readout[]>();
      for (const read of reads) {
        const waveform = readouts[STRIDE.readout * read.index + 1]!;
        byWaveform.set(waveform, [...(byWaveform.get(waveform) ?? []), read]);
      }
      const groups = new Map<string, { form: Form; reads: Readout[] }>();
      for (const [waveform, same] of byWaveform) {
        const linear = waveforms[STRIDE.waveform * waveform + 2] === 1;
        const matrix = same.length >= LINES_FOR_MATRIX[linear ? 'linear' : 'direct'];
        const form: Form = matrix ? (linear ? 'matrixLinear' : 'matrixDirect') : linear ? 'line' : 'scattered';
        const key = matrix ? `${form} ${waveform}` : form;
        const group = groups.get(key) ?? { form, reads: [] };
        group.reads.push(...same);
        groups.set(key, group);
      }
      let slot = 0;
      const made = [...groups.values()].map(({ form, reads }): Group => {
        const start = { firstLine: lines.count(), firstSlot: slot };
        let longest = 0;
        for (const { index, record } of reads) {
          const waveform = readouts[STRIDE.readout * index + 1]!;
          const count = waveforms[STRIDE.waveform * waveform + 1]!;
          const sample = readouts[STRIDE.readout * index]! - firstSample;
          const ownWave = wave(waveform);
          lines.words().set([sample, ownWave, slot, count], lines.grow());
          records.words()[record + 11] = slot++;
          longest = Math.max(longest, count);
          samples = Math.max(samples, sample + count);
        }
        const shared = waveOf.get(readouts[STRIDE.readout * reads[0]!.index + 1]!)!;
        return { form, wave: shared, ...start, lines: reads.length, samples: longest };
      });
      windows.push({ first, end: records.count(), steps, groups: made });
      first = records.count();
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

/** Records of `width` words, written through views of the buffer that holds them now. */
function growingWords(width: number) {
  let words = new Uint32Array(64 * width);
  let floats = new Float32Array(words.buffer);
  let used = 0;
  return {
    words: () => words,
    floats: () => floats,
    count: () => used / width,
    /** Adds an empty record. @returns where its words begin */
    grow(): number {
      if (used + width > words.length) {
        const wider = new Uint32Array(2 * words.length);
        wider.set(words);
        words = wider;
        floats = new Float32Array(words.buffer);
      }
      used += width;
      return used - width;
    },
    finish: () => words.slice(0, used),
  };
}
