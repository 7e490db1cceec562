/**
 * Writes figures to files, by extension: `.svg` with text as text, `.png` of 1500 pixels across.
 */
import { usage } from '../base/errors.ts';
import { createOutput, writeOutput } from '../base/files.ts';
import { svgText } from './svg.ts';
import type { Figure } from './types.ts';

type FigureWriter = (path: string, figure: Figure) => Promise<void>;

const WRITERS: Readonly<Record<string, FigureWriter>> = {
  '.svg': async (path, figure) => writeOutput(path, Buffer.from(svgText(figure))),
  '.png': async (path, figure) => writeOutput(path, await (await import('./png.ts')).pngBytes(figure)),
};

/**
 * Checks that a figure can be written there before it is drawn.
 * @throws LarmorError 2 for an unknown extension, 73
 */
export function requireWritable(path: string): void {
  if (path === '-') throw usage('-o -: a figure cannot be written to standard output', 'give a file name');
  writerOf(path);
  createOutput(path).abandon();
}

function writerOf(path: string): FigureWriter {
  const ending = Object.keys(WRITERS).find((name) => path.toLowerCase().endsWith(name));
  if (ending === undefined) throw usage(`${path}: not a format of figures`, 'end it in .svg or .png');
  return WRITERS[ending];
}

/** @throws LarmorError 2 for an unknown extension, 73 if it cannot be written */
export async function writeFigure(path: string, figure: Figure): Promise<void> {
  await writerOf(path)(path, figure);
}
