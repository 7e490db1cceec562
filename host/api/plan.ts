/** The plan of a job: tiles, memory, work and time; simulates nothing but a second's calibration. */
import packageJson from '../../package.json' with { type: 'json' };
import { makeEngine } from '../engine/choose.ts';
import { layOut } from '../engine/wasm/memory.ts';
import { loadKernels } from '../engine/wasm/module.ts';
import { channelsOf } from '../phantom/types.ts';
import { methodsOf, type Program, programFor } from '../program/build.ts';
import type { Provenance } from '../report/provenance.ts';
import { forecastMemory, forecastTime } from '../run/forecast.ts';
import { STRIDE } from '../timeline/types.ts';
import type { Job } from './job.ts';
import { coilsOf, inputFacts } from './result.ts';

/** What `larmor plan --json` prints, but for the warnings. */
export interface PlanRecord extends Pick<Provenance, 'sequence' | 'phantom' | 'scanner' | 't2prime' | 'heart'> {
  /** Of Larmor. */
  readonly version: string;
  readonly spins: number;
  /** Predicted echo of gradients that too few spins show, over the signal. */
  readonly spuriousEcho: number;
  readonly tiles: number;
  readonly tileSize: number;
  readonly samples: number;
  readonly coils: number;
  readonly segments: number;
  readonly rfSteps: number;
  /** How many readouts are summed by which method. */
  readonly methods: Readonly<Record<string, number>>;
  /** What was decided, with the operations of either way. */
  readonly choices: Program['choices'];
  readonly ranks: number;
  readonly tilesPerRank: readonly number[];
  readonly threads: number;
  readonly engine: 'wasm' | 'webgpu';
  readonly build: string;
  readonly precision: 'f32' | 'f64';
  readonly tolerance: number | null;
  /** Per rank [bytes]. */
  readonly memory: ReturnType<typeof forecastMemory>;
  /** Of the rank with most tiles, if all are like this one [s]; from a calibration on this machine. */
  readonly seconds: { readonly load: number; readonly simulate: number };
  readonly spinSamples: number;
  readonly spinSamplesPerSecond: number;
  /** Sums are integers of 2^−scaleExponent. */
  readonly scaleExponent: number;
  readonly planHash: string;
}

/** @param ranks to plan for, each like this process */
export async function planOf(job: Job, ranks: number): Promise<PlanRecord> {
  const opened = process.resourceUsage().maxRSS * 1024;
  const { phantom, timelines, plan: made, engine, kernels } = job;
  const [timeline] = timelines;
  const engineJob = { timelines, source: phantom, ...made };
  const program = programFor(engineJob);
  const { sizes, bytes: inKernels } = layOut(engineJob, program, loadKernels(kernels), { threads: job.threads });
  const { threads } = sizes;
  const bytes = { opened, kernels: inKernels, phantom: phantom.residentBytes };
  const memory = forecastMemory(bytes, {
    samples: channelsOf(phantom) * timeline.sampleCount,
    ranks,
    workers: sizes.workers,
  });
  const time = await forecastTime(engineJob, made, ranks, (calibration) =>
    makeEngine(engine, calibration, threads, kernels),
  );
  return {
    version: packageJson.version,
    ...inputFacts(job),
    spins: made.spinCount,
    spuriousEcho: job.spuriousEcho?.level ?? 0,
    tiles: made.tileCount,
    tileSize: made.tileSize,
    samples: timeline.sampleCount,
    coils: coilsOf(job),
    segments: timeline.precessions.length / STRIDE.precession,
    rfSteps: timeline.rfSteps.length / STRIDE.rfStep,
    methods: methodsOf(program),
    choices: program.choices,
    ranks,
    tilesPerRank: [Math.floor(made.tileCount / ranks), Math.ceil(made.tileCount / ranks)],
    threads,
    engine: engine.name,
    build: engine.build,
    precision: made.precision,
    tolerance: made.tolerance ?? null,
    memory,
    seconds: { load: job.seconds.load + job.seconds.compile, simulate: time.seconds },
    spinSamples: made.spinCount * timeline.sampleCount,
    spinSamplesPerSecond: time.spinsPerSecond * timeline.sampleCount * ranks,
    scaleExponent: made.scaleExponent,
    planHash: made.hash,
  };
}
