/** `larmor simulate`: sequence + phantom → raw data. */
import { existsSync } from 'node:fs';
import { EXIT, LarmorError } from '../base/errors.ts';
import { requireDistinct } from '../base/files.ts';
import { info, warn } from '../base/log.ts';
import { type StopRequest, trapStops } from '../base/signals.ts';
import { agree, agreeFromRoot } from '../comm/agree.ts';
import { type Cluster, joinCluster } from '../comm/ranks.ts';
import { makeEngine } from '../engine/choose.ts';
import type { Engine } from '../engine/types.ts';
import type { NoiseRequest } from '../model/noise.ts';
import { timedReads } from '../phantom/timed.ts';
import { channelsOf } from '../phantom/types.ts';
import { checkWritable, filesOf, rawWriterFor } from '../raw/index.ts';
import { type RankReport, type Summary, summaryLines } from '../report/summary.ts';
import { describeFile, recordCompletion, writeCheckpoint } from '../run/checkpoint.ts';
import { type RankOptions, requireSameOptions } from '../run/compare.ts';
import { lockFolder } from '../run/lock.ts';
import { type RunResult, runTiles } from '../run/loop.ts';
import { type CheckpointOptions, checkCheckpointOptions, findResumePoint, type ResumePoint } from '../run/resume.ts';
import type { Schedule } from '../run/scheduler.ts';
import { countTiles, type TileRange } from '../run/tiles.ts';
import { type Findings, tilesToVerify, uniteFindings, type Verification, verifyTiles } from '../run/verify.ts';
import { inertOptions } from './inert-options.ts';
import { type Job, type JobOptions, openJob } from './job.ts';
import { checkMagnetization, magnetizationStore, requireInOrder } from './magnetization.ts';
import { DEFAULT_CHECKPOINT_INTERVAL } from './options.ts';
import { printJson } from './output.ts';
import { showProgress } from './progress.ts';
import { coilsOf, provenanceOf, receive, summarise, writeOutputs } from './result.ts';
import { coilsFile } from './scanner.ts';

export interface SimulateOptions extends JobOptions, CheckpointOptions {
  readonly output?: readonly string[];
  readonly schedule: Schedule;
  readonly verify?: boolean;
  readonly noise?: { readonly sigma: number; readonly atDwell?: number };
  readonly snr?: number;
  /** Of the noise; default 1. */
  readonly seed?: number;
  /** Seconds without a heartbeat after which a rank counts as lost. */
  readonly watchdog: number;
}

/** RF steps of `--verify` are this much shorter where a field changes: fourth order leaves a 256th of their error. */
const FINER = 4;

export async function simulate(sequenceName: string, phantomName: string, options: SimulateOptions): Promise<void> {
  const stop = trapStops();
  const cluster = await joinCluster(options.watchdog);
  try {
    await simulateIn(cluster, stop, sequenceName, phantomName, options);
  } catch (error) {
    await cluster.exitWith(error);
  }
  await cluster.finalize();
}

async function simulateIn(
  cluster: Cluster,
  stop: StopRequest,
  sequenceName: string,
  phantomName: string,
  options: SimulateOptions,
): Promise<void> {
  const begun = performance.now();
  const root = cluster.rank === 0;
  const asked = options.output ?? ['raw.mrd'];
  const checkOptions = (): RankOptions => {
    for (const path of asked) rawWriterFor(path);
    checkCheckpointOptions(options);
    checkMagnetization(options);
    return rankOptions(options, asked);
  };
  await agree(cluster, 'options', checkOptions, (all) => requireSameOptions(cluster, all));
  const job = await openJob(cluster, sequenceName, phantomName, options);
  if (root) for (const text of inertOptions(options, coilsFile(options), job.scanner.receive)) warn(text);
  const { timelines, phantom, plan } = job;
  const [timeline] = timelines;
  const reads = timedReads(phantom);
  const outputs = timeline.sampleCount > 0 ? asked : [];
  const store = options.magnetization === undefined ? undefined : magnetizationStore();

  let resumePoint: ResumePoint = { done: [] };
  const { done, complete } = await agreeFromRoot(cluster, 'start', async () => {
    const coils = channelsOf(phantom);
    const size = { coils: coilsOf(job), samples: timeline.sampleCount, precision: plan.precision };
    for (const path of outputs) checkWritable(path, size);
    requireInOrder(options, phantom, timeline);
    requireDistinct([...outputs.flatMap(filesOf), ...(options.magnetization ? [options.magnetization] : [])]);
    if (options.checkpoint !== undefined) await lockFolder(options.checkpoint);
    resumePoint = findResumePoint(
      options,
      plan,
      { coils, samples: timeline.sampleCount },
      outputs.map(filesOf),
      noiseText(options),
    );
    return { done: resumePoint.done, complete: resumePoint.completion !== undefined };
  });
  if (complete) {
    phantom.close();
    if (root) reportComplete(resumePoint, options);
    return;
  }

  let made: Engine | undefined;
  let threads: readonly number[] = [];
  const make = async (): Promise<number> => {
    made = await makeEngine(
      job.engine,
      { timelines, source: reads.source, ...plan, ...(store && { onMagnetization: store.take }) },
      job.threads,
      job.kernels,
    );
    return made.threads;
  };
  await agree(cluster, 'engine', make, (all) => {
    threads = all;
  });
  const engine = made!;
  if (resumePoint.sums !== undefined) engine.sums.set(resumePoint.sums);
  const loaded = (performance.now() - begun) / 1e3;

  cluster.reportProgress(() => engine.finished);
  const toDo = plan.tileCount - countTiles(done);
  const hide = showProgress(toDo, cluster.finished, options.quiet === true || !root);
  const title = `${job.sequence.name} on ${phantom.name}`;
  const save = (tiles: readonly TileRange[]): void =>
    writeCheckpoint(options.checkpoint!, plan, { title, coils: channelsOf(phantom), done: tiles, sums: engine.sums });
  const onSaveError = (error: unknown): void =>
    warn(`${(error as Error).message}; the run continues, the previous checkpoint is kept`);
  let result: RunResult;
  /** Why rank 0 could not keep what was collected last. */
  let notKept: unknown;
  let verification: Verification | undefined;
  let notWritten: unknown;
  try {
    result = await runTiles(cluster, engine, plan, stop, {
      schedule: options.schedule,
      threads,
      tileWork: job.spinWork * plan.tileSize,
      done,
      checkpoint:
        options.checkpoint === undefined
          ? undefined
          : { interval: options.checkpointInterval ?? DEFAULT_CHECKPOINT_INTERVAL, write: save },
      onSaveError,
    });
    // At once: who told the job to stop may not wait, and what comes after may fail.
    if (root && options.checkpoint !== undefined) notKept = attempt(() => save(result.done));
    if (notKept !== undefined && result.complete) onSaveError(notKept);
    if (options.verify === true && result.complete) {
      const finer = job.compile(options.dtRf / FINER);
      const own = tilesToVerify(plan).filter((_, n) => n % cluster.size === cluster.rank);
      const check = (): Promise<Findings> =>
        verifyTiles({ timelines, source: phantom, ...plan }, finer, own, (one) =>
          makeEngine(one.precision === 'f64' ? { name: 'wasm' } : job.engine, one, 1, job.kernels),
        );
      verification = await agree(cluster, 'verify', check, uniteFindings);
    }
    if (store !== undefined && result.complete)
      notWritten = await store.write(cluster, options.magnetization!, plan.spinCount, timeline.turned);
  } finally {
    hide();
    await engine.close();
    phantom.close();
  }

  const report = (): RankReport => ({
    rank: cluster.rank,
    host: cluster.host,
    threads: engine.threads,
    engine: engine.name,
    ...(job.engine.device === undefined ? {} : { device: `${job.engine.device.name} (${job.engine.device.reason})` }),
    reproducible: engine.reproducible,
    tiles: result.tiles,
    seconds: { load: loaded, read: reads.seconds(), ...result.seconds },
    peakMemory: process.resourceUsage().maxRSS * 1024,
  });
  await agree(cluster, 'end', report, (perRank) => {
    if (!result.complete) throw stopped(result, plan.tileCount, options, notKept);
    if (notWritten !== undefined) throw notWritten;
    const tilesResumed = countTiles(done);
    finish(job, engine, perRank, { ...options, outputs, title, begun, verification, tilesResumed, notKept });
  });
}

/** @returns what it threw */
function attempt(step: () => void): unknown {
  try {
    step();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** What noise is asked for. */
function noiseRequest({ noise, snr, seed = 1 }: SimulateOptions): NoiseRequest | undefined {
  if (noise === undefined && snr === undefined) return undefined;
  return { ...noise, ...(snr === undefined ? {} : { snr }), seed };
}

/** The same as text: to compare ranks, and runs with their record. */
const noiseText = (options: SimulateOptions): string => JSON.stringify(noiseRequest(options) ?? 'none');

/** Options that must be the same on all ranks, by name. Whatever may change a bit is in the plan, and compared there. */
function rankOptions(options: SimulateOptions, outputs: readonly string[]): RankOptions {
  const { schedule, verify, checkpoint, checkpointInterval = DEFAULT_CHECKPOINT_INTERVAL, resume, watchdog } = options;
  return {
    '--schedule': schedule,
    '--verify': verify ?? false,
    '--checkpoint': checkpoint ?? 'none',
    '--checkpoint-interval': checkpointInterval,
    '--resume': resume ?? false,
    '--watchdog': watchdog,
    '--noise': noiseText(options),
    '--magnetization': options.magnetization ?? 'none',
    '--output': outputs.join(' '),
  };
}

/** An earlier run has written all outputs: prints its summary as this run's. */
function reportComplete({ completion }: ResumePoint, { json, checkpoint }: SimulateOptions): void {
  info(`--resume: the run in ${checkpoint} was complete at ${completion!.finishedAt}; nothing is left to do`);
  if (json) printJson('simulate', { ...(completion!.summary as Summary) });
}

/** The error with which all leave. @throws LarmorError 73 if what was done could not be kept */
function stopped(
  { signal, done }: RunResult,
  tileCount: number,
  { checkpoint }: SimulateOptions,
  notKept: unknown,
): LarmorError {
  const after = `stopped by ${signal} after`;
  if (checkpoint === undefined)
    return new LarmorError(EXIT.stopped, `${after} a part of the tiles; nothing was kept (--checkpoint DIR keeps it)`);
  if (notKept !== undefined) throw notKept;
  const kept = `${countTiles(done)} of ${tileCount} tiles, kept in ${checkpoint}`;
  return new LarmorError(EXIT.stopped, `${after} ${kept}; the same command with --resume continues from there`);
}

/** Rank 0's last work: write, report, and leave a record. What cannot be written is in the checkpoint, if there is one. */
function finish(
  job: Job,
  engine: Engine,
  perRank: readonly RankReport[],
  run: SimulateOptions & {
    outputs: readonly string[];
    title: string;
    begun: number;
    tilesResumed: number;
    verification: Verification | undefined;
    notKept: unknown;
  },
): void {
  const wrote = performance.now();
  if (engine.sums.length > 0 && engine.sums.every((sum) => sum === 0n))
    warn('the signal is zero in every sample; check that pulses excite the spins and that readouts follow them');
  const started = Date.now() - (wrote - run.begun);
  const received = receive(job, engine, noiseRequest(run));
  const provenance = provenanceOf(job, engine, perRank, { dtRf: run.dtRf, started, noise: received.noise });
  try {
    writeOutputs(job, received, run.outputs, provenance);
  } catch (error) {
    if (run.checkpoint === undefined || run.notKept !== undefined || !(error instanceof LarmorError)) throw error;
    const kept = `all tiles are kept in ${run.checkpoint}: --resume has only to write`;
    throw new LarmorError(error.exitCode, `${error.message}; ${kept}`, { cause: error });
  }
  const now = performance.now();
  const spent = { write: (now - wrote) / 1e3, total: (now - run.begun) / 1e3 };
  const summary = summarise(job, engine, perRank, provenance, { ...run, ...spent });
  if (run.checkpoint !== undefined) {
    recordCompletion(run.checkpoint, {
      planHash: job.plan.hash,
      signalHash: summary.signalHash,
      noise: noiseText(run),
      tiles: job.plan.tileCount,
      title: run.title,
      outputs: run.outputs.flatMap((path) =>
        filesOf(path)
          .filter((file) => existsSync(file))
          .map(describeFile),
      ),
      finishedAt: new Date().toISOString(),
      summary,
    });
  }
  if (run.json) printJson('simulate', { ...summary });
  else for (const line of summaryLines(summary)) info(line);
}
