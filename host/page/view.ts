/**
 * What all parts of the page share: the span of time that is shown, the time under the cursor, and
 * the readout that is chosen. Whoever changes it tells; whoever shows it listens.
 */
import type { Seconds } from '../base/units.ts';

export interface ViewState {
  readonly from: Seconds;
  readonly to: Seconds;
  /** undefined: the cursor is elsewhere. */
  readonly cursor: Seconds | undefined;
  /** Number of a readout, from 0. */
  readonly readout: number;
}

export interface View {
  readonly state: ViewState;
  /** The whole scan [s]. */
  readonly end: Seconds;
  /** Shows a span of time, within the scan. */
  show(from: Seconds, to: Seconds): void;
  point(time: Seconds | undefined): void;
  choose(readout: number): void;
  onChange(listener: (state: ViewState, before: ViewState) => void): void;
}

/** Shortest span that is shown: a dwell. */
const SHORTEST: Seconds = 1e-6;

export function makeView(
  end: Seconds,
  first: { readonly from: Seconds; readonly to: Seconds; readonly readout: number },
): View {
  let state: ViewState = { ...first, cursor: undefined };
  const listeners: ((state: ViewState, before: ViewState) => void)[] = [];
  const change = (next: Partial<ViewState>): void => {
    const before = state;
    state = { ...state, ...next };
    const isSame = (Object.keys(state) as (keyof ViewState)[]).every((key) => state[key] === before[key]);
    if (!isSame) for (const listener of listeners) listener(state, before);
  };
  return {
    get state() {
      return state;
    },
    end,
    show(from, to) {
      const length = Math.min(end, Math.max(SHORTEST, to - from));
      const begin = Math.min(Math.max(0, from), end - length);
      change({ from: begin, to: begin + length });
    },
    point: (cursor) => change({ cursor }),
    choose: (readout) => change({ readout }),
    onChange: (listener) => listeners.push(listener),
  };
}
