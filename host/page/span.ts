/**
 * How a reader moves through the time that the charts show: a row of buttons, keys, the wheel, and
 * what they do.
 */

import type { Seconds } from '../base/units.ts';
import { quantity } from '../figures/units.ts';
import { button, el } from './dom.ts';
import type { View } from './view.ts';

/** Zoom factor of one notch of the wheel. */
const NOTCH = 1.25;
/** Steps of the cursor across what is shown. */
const STEPS = 200;

interface Span {
  zoom(factor: number): void;
  /** Moves the span by a fraction of its length. */
  move(part: number): void;
  whole(): void;
  /** Moves the cursor. */
  step(sign: number): void;
  /** Shows the repetition so many after the one where the span begins. */
  repetition(further: number): void;
}

/**
 * Adds keys and the wheel to the charts.
 * @param starts of the repetitions [s], ascending
 * @returns the row of buttons, and what writes down the span that is shown
 */
export function spanTools(
  charts: HTMLElement,
  starts: Float64Array,
  view: View,
): { readonly tools: HTMLElement; readonly showSpan: () => void } {
  const repetitionOf = (time: Seconds): number => lastUpTo(starts, time + 1e-9);
  const span = spanOf(view, starts, repetitionOf);
  const shown = el('span', { class: 'shown' });
  const tools = el(
    'div',
    { class: 'tools', role: 'toolbar', 'aria-label': 'span of time' },
    button('Whole scan', 'Home', span.whole),
    ...(starts.length > 1
      ? [
          button('‹ TR', 'previous repetition (Page Up)', () => span.repetition(-1)),
          button('One TR', 'one repetition', () => span.repetition(0)),
          button('TR ›', 'next repetition (Page Down)', () => span.repetition(1)),
        ]
      : []),
    button('−', 'zoom out (−)', () => span.zoom(2)),
    button('+', 'zoom in (+)', () => span.zoom(0.5)),
    button('←', 'earlier (left arrow)', () => span.move(-0.25)),
    button('→', 'later (right arrow)', () => span.move(0.25)),
    shown,
  );
  listen(charts, span, view);
  return {
    tools,
    showSpan() {
      const { from, to } = view.state;
      const [first, last] = [repetitionOf(from), repetitionOf(to - 1e-7)];
      const which =
        starts.length < 2
          ? ''
          : first === last
            ? `, TR ${first + 1} of ${starts.length}`
            : `, TR ${Math.max(1, first + 1)} to ${last + 1} of ${starts.length}`;
      shown.textContent = `${quantity(from, 's')} to ${quantity(to, 's')}${which}`;
    },
  };
}

/** Index of the last of ascending values that is not above one; −1: none. */
function lastUpTo(values: Float64Array, value: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function spanOf(view: View, starts: Float64Array, repetitionOf: (time: Seconds) => number): Span {
  return {
    zoom(factor) {
      const { from, to, cursor } = view.state;
      const centre = cursor !== undefined && cursor > from && cursor < to ? cursor : (from + to) / 2;
      view.show(centre - (centre - from) * factor, centre + (to - centre) * factor);
    },
    move(part) {
      const { from, to } = view.state;
      view.show(from + part * (to - from), to + part * (to - from));
    },
    whole: () => view.show(0, view.end),
    step(sign) {
      const { from, to, cursor } = view.state;
      const at = (cursor ?? (from + to) / 2) + (sign * (to - from)) / STEPS;
      view.point(Math.min(to, Math.max(from, at)));
    },
    repetition(further) {
      const n = Math.min(starts.length - 1, Math.max(0, repetitionOf(view.state.from) + further));
      view.show(starts[n] ?? 0, starts[n + 1] ?? view.end);
    },
  };
}

function listen(charts: HTMLElement, span: Span, view: View): void {
  const keys: Readonly<Record<string, () => void>> = {
    Home: span.whole,
    '+': () => span.zoom(0.5),
    '=': () => span.zoom(0.5),
    '-': () => span.zoom(2),
    PageUp: () => span.repetition(-1),
    PageDown: () => span.repetition(1),
    ArrowLeft: () => span.step(-1),
    ArrowRight: () => span.step(1),
    'Shift+ArrowLeft': () => span.move(-0.25),
    'Shift+ArrowRight': () => span.move(0.25),
    Escape: () => view.point(undefined),
  };
  charts.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = keys[`${event.shiftKey && event.key.startsWith('Arrow') ? 'Shift+' : ''}${event.key}`];
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
  charts.addEventListener('dblclick', span.whole);
  charts.addEventListener(
    'wheel',
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      span.zoom(event.deltaY > 0 ? NOTCH : 1 / NOTCH);
    },
    { passive: false },
  );
}
