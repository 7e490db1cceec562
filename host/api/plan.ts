/**
 * The plan of a job: tiles, memory, work and time; simulates nothing but a second's calibration.
 */
import packageJson from '../../package.json' with { type: 'json' };
import { makeEngine } from '../engine/choose.ts';
import { layOut } from '../engine/wasm/memory.ts';
import { loadKernels } from '../engine/wasm/module.ts';
import { modelColumns } from '../phantom/columns.ts';
import { channelsOf } from '../phantom/types.ts';
import { methodsOf, programFor } from '../program/build.ts';
import { forecastMemory, forecastTime } from '../run/forecast.ts';
import { bytesOfPasses, inPass } from '../run/passes.ts';
import type { Job } from './job.ts';
import { inputFacts, scanCounts } from './result.ts';
import { passesOfJob } from './run.ts';
import type { PlanRecord } from './types.ts';

/** @param ranks to plan for, each like this process */
export async function planOf(job: Job, ranks: number): Promise<PlanRecord> {
  const opened = process.resourceUsage().maxRSS * 1024;
  const { phantom, timelines, plan: made, engine, kernels } = job;
  const [timeline] = timelines;
  const passes = passesOfJob(job);
  const source = inPass(phantom, passes[0]);
  const engineJob = { timelines, source, ...made };
  const program = programFor(engineJob);
  const { sizes, bytes: inKernels } = layOut(engineJob, program, loadKernels(kernels), { threads: job.threads });
  const { threads } = sizes;
  const bytes = { opened, kernels: inKernels, phantom: phantom.residentBytes };
  const memory = forecastMemory(bytes, {
    // Sums in files are written on in small parts.
    samples: passes.length > 1 ? 0 : channelsOf(phantom) * timeline.sampleCount,
    ranks,
    workers: sizes.workers,
    columns: sizes.slots * modelColumns(source.model).total,
    moving: phantom.model?.coilSets === undefined ? 0 : phantom.spinCount,
  });
  const time = await forecastTime(engineJob, made, { ranks, threads }, (calibration) =>
    makeEngine(engine, calibration, threads, kernels),
  );
  return {
    version: packageJson.version,
    ...inputFacts(job),
    ...scanCounts(job),
    reach: job.reach === undefined ? null : { min: job.reach.min, max: job.reach.max },
    methods: methodsOf(program),
    decisions: program.decisions(),
    ranks,
    tilesPerRank: [Math.floor(made.tileCount / ranks), Math.ceil(made.tileCount / ranks)],
    threads,
    engine: engine.name,
    build: engine.build,
    precision: made.precision,
    tolerance: made.tolerance ?? null,
    memory,
    passes: passes.length,
    sumsOnDisk: passes.length > 1 ? bytesOfPasses(passes, timeline.sampleCount) : 0,
    seconds: { load: job.seconds.load + job.seconds.compile, simulate: passes.length * time.seconds },
    spinSamples: made.spinCount * timeline.sampleCount,
    spinSamplesPerSecond: (time.spinsPerSecond * timeline.sampleCount * ranks) / passes.length,
    scaleExponent: made.scaleExponent,
    planHash: made.hash,
  };
}
