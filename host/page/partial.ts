/** Follows a run that is not finished: its progress, and the report of the tiles so far. */
import type { PartialRun, Report } from '../html/types.ts';
import { el } from './dom.ts';

/** Between two looks at the checkpoint [ms]. */
const LOOK_MS = 2000;

/**
 * @param decode what the server sends
 * @param show the new report
 */
export function followRun(
  first: PartialRun,
  decode: (base64: string) => Promise<Report>,
  show: (report: Report) => void,
): HTMLElement {
  const said = el('output', { class: 'said', 'aria-live': 'polite' });
  const progress = el('progress', { max: first.total, value: first.done, 'aria-label': 'progress of the run' });
  const say = ({ done, total }: PartialRun, more = ''): void => {
    progress.value = done;
    said.textContent = `${done} of ${total} tiles, ${Math.floor((100 * done) / total)} %${more}`;
  };
  let shown = first;
  const look = async (): Promise<void> => {
    try {
      const response = await fetch('partial', { method: 'POST', body: String(shown.done) });
      const { data, error, isComplete, ...state } = (await response.json()) as PartialRun & {
        readonly data?: string;
        readonly error?: string;
        readonly isComplete: boolean;
      };
      if (error !== undefined) said.textContent = error;
      else {
        if (data !== undefined) show(await decode(data));
        shown = state;
        say(shown, isComplete ? ': the run is complete.' : '; the page follows its checkpoint.');
        if (isComplete) return;
      }
    } catch {
      said.textContent = 'larmor view has ended: start it again.';
      return;
    }
    setTimeout(() => void look(), LOOK_MS);
  };
  void look();
  return el(
    'section',
    { id: 'run', 'aria-labelledby': 'run-title' },
    el('h2', { id: 'run-title' }, 'Run'),
    el('div', { class: 'state' }, progress, said),
  );
}
