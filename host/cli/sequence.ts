/** `larmor sequence …` */
import { createOutput } from '../common/files.ts';
import { info } from '../common/log.ts';
import { waveformsJson } from '../sequence/export-waveforms.ts';
import { openScanner, openSequence } from './inputs.ts';
import { splitSettings } from './settings.ts';

export async function writeWaveforms(
  name: string,
  options: { output: string; scanner?: string; set: readonly string[] },
): Promise<void> {
  const scanner = openScanner(options.scanner);
  const sequence = openSequence(name, splitSettings(options.set, { sequence: name }).sequence, scanner);
  // Offsets in ppm mean nothing without a field: they are added when a scanner says which.
  const field = options.scanner === undefined ? {} : { B0: scanner.B0 };
  const file = createOutput(options.output);
  try {
    for (const text of waveformsJson(sequence, field)) file.write(Buffer.from(text));
    file.commit();
  } finally {
    file.abandon();
  }
  info(`wrote ${options.output}`);
}
