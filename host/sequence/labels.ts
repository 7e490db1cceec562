/**
 * Labels: counters and flags that blocks set and increment as the sequence runs. A block's own changes count for its
 * own readout, in file order (Pulseq specification 1.4, label extension).
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
