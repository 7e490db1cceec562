/**
 * A timeline as windows: from one pulse to the next, with the readouts between them. This is the
 * only place that accumulates precession: methods for readouts and pulses, on processors and GPUs,
 * and the choice of spins start from windows. A readout does not change the state, so each has the
 * whole encoding since the pulse, and a train of lines accumulates neither errors nor costs between
 * its lines.
 */
import { OP, STRIDE, type Timeline } from './types.ts';

/**
 * [kx, ky, kz, t, phase terms]: moments [cycles/m] and time [s] since a window began, and κ of each
 * phase term.
 */
export type Encoding = readonly number[];

export interface WindowReadout {
  /** Index into the timeline's readouts. */
  readonly readout: number;
  readonly firstSample: number;
  /** Index into the timeline's trajectories. */
  readonly trajectory: number;
  /** Encoding at its first sample. */
  readonly encoding: Encoding;
  /**
   * Index into the timeline's senses of how coils change during it, which does not change the
   * spins' state; −1: they do not.
   */
  readonly sense: number;
}

export interface Window {
  /**
   * The op that it begins with: a pulse or, where spins move, another change of their state.
   * Undefined at the beginning of the sequence.
   */
  readonly begin: { readonly kind: number; readonly index: number } | undefined;
  readonly readouts: readonly WindowReadout[];
  /** Encoding of the whole window, up to the next one or the last op. */
  readonly encoding: Encoding;
  /** Whether no other follows. */
  readonly isLast: boolean;
}

/** Ops [first, first + count) of a timeline. */
export interface OpRange {
  readonly first: number;
  readonly count: number;
}

/** The windows in order; the first may be empty and begin without an op. */
export function* windowsOf(timeline: Timeline, range?: OpRange): Generator<Window> {
  const { ops, precessions, precessionTerms, readouts, terms } = timeline;
  const { first, count } = range ?? { first: 0, count: ops.length / STRIDE.op };
  const encoding = new Array<number>(STRIDE.precession + terms).fill(0);
  let begin: Window['begin'];
  let own: WindowReadout[] = [];
  let sense = -1;
  for (let op = STRIDE.op * first; op < STRIDE.op * (first + count); op += STRIDE.op) {
    const kind = ops[op];
    const index = ops[op + 1];
    if (kind === OP.precess) {
      for (let i = 0; i < STRIDE.precession; i++)
        encoding[i] = encoding[i] + precessions[STRIDE.precession * index + i];
      for (let i = 0; i < terms; i++)
        encoding[STRIDE.precession + i] = encoding[STRIDE.precession + i] + precessionTerms[terms * index + i];
    } else if (kind === OP.readout) {
      const firstSample = readouts[STRIDE.readout * index];
      const trajectory = readouts[STRIDE.readout * index + 1];
      own.push({ readout: index, firstSample, trajectory, encoding: encoding.slice(), sense });
    } else if (kind === OP.sense) sense = index;
    else {
      yield { begin, readouts: own, encoding: encoding.slice(), isLast: false };
      begin = { kind, index };
      own = [];
      encoding.fill(0);
    }
  }
  yield { begin, readouts: own, encoding, isLast: true };
}

/** [pulses] how often each is played. */
export function pulseUses({ ops, excitations, pulses }: Timeline): Int32Array {
  const uses = new Int32Array(pulses.length / STRIDE.pulse);
  for (let op = 0; op < ops.length; op += STRIDE.op)
    if (ops[op] === OP.excite) uses[excitations[STRIDE.excitation * ops[op + 1]]]++;
  return uses;
}

/** Number of pulses in total. With one there is no unwanted echo. */
export const pulseCount = (timeline: Timeline): number => pulseUses(timeline).reduce((sum, uses) => sum + uses, 0);

/** [trajectories] readouts that follow each. */
export function trajectoryUses({ readouts, trajectories }: Timeline): Int32Array {
  const uses = new Int32Array(trajectories.length / STRIDE.trajectory);
  for (let n = 1; n < readouts.length; n += STRIDE.readout) uses[readouts[n]]++;
  return uses;
}
