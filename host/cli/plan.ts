/**
 * `larmor plan`: tiles, memory, work and time of a simulation; simulates nothing but a second's
 * calibration.
 */
import { DEFAULT_WATCHDOG } from '../api/defaults.ts';
import { type Job, openJob } from '../api/job.ts';
import { planOf } from '../api/plan.ts';
import type { PlanRecord } from '../api/types.ts';
import { warnings } from '../base/log.ts';
import { agreeFromRoot } from '../comm/agree.ts';
import { joinCluster } from '../comm/ranks.ts';
import type { PhantomSource } from '../phantom/types.ts';
import { physicsOf } from '../report/provenance.ts';
import { printJson, printLines } from './output.ts';
import { type JobCommandOptions, requestOf } from './request.ts';

export interface PlanOptions extends JobCommandOptions {
  /** Ranks to plan for, each like this process. Default: as many as there are. */
  readonly ranks?: number;
  /** Say what was chosen, with the counts. */
  readonly verbose?: boolean;
}

/** Under a launcher rank 0 plans for all. */
export async function plan(sequence: string, phantom: string, options: PlanOptions): Promise<void> {
  const cluster = await joinCluster(DEFAULT_WATCHDOG);
  try {
    const job = await openJob(cluster, () => requestOf(sequence, phantom, options), options);
    await agreeFromRoot(cluster, 'plan', () => report(job, options.ranks ?? cluster.size, options));
    job.phantom.close();
  } catch (error) {
    await cluster.exitWith(error);
  }
  await cluster.finalize();
}

async function report(job: Job, ranks: number, { json = false, verbose = false }: PlanOptions): Promise<void> {
  const planned = await planOf(job, ranks);
  if (json) printJson('plan', { ...planned, warnings: warnings() });
  else printLines(planLines(planned, job.phantom.spins, verbose));
}

function planLines(plan: PlanRecord, perVoxel: PhantomSource['spins'], verbose: boolean): string[] {
  const { memory, seconds } = plan;
  const mib = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;
  const readouts = Object.entries(plan.methods).map(([form, count]) => `${count} readouts ${form}`);
  const tiles = [...new Set(plan.tilesPerRank)].join(' to ');
  const root = plan.ranks > 1 ? `, rank 0 ${mib(memory.root)}` : '';
  const perRank = mib(plan.ranks > 1 ? memory.others : memory.root);
  return [
    `${plan.sequence.name} on ${plan.phantom.name}`,
    `spins      ${plan.spins} in ${plan.tiles} tiles of ${plan.tileSize}`,
    ...physicsOf(plan, plan.spins).map(([title, text]) => `${title.padEnd(11)}${text}`),
    ...reachLines(plan),
    ...voxelLines(plan, perVoxel),
    `samples    ${plan.samples} in ${readouts.join(', ')}`,
    ...(plan.coils === 1 ? [] : [`coils      ${plan.coils}${passesText(plan)}`]),
    `timeline   ${plan.segments} segments, ${plan.rfSteps} RF steps`,
    ...(verbose ? plan.decisions.map(decisionLine) : []),
    `work       ${plan.spinSamples.toExponential(2)} spin·samples`,
    `ranks      ${plan.ranks}, ${tiles} tiles and ${plan.threads} threads each`,
    `memory     ${perRank} per rank${root}: kernels ${mib(memory.kernels)}, phantom ${mib(memory.phantom)}`,
    `time       ${duration(seconds.simulate)} to simulate, if all ranks are like this one; loading ${duration(seconds.load)}`,
    `kernels    ${plan.build}, ${plan.precision}`,
    `plan       ${plan.planHash}`,
  ];
}

/** Of a run whose sums do not fit a rank. */
function passesText({ passes, sumsOnDisk }: PlanRecord): string {
  if (passes === 1) return '';
  return ` in ${passes} passes, their sums in files of ${(sumsOnDisk / 2 ** 30).toPrecision(3)} GiB`;
}

/** Where moving spins get to. */
function reachLines({ reach }: PlanRecord): string[] {
  if (reach === null) return [];
  const mm = (value: number): string => (1e3 * value).toFixed(1);
  const ranges = ['x', 'y', 'z'].map((axis, n) => `${axis} ${mm(reach.min[n])} to ${mm(reach.max[n])}`);
  return [`reach      ${ranges.join(', ')} mm during the sequence`];
}

/** Spins per voxel, and what is predicted of them. */
function voxelLines({ spuriousEcho, sliceError }: PlanRecord, perVoxel: PhantomSource['spins']): string[] {
  const percent = (share: number): string => `${(100 * share).toPrecision(1)} %`;
  const level = `spurious echo ${percent(spuriousEcho)} of the signal`;
  if (perVoxel === undefined) return [`echo       ${level}, predicted`];
  const { least, most } = perVoxel;
  const slice = sliceError > 0 ? `, sum over the slice within ${percent(sliceError)}` : '';
  return [`per voxel  ${least === most ? least : `${least} to ${most}, by tissue`}; ${level}${slice}, predicted`];
}

function decisionLine({ what, chosen, cost, instead, insteadCost }: PlanRecord['decisions'][number]): string {
  const [own, other] = [cost, insteadCost].map((count) => Math.round(count));
  return `choice     ${what}: ${chosen}; ${own} operations per spin, ${instead} ${other}`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds.toPrecision(2)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
