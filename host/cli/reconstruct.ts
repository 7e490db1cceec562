/** `larmor reconstruct`: raw data → image. */
import { info } from '../common/log.ts';
import { readRaw } from '../raw/index.ts';
import { imageWriterFor, writeImage } from '../recon/files.ts';
import { reconstruct } from '../recon/reconstruct.ts';

export async function reconstructFile(path: string, options: { output?: readonly string[] }): Promise<void> {
  const outputs = options.output ?? ['image.png'];
  for (const output of outputs) imageWriterFor(output);
  const image = reconstruct(await readRaw(path));
  for (const output of outputs) {
    writeImage(output, image);
    info(`wrote ${output}`);
  }
}
