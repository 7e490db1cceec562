/**
 * Where the sums of passes are kept: in the folder of --checkpoint, else beside the output in a
 * folder that ends with the run.
 */
import { closeSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { cannotWrite } from '../base/errors.ts';
import { removeFile } from '../base/files.ts';
import { STREAM } from '../raw/index.ts';
import { openSums } from '../run/checkpoint.ts';
import { bytesOfPasses, type CoilPass } from '../run/passes.ts';
import type { SumsFile } from '../run/sums.ts';
import type { RunOptions } from './run.ts';

/** Folder that keeps the sums of passes, and checkpoints. */
export interface Spool {
  /** Made when it is first asked for. */
  readonly folder: string;
  /** A pass is complete, its sums are in its file. */
  keep(pass: number): void;
  /** Opens the files of all passes. */
  open(passes: number): readonly SumsFile[];
  /** Removes it, unless it is that of --checkpoint. */
  remove(): void;
}

/**
 * @param left passes whose sums will be written
 * @throws LarmorError 73 if the disk has no room for them
 */
export function spoolFor(
  left: readonly CoilPass[],
  isNeeded: boolean,
  samples: number,
  { checkpoint, outputs }: Pick<RunOptions, 'checkpoint' | 'outputs'>,
): Spool | undefined {
  if (!isNeeded) return checkpoint === undefined ? undefined : checkpointFolder(checkpoint);
  const output = outputs.find((path) => path !== STREAM);
  const parent = checkpoint ?? (output === undefined ? tmpdir() : dirname(resolve(output)));
  const { bavail, bsize } = inFolder(parent, () => statfsSync(parent));
  const [needed, free] = [bytesOfPasses(left, samples), bavail * bsize];
  if (needed > free) {
    const gib = (bytes: number): string => `${(bytes / 2 ** 30).toPrecision(3)} GiB`;
    const coils = left[left.length - 1].first + left[0].coils - left[0].first;
    const what = `the sums of ${coils} coils and ${samples} samples take ${gib(needed)}, ${gib(free)} are free`;
    throw cannotWrite(parent, what, 'name a folder on a larger disk with --checkpoint, or fewer coils');
  }
  return checkpoint === undefined ? temporarySpool(parent) : checkpointFolder(checkpoint);
}

const checkpointFolder = (folder: string): Spool => ({
  folder,
  keep: () => {},
  open: (passes) => Array.from({ length: passes }, (_, pass) => openSums(folder, pass)),
  remove: () => {},
});

/**
 * Its files have no name once they are complete, so that a killed job does not leave gigabytes.
 */
function temporarySpool(parent: string): Spool {
  let made: string | undefined;
  let files: SumsFile[] = [];
  return {
    get folder() {
      made ??= inFolder(parent, () => mkdtempSync(join(parent, '.larmor-sums-')));
      return made;
    },
    keep(pass) {
      const file = openSums(this.folder, pass);
      files.push(file);
      removeFile(file.path);
    },
    open() {
      const all = files;
      files = [];
      return all;
    },
    remove() {
      for (const { fd } of files) closeSync(fd);
      if (made !== undefined) rmSync(made, { recursive: true, force: true });
    },
  };
}

/** @throws LarmorError 73 if a step fails */
function inFolder<T>(folder: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw cannotWrite(folder, (error as Error).message, 'name a folder for the sums of passes with --checkpoint');
  }
}
