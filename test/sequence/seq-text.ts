/**
 * Small `.seq` files as text, for tests that need one of a certain kind or with a certain fault.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../testing/temporary.ts';

const VERSION_15 = '[VERSION]\nmajor 1\nminor 5\nrevision 1\n';

/** A version 1.5.1 file with one of everything, in sections that tests replace or leave out. */
export const COMPLETE: Readonly<Record<string, string>> = {
  version: VERSION_15,
  definitions:
    '[DEFINITIONS]\nBlockDurationRaster 1e-05\nGradientRasterTime 1e-05\nRadiofrequencyRasterTime 1e-06\nAdcRasterTime 1e-07\n',
  blocks: '[BLOCKS]\n1 100 1 0 0 1 0 0\n2 100 0 2 3 0 1 1\n',
  rf: '[RF]\n1 2500 1 2 0 50 100 -3.35 0.5 120 0.25 e\n',
  gradients: '[GRADIENTS]\n2 100000 0 5000 3 0 0\n3 -50000 0 0 3 4 10\n',
  trap: '[TRAP]\n1 200000 100 300 100 0\n',
  adc: '[ADC]\n1 8 25000 20 0.5 0.25 10 0.1 5\n',
  extensions: '[EXTENSIONS]\n1 1 1 0\nextension LABELSET 1\n1 3 LIN\n',
  shapes: [
    '[SHAPES]',
    'shape_id 1\nnum_samples 100\n1\n0\n0\n97\n',
    'shape_id 2\nnum_samples 100\n0\n0\n98\n',
    'shape_id 3\nnum_samples 4\n0\n1\n0.5\n0.25\n',
    'shape_id 4\nnum_samples 4\n0\n3\n5\n8\n',
    'shape_id 5\nnum_samples 8\n0\n0.5\n0.5\n5\n',
  ].join('\n'),
};

/** `COMPLETE` with some sections replaced; an empty one is left out. */
export function seqText(changes: Readonly<Record<string, string>> = {}): string {
  return Object.values({ ...COMPLETE, ...changes })
    .filter((section) => section !== '')
    .join('\n');
}

/** Function that writes text under a name in a folder that goes away after the tests. */
export function seqFolder(): (text: string, name?: string) => string {
  const folder = temporaryFolder();
  return (text, name = 'a.seq') => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
}
