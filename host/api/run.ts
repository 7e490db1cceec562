/**
 * Runs a job: engine, tiles, checkpoints, verification, and on rank 0 the outputs. Every step that
 * may fail on one rank is agreed on by all (`comm/agree.ts`). The command calls this on all ranks,
 * the package's `simulate` on one.
 */
import { existsSync } from 'node:fs';
import { EXIT, LarmorError, usage } from '../base/errors.ts';
import { requireDistinct, writeOutput } from '../base/files.ts';
import { info, warn } from '../base/log.ts';
import type { StopRequest } from '../base/signals.ts';
import { agree, agreeFromRoot } from '../comm/agree.ts';
import type { Cluster } from '../comm/ranks.ts';
import { makeEngine } from '../engine/choose.ts';
import type { Engine, EngineJob } from '../engine/types.ts';
import type { NoiseRequest } from '../model/noise.ts';
import { timedReads } from '../phantom/timed.ts';
import { channelsOf } from '../phantom/types.ts';
import { checkWritable, filesOf } from '../raw/index.ts';
import type { RawData } from '../raw/types.ts';
import type { RankReport, Summary } from '../report/summary.ts';
import { describeFile, recordCompletion } from '../run/checkpoint.ts';
import type { StartedBy } from '../run/checkpoint-header.ts';
import { lockFolder } from '../run/lock.ts';
import type { RunResult } from '../run/loop.ts';
import { type CoilPass, inPass, passesOf, passingSource } from '../run/passes.ts';
import { type CheckpointOptions, findResumePoint, type ResumePoint } from '../run/resume.ts';
import type { Schedule } from '../run/scheduler.ts';
import { isZero, sumsInFiles, sumsInMemory } from '../run/sums.ts';
import { countTiles } from '../run/tiles.ts';
import {
  type Findings,
  joinPasses,
  tilesToVerify,
  uniteFindings,
  type Verification,
  verifyTiles,
} from '../run/verify.ts';
import type { Job } from './job.ts';
import { type MagnetizationSink, type MagnetizationStore, magnetizationStore } from './magnetization.ts';
import {
  coilsOf,
  provenanceOf,
  rawDataOf,
  receive,
  type Simulated,
  summarise,
  wholeRaw,
  writeOutputs,
} from './result.ts';
import { simulatePasses } from './simulate-passes.ts';
import { type Spool, spoolFor } from './spool.ts';

export interface RunOptions extends CheckpointOptions {
  /** Raw-data files to write. */
  readonly outputs: readonly string[];
  readonly schedule: Schedule;
  /** A report to write, and what makes its text: on rank 0, while the phantom is open. */
  readonly reportFile?: string | undefined;
  /** Simulate 1 % of the tiles again in f64. */
  readonly verify: boolean;
  readonly noise: NoiseRequest | undefined;
  /** Where the magnetisation at the end of the sequence goes. */
  readonly magnetization: MagnetizationSink | undefined;
  /** When the run began, by `performance.now()` [ms]. */
  readonly begun: number;
  /** Whether the outcome's signal is to be in one array, however large. */
  readonly whole?: boolean;
  /** As provenance states it. */
  readonly command: readonly string[];
  /** As checkpoints state it, so that the run can be viewed. */
  readonly startedBy?: StartedBy;
  /**
   * On rank 0: starts showing how many of `total` tiles are finished. @returns function that stops
   * it
   */
  readonly showProgress: (total: number, finished: () => number) => () => void;
  /** On rank 0, before the ranks part: what it throws is an error of the run. */
  readonly report: (summary: Summary) => void;
}

/** Results on rank 0 at the end. */
export interface Outcome {
  readonly raw: RawData;
  readonly summary: Summary;
}

/**
 * RF steps of `--verify` are shorter by this factor where a field changes: the method is of fourth
 * order, so this leaves 1/256 of its error.
 */
const FINER = 4;

/**
 * Collective. Closes the job's phantom.
 * @returns on rank 0 the signal and its summary; undefined on the others, and if an earlier run had
 *   written all outputs
 * @throws CollectiveError on all ranks if anything is wrong on any; 75 if it was stopped
 */
export async function runJob(
  cluster: Cluster,
  stop: StopRequest,
  job: Job,
  options: RunOptions,
): Promise<Outcome | undefined> {
  const root = cluster.rank === 0;
  const { timelines, phantom, plan } = job;
  const [timeline] = timelines;
  const reads = timedReads(phantom);
  const { magnetization } = options;
  const store = magnetization === undefined ? undefined : magnetizationStore(phantom);

  const { passes, done, firstPass, complete, resumed, reportText, spool } = await start(cluster, job, options);
  if (complete) {
    phantom.close();
    if (root) reportComplete(resumed, options);
    return undefined;
  }

  const tilesResumed = plan.tileCount * firstPass + countTiles(done);
  const passing = passingSource(reads.source, passes);
  // Every pass ends with the same magnetisation.
  const take: MagnetizationStore['take'] = (...tile) => {
    if (passing.pass() === 0) store?.take(...tile);
  };
  const source = { source: passing.source, ...(store && { onMagnetization: take }) };
  const { engine, threads } = await makeEngines(cluster, job, source);
  if (resumed.sums !== undefined) engine.sums.set(resumed.sums);
  // Up to 2 GiB, which would otherwise stay for as long as the run takes.
  resumed.sums = undefined;
  const loaded = (performance.now() - options.begun) / 1e3;
  cluster.reportProgress(() => engine.finished);
  const hide = root ? options.showProgress(plan.tileCount * passes.length - tilesResumed, cluster.finished) : () => {};
  const title = `${job.sequence.name} on ${phantom.name}`;
  try {
    const begun = { title, passes, firstPass, done, spool, threads, onPass: passing.begin };
    const { pass, result, spent, notSaved } = await simulatePasses(cluster, engine, job, stop, options, begun);
    const verification = options.verify && result.complete ? await verify(cluster, job, passes) : undefined;
    const notWritten =
      store !== undefined && result.complete
        ? await store.write(cluster, magnetization!, plan.spinCount, timeline.turned)
        : undefined;
    const report = (): RankReport => {
      const { tiles, seconds } = spent;
      return rankReport(cluster, job, engine, { tiles, seconds: { load: loaded, read: reads.seconds(), ...seconds } });
    };
    let outcome: Outcome | undefined;
    hide();
    await agree(cluster, 'end', report, (perRank) => {
      const tilesDone = plan.tileCount * pass + countTiles(result.done);
      if (!result.complete) throw stopped(result, tilesDone, plan.tileCount * passes.length, options, notSaved);
      if (notWritten !== undefined) throw notWritten;
      const sums =
        passes.length === 1
          ? sumsInMemory(engine.sums, channelsOf(phantom), timeline.sampleCount)
          : sumsInFiles(spool!.open(passes.length), passes, timeline.sampleCount);
      const simulated = { sums, passes: passes.length, methods: engine.methods, threads: engine.threads };
      try {
        outcome = finish(job, simulated, perRank, {
          ...options,
          ...{ title, verification, tilesResumed, notSaved, reportText },
        });
      } finally {
        sums.close();
      }
    });
    return outcome;
  } finally {
    hide();
    await engine.close();
    phantom.close();
    spool?.remove();
  }
}

/**
 * Rank 0 checks that everything can be written and finds what an earlier run left.
 * @returns on rank 0 where to resume from and what makes the report; on all ranks the passes as
 *   rank 0 counts them, the tiles that are done, and whether all of the outputs are
 */
async function start(cluster: Cluster, job: Job, options: RunOptions) {
  const { plan } = job;
  const samples = job.timelines[0].sampleCount;
  const { outputs, magnetization, reportFile } = options;
  const reportFiles = reportFile === undefined ? [] : [reportFile];
  let resumePoint: ResumePoint = { pass: 0, done: [] };
  let spool: Spool | undefined;
  let reportText: ((summary: Summary, raw: RawData) => string) | undefined;
  const agreed = await agreeFromRoot(cluster, 'start', async () => {
    const size = { coils: coilsOf(job), samples, precision: plan.precision };
    if (samples === 0 && outputs.length > 0)
      throw usage(`-o ${outputs.join(' ')}: the sequence has no ADC, so there is no raw data`, 'leave out -o');
    for (const path of outputs) checkWritable(path, size);
    // Loaded for this alone: it brings the encoder of PNG images.
    const page = reportFile === undefined ? undefined : await import('./report.ts');
    if (reportFile !== undefined) page?.requireReportName(reportFile, size);
    requireDistinct([...outputs.flatMap(filesOf), ...(magnetization?.files ?? []), ...reportFiles]);
    if (options.checkpoint !== undefined) await lockFolder(options.checkpoint);
    reportText = await page?.reportOfJob(job);
    const passes = passesOfJob(job);
    const sizes = passes.map(({ coils }, pass) => ({ pass, passes: passes.length, coils, samples }));
    resumePoint = findResumePoint(options, plan, sizes, outputs.map(filesOf), noiseText(options.noise));
    const complete = resumePoint.completion !== undefined;
    if (!complete) spool = spoolFor(passes.slice(resumePoint.pass), passes.length > 1, samples, options);
    return { passes, done: resumePoint.done, firstPass: resumePoint.pass, complete };
  });
  const { completion, sums } = resumePoint;
  return { ...agreed, resumed: { completion, sums }, reportText, spool };
}

/** @returns this rank's engine, and the threads of all */
async function makeEngines(
  cluster: Cluster,
  { timelines, plan, engine, threads, kernels }: Job,
  source: Pick<EngineJob, 'source' | 'onMagnetization'>,
): Promise<{ readonly engine: Engine; readonly threads: readonly number[] }> {
  let made: Engine | undefined;
  let all: readonly number[] = [];
  const make = async (): Promise<number> => {
    made = await makeEngine(engine, { timelines, ...source, ...plan }, threads, kernels);
    return made.threads;
  };
  await agree(cluster, 'engine', make, (threadsOfRanks) => {
    all = threadsOfRanks;
  });
  return { engine: made!, threads: all };
}

/**
 * `--verify`: every rank simulates its share of the drawn tiles again.
 * @returns on rank 0 the findings of all
 */
function verify(
  cluster: Cluster,
  { timelines, phantom, plan, ...job }: Job,
  passes: readonly CoilPass[],
): Promise<Verification | undefined> {
  const finer = job.compile(job.maxRfStep / FINER);
  const own = tilesToVerify(plan).filter((_, n) => n % cluster.size === cluster.rank);
  const check = async (): Promise<Findings> => {
    const all: Findings[] = [];
    for (const pass of passes)
      all.push(
        await verifyTiles({ timelines, source: inPass(phantom, pass), ...plan }, finer, own, (one) =>
          makeEngine(one.precision === 'f64' ? { name: 'wasm' } : job.engine, one, 1, job.kernels),
        ),
      );
    return joinPasses(all);
  };
  return agree(cluster, 'verify', check, uniteFindings);
}

function rankReport(
  { rank, host }: Cluster,
  { engine: { device } }: Job,
  { threads, name: engine, reproducible }: Engine,
  spent: Pick<RankReport, 'tiles' | 'seconds'>,
): RankReport {
  return {
    ...{ rank, host, threads, engine },
    ...(device === undefined ? {} : { device: `${device.name} (${device.reason})` }),
    reproducible,
    ...spent,
    peakMemory: process.resourceUsage().maxRSS * 1024,
  };
}

/** One pass, but where coils are many and long: see `run/passes.ts`. */
export function passesOfJob({
  mix,
  phantom,
  timelines,
}: Pick<Job, 'mix' | 'phantom' | 'timelines'>): readonly CoilPass[] {
  const coils = channelsOf(phantom);
  return mix === undefined ? passesOf(coils, timelines[0].sampleCount) : [{ first: 0, coils }];
}

/** Noise as text: to compare ranks, and runs with their record. */
export const noiseText = (noise: NoiseRequest | undefined): string => JSON.stringify(noise ?? 'none');

/** An earlier run has written all outputs: its summary is reported as this run's. */
function reportComplete(
  { completion }: { readonly completion: ResumePoint['completion'] },
  { checkpoint, report, reportFile }: RunOptions,
): void {
  if (reportFile !== undefined)
    warn(`${reportFile} is not written: the run was complete already; larmor report makes one from its raw data`);
  info(`--resume: the run in ${checkpoint} was complete at ${completion!.finishedAt}; nothing is left to do`);
  report(completion!.summary as Summary);
}

/**
 * The error with which all ranks exit.
 * @throws LarmorError 73 if what was done could not be saved
 */
function stopped(
  { signal }: RunResult,
  tilesDone: number,
  tileCount: number,
  { checkpoint }: RunOptions,
  notSaved: unknown,
): LarmorError {
  const after = `stopped by ${signal} after`;
  if (checkpoint === undefined)
    return new LarmorError(EXIT.stopped, `${after} a part of the tiles; nothing was saved (use --checkpoint DIR)`);
  if (notSaved !== undefined) throw notSaved;
  const saved = `${tilesDone} of ${tileCount} tiles, kept in ${checkpoint}`;
  return new LarmorError(EXIT.stopped, `${after} ${saved}; the same command with --resume continues from there`);
}

/**
 * Rank 0's last work: write, report, and leave a record. What cannot be written is in the
 * checkpoint, if there is one.
 */
function finish(
  job: Job,
  simulated: Simulated,
  perRank: readonly RankReport[],
  run: RunOptions & {
    title: string;
    tilesResumed: number;
    verification: Verification | undefined;
    notSaved: unknown;
    reportText: ((summary: Summary, raw: RawData) => string) | undefined;
  },
): Outcome {
  const wrote = performance.now();
  if (job.timelines[0].sampleCount > 0 && isZero(simulated.sums))
    warn('the signal is zero in every sample; check that pulses excite the spins and that readouts follow them');
  const started = Date.now() - (wrote - run.begun);
  const received = receive(job, simulated.sums, run.noise);
  const provenance = provenanceOf(job, simulated, perRank, { command: run.command, started, noise: received.noise });
  const parts = rawDataOf(job, received, provenance);
  const raw = run.whole ? wholeRaw(parts) : parts;
  try {
    writeOutputs(run.outputs, raw);
  } catch (error) {
    if (run.checkpoint === undefined || run.notSaved !== undefined || !(error instanceof LarmorError)) throw error;
    const saved = `all tiles are saved in ${run.checkpoint}: --resume only has to write the output`;
    throw new LarmorError(error.exitCode, `${error.message}; ${saved}`, { cause: error });
  }
  const now = performance.now();
  const spent = { write: (now - wrote) / 1e3, total: (now - run.begun) / 1e3 };
  const all = run.reportFile === undefined ? run.outputs : [...run.outputs, run.reportFile];
  const summary = summarise(job, simulated, perRank, provenance, { ...run, ...spent, outputs: all });
  if (run.reportText !== undefined) writeOutput(run.reportFile!, Buffer.from(run.reportText(summary, raw)));
  if (run.checkpoint !== undefined) {
    recordCompletion(run.checkpoint, {
      planHash: job.plan.hash,
      signalHash: summary.signalHash,
      noise: noiseText(run.noise),
      tiles: job.plan.tileCount * simulated.passes,
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
  run.report(summary);
  return { raw, summary };
}
