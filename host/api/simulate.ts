/**
 * `simulate` and `plan` of the package: a run on one rank in this process, with its results in
 * memory instead of in files.
 */
import { letEventsThrough } from '../base/context.ts';
import { badInput } from '../base/errors.ts';
import { warnings } from '../base/log.ts';
import { soloCluster } from '../comm/solo.ts';
import type { PhantomSource } from '../phantom/types.ts';
import type { Sequence } from '../sequence/types.ts';
import { callAsync } from './call.ts';
import { type Job, openJob } from './job.ts';
import { magnetizationArray } from './magnetization.ts';
import { jobOptions, noiseRequest, requestOf } from './options.ts';
import { planOf } from './plan.ts';
import { coilsOf } from './result.ts';
import { runJob } from './run.ts';
import type { Plan, Progress, ScanOptions, SimulateOptions, Simulation, SimulationRun } from './types.ts';

/**
 * Simulates a scan in this process. Calls may run at the same time.
 *
 * The signal is that of `larmor simulate` with the same options, bit for bit
 * (`summary.signalHash`), on any number of threads.
 * @param sequence a built-in name, a Pulseq file, or what `readSequence` returned
 * @param phantom a built-in name, a phantom file, or what `openPhantom` returned, which stays open.
 *   Where it is a name, voxels are filled with as many spins as the sequence needs.
 * @returns the promise of the result, which is also an iterable of the progress
 * @throws LarmorError (as a rejection) with `exitCode` 2 for a wrong argument or option, 65 for
 *   wrong data, 66 for a missing file, 70 for an internal error, 75 if `signal` stopped it; its
 *   `cause` is then the signal's reason. What `onWarning` throws, or is rejected with, as it is
 */
export function simulate(
  sequence: string | Sequence,
  phantom: string | PhantomSource,
  options: SimulateOptions = {},
): SimulationRun {
  const { started, progress } = progressFeed();
  const result = simulateUnless(sequence, phantom, options, () => false, started) as Promise<Simulation>;
  return Object.assign(result, { [Symbol.asyncIterator]: () => progress(result) });
}

/** A run before its first tile. */
interface Prepared {
  readonly planHash: string;
  /** The phantom as it was opened, its spins chosen. */
  readonly phantom: PhantomSource;
}

/**
 * The same, unless the run is `known`, that is, already in the table of a sweep.
 * @param started is called when tiles begin, with a function that returns how many are done
 * @returns undefined for a known run
 */
export function simulateUnless(
  sequence: string | Sequence,
  phantom: string | PhantomSource,
  options: SimulateOptions,
  known: (run: Prepared) => boolean,
  started: (state: () => Progress) => void = () => {},
): Promise<Simulation | undefined> {
  return callAsync('simulate', { sequence, phantom, options }, async (control) => {
    const begun = performance.now();
    const { verify = false, magnetization = false } = options;
    const noise = noiseRequest(options);
    const sink = magnetization ? magnetizationArray() : undefined;
    const cluster = soloCluster();
    const job = await openJob(cluster, () => requestOf(sequence, phantom, options), jobOptions(options));
    try {
      requireOneArray(job);
      await letEventsThrough();
      if (known({ planHash: job.plan.hash, phantom: job.opened })) return undefined;
      const outcome = await runJob(cluster, control, job, {
        outputs: [],
        whole: true,
        schedule: 'static',
        verify,
        noise,
        magnetization: sink,
        begun,
        command: [],
        showProgress(total, finished) {
          started(() => ({ done: finished(), total }));
          return () => {};
        },
        report: () => {},
      });
      const { raw, summary } = outcome!;
      const { signal, coils, samples } = raw;
      return { signal, coils, samples, raw, summary, ...(sink && { magnetization: sink.values() }) };
    } finally {
      job.phantom.close();
    }
  });
}

/** Bytes of the largest array. */
const MOST_BYTES = 2 ** 32;

/** @throws LarmorError 65 if the signal exceeds what an array can hold */
function requireOneArray(job: Job): void {
  const [coils, samples] = [coilsOf(job), job.timelines[0].sampleCount];
  const bytes = 16 * coils * samples;
  if (bytes <= MOST_BYTES) return;
  const what = `the signal of ${coils} coils and ${samples} samples takes ${(bytes / 2 ** 30).toPrecision(3)} GiB, more than the 4 GiB of an array`;
  throw badInput('simulate', what, 'run the command larmor simulate, which writes it to a file');
}

/**
 * Tiles, memory, work and time of a simulation, without running it.
 * @param options as those of `simulate`, and the number of ranks to plan for, each like this
 *   process; default 1
 * @throws LarmorError as `simulate` does
 */
export function plan(
  sequence: string | Sequence,
  phantom: string | PhantomSource,
  options: ScanOptions & { readonly ranks?: number | undefined } = {},
): Promise<Plan> {
  return callAsync('plan', { sequence, phantom, options }, async () => {
    const job = await openJob(soloCluster(), () => requestOf(sequence, phantom, options), jobOptions(options));
    try {
      await letEventsThrough();
      return { ...(await planOf(job, options.ranks ?? 1)), warnings: warnings() };
    } finally {
      job.phantom.close();
    }
  });
}

const PROGRESS_MS = 100;

/**
 * Progress is read only when a loop asks for it, so without a loop there is neither a queue nor a
 * timer. Only a loop attaches handlers to the result: a rejection that nobody handles stays
 * visible.
 */
function progressFeed(): {
  readonly started: (state: () => Progress) => void;
  readonly progress: (result: Promise<unknown>) => AsyncGenerator<Progress, void, undefined>;
} {
  let first: Progress;
  let state: (() => Progress) | undefined;
  let begin: () => void;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  async function* progress(result: Promise<unknown>): AsyncGenerator<Progress, void, undefined> {
    let over = false;
    const ended = result.finally(() => {
      over = true;
    });
    await Promise.race([begun, ended]);
    for (let next = first!; !over; next = state!()) {
      yield next;
      let timer: NodeJS.Timeout;
      const pause = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, PROGRESS_MS);
      });
      await Promise.race([pause, ended]).finally(() => clearTimeout(timer));
    }
    await ended;
    if (state !== undefined) yield state();
  }
  return {
    started(given) {
      first = given();
      state = given;
      begin();
    },
    progress,
  };
}
