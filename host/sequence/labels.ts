/**
 * Labels: counters and flags that blocks set and increment as the sequence runs. A block's own
 * changes count for its own readout, in file order (Pulseq specification 1.4, label extension).
 */
import type { Counter } from './encoding-types.ts';
import type { LabelEvent } from './types.ts';

/** Value of every label met so far; never changed in place, so readouts may keep it. */
export type LabelState = ReadonlyMap<string, number>;

export const NO_LABELS: LabelState = new Map();

export function applyLabels(state: LabelState, events: readonly LabelEvent[]): LabelState {
  const next = new Map(state);
  for (const { label, mode, value } of events) next.set(label, mode === 'set' ? value : (next.get(label) ?? 0) + value);
  return next;
}

/** ISMRMRD's name of each Pulseq counter. */
export const COUNTER_LABELS: Readonly<Record<Counter, string>> = {
  kspace_encode_step_1: 'LIN',
  kspace_encode_step_2: 'PAR',
  average: 'AVG',
  slice: 'SLC',
  contrast: 'ECO',
  phase: 'PHS',
  repetition: 'REP',
  set: 'SET',
  segment: 'SEG',
};

/** Flags for the role of a readout (`readout-roles.ts`), or for its reversed direction. */
const FLAGS: readonly string[] = ['NAV', 'REV', 'REF', 'IMA', 'NOISE'];

/** Labels of the specification for a scanner's own software, without effect on a simulation. */
const INERT: readonly string[] = ['SMS', 'OFF', 'PMC', 'NOROT', 'NOPOS', 'NOSCL', 'ONCE', 'TRID', 'ACQ'];

/** One line for the labels that are known but have no effect, and one for unknown ones. */
export function labelWarnings(used: ReadonlySet<string>): string[] {
  const effective = new Set([...Object.values(COUNTER_LABELS), ...FLAGS]);
  const inert = [...used].filter((label) => INERT.includes(label));
  const unknown = [...used].filter((label) => !effective.has(label) && !INERT.includes(label));
  const list = (labels: readonly string[]): string => `label${labels.length > 1 ? 's' : ''} ${labels.join(', ')}`;
  return [
    ...(inert.length > 0 ? [`${list(inert)}: no effect on a simulation`] : []),
    ...(unknown.length > 0 ? [`${list(unknown)}: not in the Pulseq specification, no effect`] : []),
  ];
}
