/**
 * What a run begins with: nothing, or what an earlier one kept in its checkpoint folder. The rules in one place: an unfinished
 * run is never overwritten unasked, nothing foreign or damaged is used, and a run that is complete is not done again.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { usage } from '../common/errors.ts';
import { info } from '../common/log.ts';
import {
  hasCheckpoint,
  isIntact,
  prepareDirectory,
  readCheckpoint,
  readCompletion,
  removeCompletion,
  removeFinished,
} from './checkpoint.ts';
import type { Completion } from './checkpoint-header.ts';
import type { Plan } from './plan.ts';
import { countTiles, type TileRange } from './tiles.ts';

export interface CheckpointOptions {
  /** Folder. */
  readonly checkpoint?: string;
  /** Seconds between checkpoints. */
  readonly checkpointInterval: number;
  readonly resume?: boolean;
}

export interface ResumePoint {
  readonly done: readonly TileRange[];
  readonly sums?: BigInt64Array;
  /** Set if there is nothing to do: an earlier run has written all that is asked for. */
  readonly completion?: Completion;
}

/** @throws LarmorError 2 if options that need each other are not together */
export function checkCheckpointOptions({ checkpoint, resume }: CheckpointOptions): void {
  if (resume && checkpoint === undefined)
    throw usage('--resume needs --checkpoint', 'name the folder the run kept its checkpoint in');
}

/**
 * Rank 0's look into the folder, which it has locked.
 * @param values numbers that the sums hold
 * @param outputs that the run is to write, each with all files it may consist of, the one it is named by first
 * @throws LarmorError 2 if an unfinished run lies there and --resume was not given; 65 for a checkpoint that is not this run's;
 *   73 if the folder cannot be written to
 */
export function findResumePoint(
  { checkpoint: directory, resume }: CheckpointOptions,
  plan: Plan,
  values: number,
  outputs: readonly (readonly string[])[],
): ResumePoint {
  if (directory === undefined) return { done: [] };
  prepareDirectory(directory);
  const completion = readCompletion(directory);
  if (!resume) {
    if (completion === undefined && hasCheckpoint(directory)) {
      throw usage(
        `--checkpoint ${directory} holds the checkpoint of an unfinished run`,
        'add --resume to go on with it, or name another folder',
      );
    }
    removeFinished(directory);
    return { done: [] };
  }
  if (completion?.planHash === plan.hash) {
    const lost = outputs.flatMap((files) => whatIsLost(files, completion) ?? []);
    if (lost.length === 0) return { done: [], completion };
    for (const what of lost) info(`--resume: the run was complete, but ${what}; writing it again`);
  }
  const found = readCheckpoint(directory, plan, values);
  removeCompletion(directory);
  if (found === undefined) {
    info(`--resume: ${directory} holds no checkpoint; starting from the beginning`);
    return { done: [] };
  }
  info(`--resume: ${countTiles(found.done)} of ${plan.tileCount} tiles were done before`);
  return found;
}

/** What is wrong with an output of a finished run; undefined if it is as it was written. */
function whatIsLost(files: readonly string[], { outputs }: Completion): string | undefined {
  const records = files.map((path) => outputs.find((file) => file.path === resolve(path)));
  if (records[0] === undefined) return `${files[0]} was not among its outputs`;
  const odd = files.find((_, n) => records[n] !== undefined && !isIntact(records[n], true));
  return odd === undefined ? undefined : `${odd} ${existsSync(odd) ? 'is not what it wrote' : 'is missing'}`;
}
