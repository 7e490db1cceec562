/** `larmor simulate`: sequence + phantom → raw data, on all ranks that the launcher started. */

import { isatty } from 'node:tty';
import { DEFAULT_CHECKPOINT_INTERVAL } from '../api/defaults.ts';
import { type Job, openJob } from '../api/job.ts';
import { magnetizationFile } from '../api/magnetization.ts';
import { noiseText, runJob } from '../api/run.ts';
import { usage } from '../base/errors.ts';
import { info, warn } from '../base/log.ts';
import { trapStops } from '../base/signals.ts';
import { agree } from '../comm/agree.ts';
import { hasLauncher, joinCluster } from '../comm/ranks.ts';
import type { NoiseRequest } from '../model/noise.ts';
import { rawWriterFor, STREAM } from '../raw/index.ts';
import { summaryLines } from '../report/summary.ts';
import { type RankOptions, requireSameOptions } from '../run/compare.ts';
import { type CheckpointOptions, checkCheckpointOptions } from '../run/resume.ts';
import type { Schedule } from '../run/scheduler.ts';
import { inertOptions } from './inert-options.ts';
import { printJson } from './output.ts';
import { showProgress } from './progress.ts';
import { type JobCommandOptions, requestOf } from './request.ts';
import { coilsFile } from './scanner.ts';

export interface SimulateOptions extends JobCommandOptions, CheckpointOptions {
  readonly output?: readonly string[];
  /** A web page of the run. */
  readonly report?: string;
  readonly schedule: Schedule;
  readonly verify?: boolean;
  readonly noise?: { readonly sigma: number; readonly atDwell?: number };
  readonly snr?: number;
  /** Seed of the noise; default 1. */
  readonly seed?: number;
  /** Seconds without a heartbeat after which a rank counts as lost. */
  readonly watchdog: number;
}

export async function simulate(sequence: string, phantom: string, options: SimulateOptions): Promise<void> {
  const begun = performance.now();
  const stop = trapStops();
  const cluster = await joinCluster(options.watchdog);
  try {
    const { output: asked = ['raw.mrd'], magnetization, json = false, quiet = false } = options;
    const noise = noiseRequest(options);
    const check = (): RankOptions => {
      for (const path of asked) rawWriterFor(path);
      checkStream(asked, json);
      checkCheckpointOptions(options);
      checkMagnetization(options);
      return rankOptions(options, asked);
    };
    await agree(cluster, 'options', check, (all) => requireSameOptions(cluster, all));
    const job = await openJob(cluster, () => requestOf(sequence, phantom, options), options);
    if (cluster.rank === 0)
      for (const text of inertOptions(options, coilsFile(options), job.scanner.receive, isTimed(job))) warn(text);
    await runJob(cluster, stop, job, {
      ...options,
      outputs: job.timelines[0].sampleCount === 0 && options.output === undefined ? [] : asked,
      reportFile: options.report,
      verify: options.verify === true,
      noise,
      magnetization: magnetization === undefined ? undefined : magnetizationFile(magnetization),
      begun,
      command: ['larmor', ...process.argv.slice(2)],
      startedBy: { words: process.argv.slice(2), folder: process.cwd() },
      showProgress: (total, finished) => showProgress(total, finished, quiet),
      report(summary) {
        if (json) printJson('simulate', { ...summary });
        else for (const line of summaryLines(summary)) info(line);
      },
    });
  } catch (error) {
    await cluster.exitWith(error);
  }
  await cluster.finalize();
}

/** Whether anything in the phantom or the heart signal depends on the time since the start. */
const isTimed = ({ opened, sequence }: Job): boolean =>
  (opened.motions?.length ?? 0) > 0 || sequence.heart !== undefined;

function noiseRequest({ noise, snr, seed = 1 }: SimulateOptions): NoiseRequest | undefined {
  if (noise === undefined && snr === undefined) return undefined;
  return { ...noise, ...(snr === undefined ? {} : { snr }), seed };
}

/**
 * @throws LarmorError 2 if standard output would carry more than one stream, is a terminal, or is
 *   passed on by a launcher
 */
function checkStream(outputs: readonly string[], json: boolean): void {
  const streams = outputs.filter((path) => path === STREAM).length;
  if (streams > 0 && json) throw usage('--json and -o - both write to standard output', 'use one of them');
  if (streams > 0 && hasLauncher())
    throw usage(
      '-o -: an MPI launcher forwards standard output and may lose data',
      'write a file, or run one rank without the launcher',
    );
  if (streams > 0 && isatty(1))
    throw usage('-o -: standard output is a terminal', 'redirect it, or pipe it into a reconstruction');
  if (streams > 1) throw usage('-o - is given twice', 'give each output a file of its own');
}

/**
 * @throws LarmorError 2 for options with which the phantom's spins have no magnetisation of their
 *   own to write
 */
function checkMagnetization({ magnetization: path, checkpoint, t2prime }: SimulateOptions): void {
  if (path === undefined) return;
  if (!path.toLowerCase().endsWith('.npy'))
    throw usage(`--magnetization ${path}: only .npy can be written`, 'end the name in .npy');
  if (checkpoint !== undefined)
    throw usage('--magnetization is not saved in checkpoints', 'leave out --checkpoint or --magnetization');
  if (t2prime !== 'none')
    throw usage(`--magnetization and --t2prime ${t2prime} cannot be combined`, 'leave out one of the two');
}

/**
 * Options that must be the same on all ranks, by name. Everything that may change a bit of the
 * result is in the plan, and compared there.
 */
function rankOptions(options: SimulateOptions, outputs: readonly string[]): RankOptions {
  const { schedule, verify, checkpoint, checkpointInterval = DEFAULT_CHECKPOINT_INTERVAL, resume, watchdog } = options;
  return {
    '--schedule': schedule,
    '--verify': verify ?? false,
    '--checkpoint': checkpoint ?? 'none',
    '--checkpoint-interval': checkpointInterval,
    '--resume': resume ?? false,
    '--watchdog': watchdog,
    '--noise': noiseText(noiseRequest(options)),
    '--magnetization': options.magnetization ?? 'none',
    '--output': outputs.join(' '),
    '--report': options.report ?? 'none',
  };
}
