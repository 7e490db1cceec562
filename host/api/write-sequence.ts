/** Sequences as files: Pulseq, JSON or MATLAB by the ending of the name. */
import { usage } from '../base/errors.ts';
import { createOutput } from '../base/files.ts';
import type { Hertz } from '../base/units.ts';
import { requireSound } from '../sequence/block-checks.ts';
import { sequenceJson } from '../sequence/export-json.ts';
import { sequenceMat } from '../sequence/export-mat.ts';
import { writePulseq } from '../sequence/pulseq/write.ts';
import type { Sequence } from '../sequence/types.ts';

/** @throws LarmorError 2 unless a sequence can be written to a file of this name */
export function requireSequenceName(output: string): void {
  if (output === '-') throw usage('-o -: a sequence cannot be written to standard output', 'give a file name');
  if (!/\.(seq|json|mat)$/i.test(output))
    throw usage(`${output}: not a sequence format that can be written`, 'end it in .seq (Pulseq), .json or .mat');
}

export const isPulseqName = (path: string): boolean => path.toLowerCase().endsWith('.seq');

/**
 * To the file of this name.
 * @throws LarmorError 65 for what no reader would take, 73
 */
export function writeSequenceFile(path: string, sequence: Sequence, gammaBar: Hertz): void {
  requireSound(sequence);
  if (isPulseqName(path)) {
    writePulseq(path, sequence, gammaBar);
    return;
  }
  const pieces = path.toLowerCase().endsWith('.mat') ? sequenceMat(path, sequence) : sequenceJson(sequence);
  const file = createOutput(path);
  try {
    for (const piece of pieces) file.write(Buffer.from(piece));
    file.commit();
  } finally {
    file.abandon();
  }
}
