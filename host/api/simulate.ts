/** `simulate` and `plan` of the package: a run on one rank in this process, with what it yields in memory instead of in files. */
import { letEventsThrough } from '../base/context.ts';
import { warnings } from '../base/log.ts';
import { soloCluster } from '../comm/solo.ts';
import type { PhantomSource } from '../phantom/types.ts';
import type { Sequence } from '../sequence/types.ts';
import { type Control, callAsync } from './call.ts';
import { openJob } from './job.ts';
import { magnetizationArray } from './magnetization.ts';
import { jobOptions, noiseRequest, requestOf } from './options.ts';
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
 * @throws LarmorError (as a rejection) with `exitCode` 2 for a wrong argument or option, 65 for wrong data, 66 for a missing file, 70
 *   for an internal error, 75 if `signal` stopped it; its `cause` is then the signal's reason. What `onWarning` or `onProgress`
 *   throws, or is rejected with, as it is
 */
export function simulate(
  sequence: string | Sequence,
  phantom: string | PhantomSource,
  options: SimulateOptions = {},
): Promise<Simulation> {
  return simulateUnless(sequence, phantom, options, () => false) as Promise<Simulation>;
}

/**
 * The same, unless the run with that plan is `known`.
 * @returns undefined then
 */
export function simulateUnless(
  sequence: string | Sequence,
  phantom: string | PhantomSource,
  options: SimulateOptions,
  known: (planHash: string) => boolean,
): Promise<Simulation | undefined> {
  return callAsync('simulate', { sequence, phantom, options }, async (control) => {
    const begun = performance.now();
    const { verify = false, onProgress, magnetization = false } = options;
    const noise = noiseRequest(options);
    const sink = magnetization ? magnetizationArray() : undefined;
    const cluster = soloCluster();
    const job = await openJob(cluster, () => requestOf(sequence, phantom, options), jobOptions(options));
    try {
      await letEventsThrough();
      if (known(job.plan.hash)) return undefined;
      const outcome = await runJob(cluster, control, job, {
        outputs: [],
        schedule: 'static',
        verify,
        noise,
        magnetization: sink,
        begun,
        command: [],
        showProgress: (total, finished) => progressTimer(total, finished, onProgress, control),
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

/** Calls `onProgress`; what it throws stops the run. */
function progressTimer(
  total: number,
  finished: () => number,
  onProgress: SimulateOptions['onProgress'],
  { tell }: Control,
): () => void {
  if (onProgress === undefined) return () => {};
  const report = (): void => tell(onProgress, { done: finished(), total });
  report();
  const timer = setInterval(report, PROGRESS_MS);
  return () => {
    clearInterval(timer);
    report();
  };
}
