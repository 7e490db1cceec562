/** `larmor plan`: tiles, memory, work and time of a simulation; simulates nothing but a second's calibration. */
import packageJson from '../../package.json' with { type: 'json' };
import { warnings } from '../base/log.ts';
import { agreeFromRoot } from '../comm/agree.ts';
import { joinCluster } from '../comm/ranks.ts';
import { makeEngine } from '../engine/choose.ts';
import { layOut } from '../engine/wasm/memory.ts';
import { loadKernels } from '../engine/wasm/module.ts';
import { channelsOf, type PhantomSource } from '../phantom/types.ts';
import { methodsOf, type Program, programFor } from '../program/build.ts';
import { type Provenance, physicsOf } from '../report/provenance.ts';
import { forecastMemory, forecastTime } from '../run/forecast.ts';
import { STRIDE } from '../timeline/types.ts';
import { type JobOptions, openJob } from './job.ts';
import { DEFAULT_WATCHDOG } from './options.ts';
import { printJson, printLines } from './output.ts';
import { coilsOf, inputFacts } from './result.ts';

export interface PlanOptions extends JobOptions {
  /** Ranks to plan for, each like this process. Default: as many as there are. */
  readonly ranks?: number;
  /** Say what was chosen, with the counts. */
  readonly verbose?: boolean;
}

/** Under a launcher rank 0 plans for all. */
export async function plan(sequenceName: string, phantomName: string, options: PlanOptions): Promise<void> {
  const cluster = await joinCluster(DEFAULT_WATCHDOG);
  try {
    const job = await openJob(cluster, sequenceName, phantomName, options);
    await agreeFromRoot(cluster, 'plan', () => tellPlan(job, options.ranks ?? cluster.size, options));
    job.phantom.close();
  } catch (error) {
    await cluster.exitWith(error);
  }
  await cluster.finalize();
}

type Opened = Awaited<ReturnType<typeof openJob>>;

async function tellPlan(job: Opened, ranks: number, { json = false, verbose = false }: PlanOptions): Promise<void> {
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
  const result = {
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
    /** Per rank [bytes]. */
    memory,
    /** Of the rank with most tiles, if all are like this one [s]; from a calibration on this machine. */
    seconds: { load: job.seconds.load + job.seconds.compile, simulate: time.seconds },
    spinSamples: made.spinCount * timeline.sampleCount,
    spinSamplesPerSecond: time.spinsPerSecond * timeline.sampleCount * ranks,
    scaleExponent: made.scaleExponent,
    planHash: made.hash,
  };
  if (json) printJson('plan', { ...result, warnings: warnings() });
  else printLines(planLines({ ...result, perVoxel: phantom.spins }, verbose));
}

interface Told extends Pick<Provenance, 'phantom' | 't2prime' | 'heart'> {
  readonly sequence: { readonly name: string };
  readonly spins: number;
  readonly spuriousEcho: number;
  readonly perVoxel: PhantomSource['spins'];
  readonly tiles: number;
  readonly tileSize: number;
  readonly samples: number;
  readonly coils: number;
  readonly segments: number;
  readonly rfSteps: number;
  readonly methods: Readonly<Record<string, number>>;
  readonly choices: Program['choices'];
  readonly ranks: number;
  readonly tilesPerRank: readonly number[];
  readonly threads: number;
  readonly build: string;
  readonly precision: string;
  readonly memory: ReturnType<typeof forecastMemory>;
  readonly seconds: { readonly load: number; readonly simulate: number };
  readonly spinSamples: number;
  readonly planHash: string;
}

function planLines(told: Told, verbose: boolean): string[] {
  const { memory, seconds } = told;
  const mib = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;
  const readouts = Object.entries(told.methods).map(([form, count]) => `${count} readouts ${form}`);
  const tiles = [...new Set(told.tilesPerRank)].join(' to ');
  const root = told.ranks > 1 ? `, rank 0 ${mib(memory.root)}` : '';
  const perRank = mib(told.ranks > 1 ? memory.others : memory.root);
  return [
    `${told.sequence.name} on ${told.phantom.name}`,
    `spins      ${told.spins} in ${told.tiles} tiles of ${told.tileSize}`,
    ...physicsOf(told, told.spins).map(([title, text]) => `${title.padEnd(11)}${text}`),
    ...voxelLines(told),
    `samples    ${told.samples} in ${readouts.join(', ')}`,
    ...(told.coils === 1 ? [] : [`coils      ${told.coils}`]),
    `timeline   ${told.segments} segments, ${told.rfSteps} RF steps`,
    ...(verbose ? told.choices.map(choiceLine) : []),
    `work       ${told.spinSamples.toExponential(2)} spin·samples`,
    `ranks      ${told.ranks}, ${tiles} tiles and ${told.threads} threads each`,
    `memory     ${perRank} per rank${root}: kernels ${mib(memory.kernels)}, phantom ${mib(memory.phantom)}`,
    `time       ${duration(seconds.simulate)} to simulate, if all ranks are like this one; loading ${duration(seconds.load)}`,
    `kernels    ${told.build}, ${told.precision}`,
    `plan       ${told.planHash}`,
  ];
}

/** Spins per voxel and the spurious echo predicted of them. */
function voxelLines({ perVoxel, spuriousEcho }: Told): string[] {
  const level = `spurious echo ${(100 * spuriousEcho).toPrecision(1)} % of the signal`;
  if (perVoxel === undefined) return [`echo       ${level}, predicted`];
  const { least, most } = perVoxel;
  return [`per voxel  ${least === most ? least : `${least} to ${most}, by tissue`}; ${level}, predicted`];
}

function choiceLine({ what, chosen, lanes, instead, insteadLanes }: Program['choices'][number]): string {
  const [own, other] = [lanes, insteadLanes].map((count) => Math.round(count));
  return `choice     ${what}: ${chosen}; ${own} operations per spin, ${instead} ${other}`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds.toPrecision(2)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
