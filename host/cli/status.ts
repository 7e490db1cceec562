/**
 * `larmor status`: progress of the run whose checkpoint is in a folder. A job script decides by it
 * whether to resume.
 */
import { statSync } from 'node:fs';
import { badInput, EXIT, type ExitCode, missingInput } from '../base/errors.ts';
import { print } from '../base/log.ts';
import { inspectCheckpoint, isIntact, readCompletion } from '../run/checkpoint.ts';
import { rangesOf } from '../run/checkpoint-header.ts';
import { countTiles } from '../run/tiles.ts';
import { printJson } from './output.ts';

interface Status {
  /** A complete run: all tiles are done, and the outputs are where the run wrote them. */
  readonly complete: boolean;
  readonly done: number;
  readonly total: number;
  /** Sequence and phantom. */
  readonly title: string;
  readonly planHash: string;
  /** Outputs of a finished run that no longer exist: --resume writes them again. */
  readonly lost: readonly string[];
}

/**
 * @returns 0 if the run is complete, 75 if --resume has something to do
 * @throws LarmorError 66 if there is no such folder, 65 if it holds no checkpoint or a damaged one
 */
export function status(folder: string, { json }: { json?: boolean }): ExitCode {
  const found = statusOf(folder);
  if (json) printJson('status', { ...found });
  else print(`${line(found)}\n`);
  return found.complete ? EXIT.done : EXIT.stopped;
}

function statusOf(folder: string): Status {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw missingInput(folder, 'no such folder', 'give the folder of --checkpoint');
  const completion = readCompletion(folder);
  if (completion !== undefined) {
    const { planHash, title, tiles } = completion;
    const lost = completion.outputs.filter((file) => !isIntact(file, false)).map(({ path }) => path);
    return { complete: lost.length === 0, done: tiles, total: tiles, title, planHash, lost };
  }
  const header = inspectCheckpoint(folder)?.header;
  if (header === undefined) throw badInput(folder, 'holds no checkpoint', 'give the folder of --checkpoint');
  const { hash: planHash, tileCount } = header.plan;
  const { title, passes = 1 } = header;
  const later = Array.from({ length: passes - 1 }, (_, n) => inspectCheckpoint(folder, n + 1)?.header);
  const done = [header, ...later].reduce((sum, one) => sum + (one === undefined ? 0 : countTiles(rangesOf(one))), 0);
  return { complete: false, done, total: tileCount * passes, title, planHash, lost: [] };
}

/** Begins with the number of tiles done, for scripts. */
function line({ complete, done, total, title, lost }: Status): string {
  const share = Math.floor((100 * done) / total);
  const state = complete ? 'complete' : lost.length > 0 ? `complete, but lost: ${lost.join(', ')}` : 'not complete';
  return `${done} of ${total} tiles, ${share} %, ${title}: ${state}`;
}
