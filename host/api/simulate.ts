/** `simulate` and `plan` of the package: a run on one rank in this process, with what it yields in memory instead of in files. */
import { warnings } from '../base/log.ts';
import { soloCluster } from '../comm/solo.ts';
import type { PhantomSource } from '../phantom/types.ts';
import type { Sequence } from '../sequence/types.ts';
import { type Abort, abortOf, callAsync } from './call.ts';
import { openJob } from './job.ts';
import { requireWithin } from './limits.ts';
import { magnetizationArray } from './magnetization.ts';
import { jobOptions, noiseRequest, requestOf, SCAN_OPTIONS, SIMULATE_OPTIONS } from './options.ts';
import { planOf } from './plan.ts';
import { runJob } from './run.ts';
import type { Plan, ScanOptions, SimulateOptions, Simulation } from './types.ts';

/**
 * Simulates a scan in this process. Calls may run at the same time.
 *
 * The signal is that of `larmor simulate` with the same options, bit for bit (`summary.signalHash`), on any number of threads.
 * @param sequence a built-in name, a Pulseq file, or what `readSequence` returned
 * @param phantom a built-in name, a phantom file, or what `openPhantom` returned, which stays open. Where it is a name, voxels
 *   are filled with as many spins as the sequence needs.
 * @throws LarmorError (as a rejection) with `exitCode` 2 for a wrong option, 65 for wrong data, 66 for a missing file, 70 for an
 *   internal error, 75 if `signal` stopped it; its `cause` is then the signal's reason
 */
export function simulate(
  sequence: string | Sequence,
  phantom: string | PhantomSource,
  options: SimulateOptions = {},
): Promise<Simulation> {
  return callAsync(options, SIMULATE_OPTIONS, async () => {
    const begun = performance.now();
    const { verify = false, onProgress, magnetization = false } = options;
    requireWithin({ ...options, atDwell: options.noise?.atDwell });
    const noise = noiseRequest(options);
    const sink = magnetization ? magnetizationArray() : undefined;
    return stoppable(options.signal, async (abort) => {
      const cluster = soloCluster();
      const job = await openJob(cluster, () => requestOf(sequence, phantom, options), jobOptions(options));
      try {
        abort.check();
        const outcome = await runJob(cluster, abort, job, {
          outputs: [],
          schedule: 'static',
          verify,
          noise,
          magnetization: sink,
          begun,
          command: [],
          showProgress: (total, finished) => progressTimer(total, finished, onProgress, abort),
          report: () => {},
        });
        const { raw, summary } = outcome!;
        const { signal, coils, samples } = raw;
        return { signal, coils, samples, raw, summary, ...(sink && { magnetization: sink.values() }) };
      } finally {
        job.phantom.close();
      }
    });
  });
}

/**
 * Tiles, memory, work and time of a simulation, without running it.
 * @param options as those of `simulate`, and the number of ranks to plan for, each like this process; default 1
 * @throws LarmorError as `simulate` does
 */
export function plan(
  sequence: string | Sequence,
  phantom: string | PhantomSource,
  options: ScanOptions & { readonly ranks?: number | undefined } = {},
): Promise<Plan> {
  return callAsync(options, [...SCAN_OPTIONS, 'ranks'], async () => {
    requireWithin(options);
    return stoppable(options.signal, async (abort) => {
      const job = await openJob(soloCluster(), () => requestOf(sequence, phantom, options), jobOptions(options));
      try {
        abort.check();
        return { ...(await planOf(job, options.ranks ?? 1)), warnings: warnings() };
      } finally {
        job.phantom.close();
      }
    });
  });
}

/** Whatever `work` makes of a stop, the call ends with the one error for it. */
async function stoppable<T>(signal: AbortSignal | undefined, work: (abort: Abort) => Promise<T>): Promise<T> {
  const abort = abortOf(signal);
  try {
    abort.check();
    const result = await work(abort);
    abort.check();
    return result;
  } catch (error) {
    abort.check();
    throw error;
  } finally {
    abort.release();
  }
}

const PROGRESS_MS = 100;

/** Calls `onProgress`; what it throws stops the run. */
function progressTimer(
  total: number,
  finished: () => number,
  onProgress: SimulateOptions['onProgress'],
  abort: Abort,
): () => void {
  if (onProgress === undefined) return () => {};
  const report = (): void => {
    try {
      onProgress({ done: finished(), total });
    } catch (error) {
      abort.request(error);
    }
  };
  report();
  const timer = setInterval(report, PROGRESS_MS);
  return () => {
    clearInterval(timer);
    report();
  };
}
