/**
 * The image of a run that is not finished, out of its checkpoint. The checkpoint says by which
 * command and in which folder the run was started, so its sequence is opened again and the sums so
 * far become raw data and a report as those of a finished run do. The folder is only read: neither
 * its lock nor its files are touched.
 */
import { type Stats, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { chdir } from 'node:process';
import { Command, CommanderError } from 'commander';
import { type Job, openJob } from '../api/job.ts';
import { partialReport } from '../api/partial.ts';
import { badInput, LarmorError, missingInput } from '../base/errors.ts';
import { soloCluster } from '../comm/solo.ts';
import { encodeReport, reportHtml } from '../html/document.ts';
import { channelsOf } from '../phantom/types.ts';
import { inspectCheckpoint, readCompletion, requireSameScan } from '../run/checkpoint.ts';
import { type Header, rangesOf } from '../run/checkpoint-header.ts';
import { countTiles } from '../run/tiles.ts';
import { declareSimulate } from './declare-runs.ts';
import { type JobCommandOptions, requestOf } from './request.ts';
import type { PartialState, Served } from './serve.ts';

/**
 * @param name the folder of --checkpoint
 * @throws LarmorError 66 if there is no such folder, 65 if it holds no checkpoint, a damaged one,
 *   or one whose sequence and phantom are not there any more
 */
export async function checkpointPage(name: string): Promise<Served> {
  // Names in the command are relative to the folder of the run.
  const folder = resolve(name);
  const path = join(folder, 'checkpoint.larmor');
  // Before it is read: the run may replace it while its sequence is opened.
  const of = fingerprint(path);
  const found = inspectCheckpoint(name);
  if (found === undefined)
    throw badInput(name, 'holds no checkpoint', 'give the folder of --checkpoint, once its run has written one');
  if (found.header.passes !== undefined) {
    const what = 'holds some of the coils of a run in several passes';
    throw badInput(path, what, 'wait for the end of the run and view its raw data');
  }
  const job = await jobOf(found.header, path);
  const { tileCount: total } = found.header.plan;

  let shown = { of, ...state(found.header) };
  let report = partialReport(job, found.sums, shown.done, total);
  const refresh = (): void => {
    const now = fingerprint(path);
    if (now === undefined || now === shown.of) return;
    // A checkpoint is replaced as a whole, so what is read is one or the other.
    const next = inspectCheckpoint(folder);
    if (next === undefined) return;
    requireSameScan(path, next.header, job.plan, sizeOf(job));
    shown = { of: now, ...state(next.header) };
    report = partialReport(job, next.sums, shown.done, total);
  };
  return {
    html: () => reportHtml({ ...report, partial: { done: shown.done, total } }),
    partial(known): PartialState {
      refresh();
      const { done } = shown;
      const isComplete = done === total || readCompletion(folder)?.planHash === job.plan.hash;
      return {
        ...{ done, total, isComplete },
        ...(known !== done && { data: encodeReport(report).toString('base64') }),
      };
    },
  };
}

const state = (header: Header): { readonly done: number } => ({ done: countTiles(rangesOf(header)) });

const sizeOf = ({ phantom, timelines }: Job) => ({
  ...{ pass: 0, passes: 1 },
  ...{ coils: channelsOf(phantom), samples: timelines[0].sampleCount },
});

/** Changes with the file; undefined: it is not there. */
function fingerprint(path: string): string | undefined {
  const stat: Stats | undefined = statSync(path, { throwIfNoEntry: false });
  return stat && `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
}

/** The job of the run that wrote a checkpoint. */
async function jobOf(header: Header, path: string): Promise<Job> {
  const { command } = header;
  if (command === undefined)
    throw badInput(path, 'does not say by which command it was made', 'view that of larmor simulate, of this version');
  const { sequence, phantom, options } = await parsed(command.words, path);
  try {
    chdir(command.folder);
  } catch (error) {
    throw missingInput(command.folder, (error as Error).message, `${path} names files in this folder`);
  }
  const ask = () => requestOf(sequence, phantom, options);
  const job = await openJob(soloCluster(), ask, { ...options, engine: 'wasm', threads: 1 });
  try {
    requireSameScan(path, header, job.plan, sizeOf(job));
    return job;
  } finally {
    job.phantom.close();
  }
}

interface Simulated {
  readonly sequence: string;
  readonly phantom: string;
  readonly options: JobCommandOptions;
}

/** Arguments of `larmor simulate`, which is not carried out. */
async function parsed(words: readonly string[], path: string): Promise<Simulated> {
  const program = new Command('larmor');
  declareSimulate(program);
  let found: Simulated | undefined;
  for (const command of [program, ...program.commands])
    command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
  program.commands
    .find((command) => command.name() === 'simulate')!
    .action((sequence: string, phantom: string, options: JobCommandOptions) => {
      found = { sequence, phantom, options };
    });
  try {
    if (words[0] === 'simulate') await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError || error instanceof LarmorError)) throw error;
  }
  if (found === undefined)
    throw badInput(path, `was made by 'larmor ${words.join(' ')}'`, 'only runs of larmor simulate can be viewed');
  return found;
}
