/**
 * Starting point of a run: nothing, or what an earlier run left in its checkpoint folder. An
 * unfinished run is overwritten only on request, foreign or damaged checkpoints are refused, and a
 * complete run is not repeated.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { usage } from '../base/errors.ts';
import { info } from '../base/log.ts';
import {
  hasCheckpoint,
  isIntact,
  prepareDirectory,
  readCheckpoint,
  readCompletion,
  removeCompletion,
  removeFinished,
  type SumsSize,
} from './checkpoint.ts';
import type { Completion } from './checkpoint-header.ts';
import type { Plan } from './plan.ts';
import { countTiles, type TileRange } from './tiles.ts';

export interface CheckpointOptions {
  /** Folder. */
  readonly checkpoint?: string;
  /** Seconds between checkpoints. */
  readonly checkpointInterval?: number;
  readonly resume?: boolean;
}

export interface ResumePoint {
  /** The pass to go on with; those before it are complete. */
  readonly pass: number;
  /** Tiles that it has done. */
  readonly done: readonly TileRange[];
  readonly sums?: BigInt64Array;
  /** Set if there is nothing to do: an earlier run has written all outputs. */
  readonly completion?: Completion;
}

/** @throws LarmorError 2 if an option is given without the one it needs */
export function checkCheckpointOptions({ checkpoint, resume }: CheckpointOptions): void {
  if (resume && checkpoint === undefined)
    throw usage('--resume needs --checkpoint', 'name the folder that holds the checkpoint of the run');
}

/**
 * Reads the folder, which rank 0 has locked.
 * @param sizes of the sums of each pass
 * @param outputs files that the run is to write: for each output all files it may consist of, the
 *   one given to -o first; none of a stream
 * @param noise that the outputs are to hold, as text
 * @throws LarmorError 2 if the folder holds an unfinished run and --resume was not given; 65 for
 *   the checkpoint of another run; 73 if the folder is not writable
 */
export function findResumePoint(
  { checkpoint: directory, resume }: CheckpointOptions,
  plan: Plan,
  sizes: readonly SumsSize[],
  outputs: readonly (readonly string[])[],
  noise: string,
): ResumePoint {
  if (directory === undefined) return { pass: 0, done: [] };
  prepareDirectory(directory);
  const completion = readCompletion(directory);
  if (!resume) {
    if (completion === undefined && hasCheckpoint(directory)) {
      throw usage(
        `--checkpoint ${directory} holds the checkpoint of an unfinished run`,
        'add --resume to continue it, or name another folder',
      );
    }
    removeFinished(directory);
    return { pass: 0, done: [] };
  }
  if (completion?.planHash === plan.hash) {
    const lost = outputs.flatMap((files) => whatIsLost(files, completion) ?? []);
    if (noise !== completion.noise) lost.push('with other noise');
    if (lost.length === 0) return { pass: 0, done: [], completion };
    for (const what of lost) info(`--resume: the run was complete, but ${what}; writing it again`);
  }
  const found = readPasses(directory, plan, sizes);
  removeCompletion(directory);
  if (found === undefined) {
    info(`--resume: ${directory} holds no checkpoint; starting from the beginning`);
    return { pass: 0, done: [] };
  }
  const ofPass = sizes.length > 1 ? ` in pass ${found.pass + 1} of ${sizes.length}` : '';
  info(`--resume: ${countTiles(found.done)} of ${plan.tileCount} tiles were done before${ofPass}`);
  return found;
}

/** The first pass that is not complete, or else the last one; undefined if none was begun. */
function readPasses(directory: string, plan: Plan, sizes: readonly SumsSize[]): ResumePoint | undefined {
  for (const size of sizes) {
    const { pass } = size;
    const found = readCheckpoint(directory, plan, size);
    if (found === undefined) return pass === 0 ? undefined : { pass, done: [] };
    if (pass === sizes.length - 1 || countTiles(found.done) < plan.tileCount) return { pass, ...found };
  }
  return undefined;
}

/** What is wrong with an output of a finished run; undefined if it is unchanged. */
function whatIsLost(files: readonly string[], { outputs }: Completion): string | undefined {
  if (files.length === 0) return 'a stream is not kept';
  const records = files.map((path) => outputs.find((file) => file.path === resolve(path)));
  if (records[0] === undefined) return `${files[0]} was not among its outputs`;
  const odd = files.find((_, n) => records[n] !== undefined && !isIntact(records[n], true));
  return odd === undefined ? undefined : `${odd} ${existsSync(odd) ? 'is not what it wrote' : 'is missing'}`;
}
