/** `larmor sequence …` */

import { openSequence } from '../api/sequence.ts';
import { usage } from '../base/errors.ts';
import { createOutput } from '../base/files.ts';
import { info, print, requireStdout, warnings } from '../base/log.ts';
import { waveformsJson } from '../sequence/export-waveforms.ts';
import { printJson } from './output.ts';
import { openScanner } from './scanner.ts';
import { splitSettings } from './settings.ts';

export interface WaveformOptions {
  readonly output: string;
  readonly scanner?: string;
  readonly set?: readonly string[];
  readonly json?: boolean;
}

/** The waveforms to a file, or to standard output as `-`. */
export async function writeWaveforms(
  name: string,
  { output, set = [], json, ...options }: WaveformOptions,
): Promise<void> {
  const toStdout = output === '-';
  if (toStdout && json) throw usage('--json and -o - both write to standard output', 'use one of them');
  if (!toStdout && !output.toLowerCase().endsWith('.json'))
    throw usage(`${output}: waveforms are written as JSON`, 'end it in .json, or give - for standard output');
  if (toStdout) requireStdout();
  const scanner = openScanner(options);
  const sequence = openSequence(name, splitSettings(set, { sequence: name }).sequence, scanner);
  // Offsets in ppm need a field: they are added when a scanner file gives one.
  const field = options.scanner === undefined ? {} : { larmor: scanner.gammaBar * scanner.B0 };
  if (toStdout) {
    for (const text of waveformsJson(sequence, field)) print(text);
    return;
  }
  const file = createOutput(output);
  try {
    for (const text of waveformsJson(sequence, field)) file.write(Buffer.from(text));
    file.commit();
  } finally {
    file.abandon();
  }
  if (json) printJson('sequence-waveforms', { sequence: sequence.name, outputs: [output], warnings: warnings() });
  else info(`wrote ${output}`);
}
