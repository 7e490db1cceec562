/** How the run was computed: accuracy, the ranks' times as bars, and all that is known of it. */
import type { Report } from '../html/types.ts';
import { el, section } from './dom.ts';

export function accuracySection({ accuracy, ranks, echo }: Report): HTMLElement | undefined {
  if (accuracy.length === 0 && ranks === undefined) return undefined;
  return section(
    'accuracy',
    'How it was computed',
    'Methods by which the spins of all readouts were summed, what they may err by, and where the time went.',
    el('ul', { class: 'lines' }, ...accuracy.map((line) => el('li', {}, line)), echo && el('li', {}, echoText(echo))),
    ranks && rankBars(ranks),
  );
}

/** The predicted echo in words, as the line at the top says it too. */
export function echoText({ level, limit }: NonNullable<Report['echo']>): string {
  const percent = (part: number): string => `${Number((100 * part).toPrecision(2))} %`;
  if (level === 0) return 'Spins enough: no spurious echo is predicted.';
  if (level < limit)
    return `Spins enough: a spurious echo of ${percent(level)} of the signal is predicted, below ${percent(limit)}.`;
  return `Too few spins: a spurious echo of ${percent(level)} of the signal is predicted, above ${percent(limit)}.`;
}

const PHASES = ['load', 'simulate', 'wait', 'reduce'] as const;
/** Ranks with a bar; of more, the slowest and the fastest. */
const MOST_RANKS = 48;

function rankBars(all: NonNullable<Report['ranks']>): HTMLElement {
  const total = (rank: (typeof all)[number]): number => PHASES.reduce((sum, phase) => sum + rank.seconds[phase], 0);
  const bySpeed = [...all].sort((a, b) => b.seconds.simulate - a.seconds.simulate);
  const shown =
    all.length <= MOST_RANKS ? all : [...bySpeed.slice(0, MOST_RANKS / 2), ...bySpeed.slice(-MOST_RANKS / 2)];
  const longest = Math.max(...all.map(total));
  const rows = shown.map((rank) => {
    const bar = el('div', { class: 'times', 'aria-hidden': 'true' });
    for (const phase of PHASES) {
      const piece = el('span', {
        class: `phase phase-${phase}`,
        title: `${phase} ${rank.seconds[phase].toFixed(3)} s`,
      });
      piece.style.width = `${(100 * rank.seconds[phase]) / longest}%`;
      bar.append(piece);
    }
    const numbers = PHASES.map((phase) => el('td', {}, rank.seconds[phase].toFixed(3)));
    return el(
      'tr',
      {},
      el('th', { scope: 'row' }, `${rank.rank}`, el('small', {}, ` ${rank.host}`)),
      el('td', {}, String(rank.tiles)),
      ...numbers,
      el('td', {}, `${Math.round(rank.peakMemory / 2 ** 20)} MiB`),
      el('td', { class: 'wide' }, bar),
    );
  });
  const heads = ['rank', 'tiles', ...PHASES.map((phase) => `${phase} [s]`), 'memory', ''];
  const caption =
    all.length > MOST_RANKS
      ? `Times of the ranks: the slowest and the fastest ${MOST_RANKS / 2} of ${all.length}`
      : 'Times of the ranks';
  return el(
    'div',
    { class: 'scroll' },
    el(
      'table',
      { class: 'ranks' },
      el('caption', {}, caption),
      el('thead', {}, el('tr', {}, ...heads.map((text) => el('th', { scope: 'col' }, text)))),
      el('tbody', {}, ...rows),
    ),
  );
}

/** Keys that are shown elsewhere. */
const ELSEWHERE = new Set(['perRank', 'warnings']);

export function provenanceSection({ provenance }: Report): HTMLElement | undefined {
  const record = JSON.parse(provenance) as Record<string, unknown>;
  const entries = Object.entries(record).filter(([key]) => !ELSEWHERE.has(key));
  if (entries.length === 0) return undefined;
  const command =
    Array.isArray(record.command) && record.command.length > 0
      ? el('pre', {}, record.command.map(quoted).join(' '))
      : undefined;
  return section(
    'provenance',
    'Where it comes from',
    'Everything that is needed to make the same signal again: SI units throughout.',
    command,
    el(
      'details',
      {},
      el('summary', {}, 'All parameters'),
      tableOf(Object.fromEntries(entries.filter(([key]) => key !== 'command'))),
    ),
  );
}

/** A word of a command line as a shell takes it. */
const quoted = (word: unknown): string =>
  typeof word === 'string' && /^[\w./:=@,+-]+$/.test(word) ? word : `'${String(word).replaceAll("'", "'\\''")}'`;

function tableOf(record: Readonly<Record<string, unknown>>): HTMLElement {
  return el(
    'table',
    { class: 'provenance' },
    el(
      'tbody',
      {},
      ...Object.entries(record).map(([key, value]) =>
        el('tr', {}, el('th', { scope: 'row' }, key), el('td', {}, contentOf(value))),
      ),
    ),
  );
}

function contentOf(value: unknown): Node | string {
  if (value === null) return '–';
  if (Array.isArray(value)) {
    if (value.length === 0) return '–';
    if (value.every((one) => typeof one !== 'object' || one === null)) return value.map(String).join(', ');
    return tableOf(Object.fromEntries(value.map((one, n) => [String(n + 1), one])));
  }
  if (typeof value === 'object')
    return Object.keys(value).length === 0 ? '–' : tableOf(value as Record<string, unknown>);
  return String(value);
}
