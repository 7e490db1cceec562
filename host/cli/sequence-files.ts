/**
 * `larmor sequence make` and `larmor sequence convert`: sequences as Pulseq files, version 1.5.1,
 * as JSON or for MATLAB.
 */
import { existsSync } from 'node:fs';
import { requireKind } from '../api/names.ts';
import { openSequence, reportFindings } from '../api/sequence.ts';
import { isPulseqName, requireSequenceName, writeSequenceFile } from '../api/write-sequence.ts';
import { usage } from '../base/errors.ts';
import { info, warnings } from '../base/log.ts';
import { formatQuantity } from '../base/quantities.ts';
import { builtinSequences } from '../sequence/builtin/index.ts';
import { WRITTEN_VERSION } from '../sequence/pulseq/write.ts';
import { printJson } from './output.ts';
import { openScanner } from './scanner.ts';
import { splitSettings } from './settings.ts';

export interface SequenceFileOptions {
  readonly output: string;
  readonly scanner?: string;
  readonly set?: readonly string[];
  readonly strict?: boolean;
  readonly json?: boolean;
}

/** A built-in sequence to a file. */
export function makeSequence(name: string, options: SequenceFileOptions): void {
  requireSequenceName(options.output);
  requireKind(name, 'sequence');
  if (!builtinSequences.has(name) && existsSync(name))
    throw usage(`${name} is a file, not a built-in sequence`, `larmor sequence convert ${name} -o FILE.seq writes it`);
  write('sequence-make', name, options);
}

/** A file of any version to one of the newest. */
export function convertSequence(name: string, options: SequenceFileOptions): void {
  requireSequenceName(options.output);
  if (builtinSequences.has(name))
    throw usage(`${name} is a built-in sequence, not a file`, `larmor sequence make ${name} -o FILE.seq writes it`);
  write('sequence-convert', name, options);
}

function write(
  schema: string,
  name: string,
  { output, scanner: scannerFile, set = [], strict = false, json }: SequenceFileOptions,
): void {
  const scanner = openScanner({ scanner: scannerFile });
  const sequence = openSequence(name, splitSettings(set, { sequence: name }).sequence, scanner);
  reportFindings(sequence, scanner, strict);
  writeSequenceFile(output, sequence, scanner.gammaBar);
  const { version: from = null, blockCount: blocks, duration } = sequence;
  if (json) {
    const written = {
      name: sequence.name,
      from,
      version: isPulseqName(output) ? WRITTEN_VERSION : null,
      blocks,
      duration,
    };
    printJson(schema, { sequence: written, outputs: [output], warnings: warnings() });
  } else info(`wrote ${output}: ${blocks} blocks, ${formatQuantity(duration, 's')}`);
}
