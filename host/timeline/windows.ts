/**
 * A timeline as windows: from one pulse to the next, with the readouts between them. This is the one place that accumulates precession:
 * what computes readouts or pulses, on processors, on GPUs and when spins are chosen, starts from windows. A readout changes nothing, so
 * each has the whole encoding since the pulse, and a train of lines adds up no error and no cost between its lines.
 */
import { OP, STRIDE, type Timeline } from './types.ts';

/** [kx, ky, kz, t, phase terms]: moments [cycles/m] and time [s] since a window began, and κ of each phase term. */
export type Encoding = readonly number[];

export interface WindowReadout {
  /** Index into the timeline's readouts. */
  readonly readout: number;
  readonly firstSample: number;
  /** Index into the timeline's trajectories. */
  readonly trajectory: number;
  /** Of its first sample. */
  readonly encoding: Encoding;
}

export interface Window {
  /**
   * What it begins with: a pulse or, where spins move, another change of their state, as in the timeline's ops. Undefined: the sequence
   * begins.
   */
  readonly begin: { readonly kind: number; readonly index: number } | undefined;
  readonly readouts: readonly WindowReadout[];
  /** Of the whole window, up to the next one or the last op. */
  readonly encoding: Encoding;
  /** Whether no other follows. */
  readonly isLast: boolean;
}

/** Ops [first, first + count) of a timeline. */
export interface OpRange {
  readonly first: number;
  readonly count: number;
}

/** The windows in order; the first may begin with nothing and hold nothing. */
export function* windowsOf(timeline: Timeline, range?: OpRange): Generator<Window> {
  const { ops, precessions, precessionTerms, readouts, terms } = timeline;
  const { first, count } = range ?? { first: 0, count: ops.length / STRIDE.op };
  const encoding = new Array<number>(STRIDE.precession + terms).fill(0);
  let begin: Window['begin'];
  let own: WindowReadout[] = [];
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
      own.push({ readout: index, firstSample, trajectory, encoding: encoding.slice() });
    } else {
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

/** Pulses played in all. With one and nothing after it there is no echo but the wanted one. */
export const pulseCount = (timeline: Timeline): number => pulseUses(timeline).reduce((sum, uses) => sum + uses, 0);

/** [trajectories] readouts that follow each. */
export function trajectoryUses({ readouts, trajectories }: Timeline): Int32Array {
  const uses = new Int32Array(trajectories.length / STRIDE.trajectory);
  for (let n = 1; n < readouts.length; n += STRIDE.readout) uses[readouts[n]]++;
  return uses;
}
