/** `larmor phantom …` */
import { info } from '../common/log.ts';
import { openPhantom } from '../phantom/open.ts';
import { writePhantom } from '../phantom/write.ts';
import { splitSettings } from './settings.ts';

export async function makePhantom(name: string, options: { output: string; set: readonly string[] }): Promise<void> {
  const source = await openPhantom(name, splitSettings(options.set, { phantom: name }).phantom);
  try {
    await writePhantom(options.output, source);
  } finally {
    source.close();
  }
  info(`wrote ${options.output}: ${source.spinCount} spins`);
}
