/**
 * Shows a figure on the terminal. The terminal is asked what it can draw: a query of kitty's
 * graphics protocol, its size in pixels, and last its device attributes, which every terminal
 * answers, and sixel terminals with a 4 among them. If there is no answer in time, or nobody to
 * answer (standard input is not a terminal), block characters are drawn.
 */
import { hasTrueColour } from '../base/environment.ts';
import { usage } from '../base/errors.ts';
import { printBytes } from '../base/log.ts';
import { WIDTH } from '../figures/layout.ts';
import { pixelsOf, pngBytes } from '../figures/png.ts';
import { blockBytes, kittyBytes, type Protocol, sixelBytes } from '../figures/terminal.ts';
import type { Figure } from '../figures/types.ts';

const ESCAPE = '\x1b';
const QUERY = `${ESCAPE}_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA${ESCAPE}\\${ESCAPE}[14t${ESCAPE}[c`;
/** Answers come within milliseconds, over a network within its delay. */
const PATIENCE_MS = 1000;
/** Columns of a terminal that does not report its size. */
const USUAL_COLUMNS = 80;
/** Beyond this many times the figure's own size nothing is gained. */
const MOST_ZOOM = 1.5;

/** @throws LarmorError 2 unless standard output is a terminal */
export function requireTerminal(): void {
  if (!process.stdout.isTTY)
    throw usage('--show: standard output is not a terminal', 'write the figure to a file with -o FILE.png');
}

export async function showFigure(figure: Figure): Promise<void> {
  const columns = process.stdout.columns || USUAL_COLUMNS;
  const { protocol, width } = await askTerminal();
  if (protocol === 'kitty') printBytes(kittyBytes(await pngBytes(figure), columns));
  else if (protocol === 'sixel')
    printBytes(sixelBytes(await pixelsOf(figure, Math.min(MOST_ZOOM, (width ?? WIDTH) / WIDTH))));
  else printBytes(blockBytes(await pixelsOf(figure, columns / WIDTH), hasTrueColour()));
}

interface Terminal {
  readonly protocol: Protocol;
  /** Pixels across. */
  readonly width?: number;
}

function askTerminal(): Promise<Terminal> {
  const { stdin } = process;
  if (!stdin.isTTY) return Promise.resolve({ protocol: 'blocks' });
  return new Promise((resolve) => {
    let said = '';
    const hear = (part: Buffer): void => {
      said += part.toString('latin1');
      if (attributesIn(said) !== undefined) finish();
    };
    const finish = (): void => {
      clearTimeout(timer);
      stdin.off('data', hear).setRawMode(false).pause();
      resolve(terminalOf(said));
    };
    const timer = setTimeout(finish, PATIENCE_MS);
    // Raw, so that the answers are neither shown nor kept until the end of a line.
    stdin.setRawMode(true).on('data', hear).resume();
    printBytes(Buffer.from(QUERY));
  });
}

/** The device attributes among the answers, which come last. */
const attributesIn = (said: string): string | undefined => answerIn(said, /^\[\?([\d;]*)c/);

function terminalOf(said: string): Terminal {
  const width = Number(answerIn(said, /^\[4;\d+;(\d+)t/) ?? 0);
  const size = width > 0 ? { width } : {};
  if (answerIn(said, /^_Gi=31;(OK)/) !== undefined) return { protocol: 'kitty', ...size };
  // The first number is the class of the terminal.
  const [, ...attributes] = attributesIn(said)?.split(';') ?? [];
  return { protocol: attributes.includes('4') ? 'sixel' : 'blocks', ...size };
}

/** The match of a pattern in one of the answers, each of which begins with an escape. */
function answerIn(said: string, pattern: RegExp): string | undefined {
  for (const answer of said.split(ESCAPE)) {
    const found = pattern.exec(answer);
    if (found !== null) return found[1];
  }
  return undefined;
}
