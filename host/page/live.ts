/**
 * Sliders for the parameters of a live page: each change simulates again, and the page shows the
 * new report.
 */
import type { LiveParameter, Report } from '../html/types.ts';
import { el } from './dom.ts';
import { parameterSliders } from './parameters.ts';

/** Changes closer together than this are one [ms]. */
const PAUSE_MS = 60;

/**
 * @param decode what the server sends
 * @param show the new report
 */
export function liveControls(
  parameters: readonly LiveParameter[],
  decode: (base64: string) => Promise<Report>,
  show: (report: Report) => void,
): HTMLElement {
  const said = el('output', { class: 'said', 'aria-live': 'polite' }, 'Move a slider to simulate again.');
  const progress = el('progress', { max: 1, value: 0, 'aria-label': 'progress of the simulation' });
  const settings: Record<string, number> = {};
  let running: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const simulate = async (): Promise<void> => {
    running?.abort();
    const own = new AbortController();
    running = own;
    const begun = performance.now();
    said.textContent = 'Simulating …';
    try {
      const response = await fetch('simulate', { method: 'POST', body: JSON.stringify(settings), signal: own.signal });
      if (!response.ok) throw new Error(await response.text());
      for await (const line of linesOf(response)) {
        const { done, total, data, error } = JSON.parse(line) as {
          done?: number;
          total?: number;
          data?: string;
          error?: string;
        };
        if (error !== undefined) throw new Error(error);
        if (total) progress.value = done! / total;
        if (data === undefined) continue;
        const report = await decode(data);
        if (own !== running) return;
        show(report);
        said.textContent = `Simulated in ${((performance.now() - begun) / 1e3).toFixed(2)} s.`;
      }
    } catch (error) {
      if (own !== running || own.signal.aborted) return;
      said.textContent =
        error instanceof TypeError ? 'larmor view has ended: start it again.' : String(error).replace(/^Error: /, '');
    }
    progress.value = 0;
  };

  const sliders = parameterSliders(parameters, ({ owner, name }, next) => {
    settings[`${owner}.${name}`] = next;
    clearTimeout(timer);
    timer = setTimeout(() => void simulate(), PAUSE_MS);
  });
  return el(
    'section',
    { id: 'live', 'aria-labelledby': 'live-title' },
    el('h2', { id: 'live-title' }, 'Parameters'),
    el('div', { class: 'controls' }, ...sliders),
    el('div', { class: 'state' }, progress, said),
  );
}

async function* linesOf(response: Response): AsyncGenerator<string> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const lines = text.split('\n');
    text = lines.pop()!;
    yield* lines;
  }
}
