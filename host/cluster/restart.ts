/**
 * What a run begins with: nothing, or what an earlier one kept in its checkpoint folder. The rules in one place: an unfinished
 * run is never overwritten unasked, nothing foreign or damaged is used, and a run that is complete is not done again.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { usage } from '../common/errors.ts';
import { info } from '../common/log.ts';
import {
  type Completion,
  hasCheckpoint,
  prepareDirectory,
  readCheckpoint,
  readCompletion,
  removeCompletion,
} from './checkpoint.ts';
import type { Plan } from './plan.ts';
import { countTiles, type TileRange } from './tiles.ts';

export interface CheckpointOptions {
  /** Folder. */
  readonly checkpoint?: string;
  /** Seconds between checkpoints. */
  readonly checkpointInterval: number;
  readonly resume?: boolean;
}

export interface Start {
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
 * Rank 0's look into the folder.
 * @param values numbers that the sums hold
 * @throws LarmorError 2 if an unfinished run lies there and --resume was not given; 65 for a checkpoint that is not this run's;
 *   73 if the folder cannot be written to
 */
export function findStart(
  { checkpoint: directory, resume }: CheckpointOptions,
  plan: Plan,
  values: number,
  outputs: readonly string[],
): Start {
  if (directory === undefined) return { done: [] };
  prepareDirectory(directory);
  if (!resume) {
    if (hasCheckpoint(directory)) {
      throw usage(
        `--checkpoint ${directory} holds the checkpoint of an unfinished run`,
        'add --resume to go on with it, or name another folder',
      );
    }
    removeCompletion(directory);
    return { done: [] };
  }
  const completion = readCompletion(directory);
  if (completion?.planHash === plan.hash && outputs.every((path) => isWritten(path, completion))) {
    return { done: [], completion };
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

function isWritten(path: string, { outputs }: Completion): boolean {
  return outputs.includes(resolve(path)) && existsSync(path);
}
