/** `larmor reconstruct`: raw data → image. */

import { requireKind } from '../api/names.ts';
import { info, warnings } from '../base/log.ts';
import { readRaw } from '../raw/index.ts';
import { imageWriterFor, writeImage } from '../recon/files.ts';
import type { Part } from '../recon/image.ts';
import { reconstruct } from '../recon/reconstruct.ts';
import { imageFacts } from '../report/facts.ts';
import { printJson } from './output.ts';

export interface ReconstructOptions {
  readonly output?: readonly string[];
  readonly maxPixels?: number;
  readonly part?: Part;
  readonly json?: boolean;
}

export async function reconstructFile(
  path: string,
  { output, maxPixels, part, json }: ReconstructOptions,
): Promise<void> {
  const outputs = output ?? ['image.png'];
  for (const name of outputs) imageWriterFor(name);
  // A .mat may be a phantom or raw data: the reader of raw data gives the better message.
  requireKind(path, 'raw data');
  const each = part === 'coils';
  const image = reconstruct(await readRaw(path), { each, ...(maxPixels === undefined ? {} : { maxPixels }) });
  for (const name of outputs) {
    writeImage(name, image, part);
    if (!json) info(`wrote ${name}`);
  }
  if (json) printJson('reconstruct', { raw: path, image: imageFacts(image), outputs, warnings: warnings() });
}
