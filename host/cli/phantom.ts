/** `larmor phantom …` */

import { requireKind } from '../api/names.ts';
import { usage } from '../base/errors.ts';
import { info, warn, warnings } from '../base/log.ts';
import { withMotions } from '../phantom/motion/file.ts';
import { openPhantom } from '../phantom/open.ts';
import { writePhantom } from '../phantom/write.ts';
import { phantomFacts } from '../report/facts.ts';
import { printJson } from './output.ts';
import { splitSettings } from './settings.ts';

export interface MakeOptions {
  readonly output: string;
  readonly set?: readonly string[];
  /** File of motions that are added to the phantom's own. */
  readonly motion?: string;
  readonly json?: boolean;
}

export async function makePhantom(name: string, { output, set = [], motion, json }: MakeOptions): Promise<void> {
  if (output === '-') throw usage('-o -: a phantom cannot be written to standard output', 'give a file name');
  if (!output.toLowerCase().endsWith('.phantom'))
    throw usage(`${output}: not a phantom format that can be written`, 'end it in .phantom (KomaMRI)');
  requireKind(name, 'phantom');
  const settings = splitSettings(set, { phantom: name }).phantom;
  // T2* is written as it is.
  const source = withMotions(await openPhantom(name, settings, { usesT2s: true }), motion);
  if (source.transmit !== undefined)
    warn(`${output}: a .phantom holds no B1+, so that of ${name} is left out; give a map with --b1-map to simulate`);
  try {
    await writePhantom(output, source);
  } finally {
    source.close();
  }
  if (json) {
    const phantom = { name: source.name, ...phantomFacts(source) };
    printJson('phantom-make', { phantom, outputs: [output], warnings: warnings() });
  } else info(`wrote ${output}: ${source.spinCount} spins`);
}
