/**
 * The `sh` blocks of a page of Markdown, run one after the other in a folder as its reader would.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { labelImage } from './label-image.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const command = join(root, 'dist', 'larmor.js');

export const commandBlocks = (markdown: string): string[] =>
  [...markdown.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block]) => block);

/** @returns the PATH with `larmor` on it, as an installation would put it into a folder */
export function pathWithLarmor(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'larmor');
  writeFileSync(path, `#!/bin/sh\nexec "${process.execPath}" "${command}" "$@"\n`);
  chmodSync(path, 0o755);
  return `${folder}${delimiter}${process.env.PATH}`;
}

/**
 * Runs blocks in a folder that has the reader's `brain.nii.gz` and the package `larmor`; the first
 * that fails ends them. Without an MPI that Larmor was built for, blocks with `mpirun` are left
 * out.
 */
export function runBlocks(blocks: readonly string[], folder: string): { status: number | null; stderr: string } {
  writeFileSync(join(folder, 'brain.nii.gz'), labelImage());
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'larmor'));
  const hasMpi = spawnSync('mpirun', ['--version']).status === 0 && readdirSync(join(root, 'dist', 'mpi')).length > 0;
  const runnable = blocks.filter((block) => hasMpi || !block.includes('mpirun'));
  return spawnSync('bash', ['-e', '-c', runnable.join('\n')], {
    cwd: folder,
    encoding: 'utf8',
    // Open MPI's mpirun refuses root, which containers are, unless told twice.
    env: {
      ...process.env,
      PATH: pathWithLarmor(join(folder, 'bin')),
      OMPI_ALLOW_RUN_AS_ROOT: '1',
      OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
      OMPI_MCA_rmaps_base_oversubscribe: '1',
    },
  });
}
