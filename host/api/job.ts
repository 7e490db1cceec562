/**
 * From a request to what an engine runs: shared by `simulate`, which runs it, and `plan`, which
 * describes it.
 */
import packageJson from '../../package.json' with { type: 'json' };
import { allowedCpus, cpusPerTask, grantedThreads } from '../base/environment.ts';
import { warn } from '../base/log.ts';
import { agree } from '../comm/agree.ts';
import type { Cluster } from '../comm/ranks.ts';
import { chooseEngine, type EngineChoice, type EngineRequest } from '../engine/choose.ts';
import { type KernelBuild, wasmBuild } from '../engine/wasm/module.ts';
import type { PhantomSource } from '../phantom/types.ts';
import { isModelled } from '../program/context.ts';
import { roughCost } from '../program/cost.ts';
import type { Precision } from '../program/types.ts';
import { type Builds, type CommonBuild, commonBuild, requireSamePlan } from '../run/compare.ts';
import { chooseDevice, sharedDevices } from '../run/devices.ts';
import { makePlan, type Plan } from '../run/plan.ts';
import { sharedSurvey } from '../run/survey.ts';
import { DEFAULT_TOLERANCE } from './defaults.ts';
import { type Inputs, openInputs, type Request } from './inputs.ts';

/** How it is computed. */
export interface JobOptions extends EngineRequest {
  readonly precision: Precision;
  /** Default: 1 for a small job, else those that scheduler, affinity and cgroup grant. */
  readonly threads?: number;
  /** Spins per tile; default: by the size of the phantom. */
  readonly tile?: number;
  /**
   * Largest error of fast methods, relative to the sum of all densities; default:
   * `DEFAULT_TOLERANCE`.
   */
  readonly tolerance?: number;
  /**
   * Compute every sample of every spin without fast methods. With several coils, and where spins
   * move, lines are transformed and pulses looked up, with errors no larger than the rounding of
   * exact sums.
   */
  readonly exact?: boolean;
}

export interface Job extends Inputs {
  readonly plan: Plan;
  readonly threads: number;
  readonly engine: EngineChoice;
  /** Ranks run different engines. */
  readonly mixed: boolean;
  /** The kernel build to insist on, where ranks had to agree on one. */
  readonly kernels: KernelBuild | undefined;
  /** Operations that one spin costs, by counting. */
  readonly spinWork: number;
}

/**
 * Collective: all ranks open the same inputs, agree on the kernels and check that they have the
 * same plan.
 * @param ask makes the request; an error in it is agreed on too
 * @throws CollectiveError on all ranks if anything is wrong on any
 */
export async function openJob(cluster: Cluster, ask: () => Request, options: JobOptions): Promise<Job> {
  const root = cluster.rank === 0;
  let opened: Omit<Job, 'plan' | 'threads' | 'mixed' | 'kernels' | 'spinWork'> | undefined;
  const open = async (): Promise<Builds & { device: EngineChoice['device'] | null }> => {
    const surveyOf = (count: number, read: PhantomSource['read']) => sharedSurvey(cluster, count, read);
    const inputs = await openInputs(ask, { quiet: !root, surveyOf });
    const { precision, tolerance } = options;
    const request = {
      timelines: inputs.timelines,
      source: inputs.phantom,
      precision,
      ...(tolerance === undefined ? {} : { tolerance }),
    };
    const engine = await chooseEngine(options, request, (adapters, gpu) => chooseDevice(adapters, cluster.node, gpu));
    opened = { ...inputs, engine };
    const plain = cluster.size > 1 ? wasmBuild('simd') : '';
    return { engine: engine.name, best: engine.build, plain, device: engine.device ?? null };
  };
  const common = await agree(cluster, 'inputs', open, (all): CommonBuild & { readonly onGpu: boolean } => {
    const onGpu = all.map(({ device }, rank) => ({
      host: cluster.hosts[rank],
      name: device?.name ?? '',
      key: device?.key ?? null,
    }));
    for (const text of sharedDevices(onGpu)) warn(text);
    return { ...commonBuild(cluster, all), onGpu: all.some(({ engine }) => engine === 'webgpu') };
  });
  if (root && common.why !== undefined) warn(common.why);
  const kernels = common.plain ? 'simd' : undefined;

  const { timelines, phantom } = opened!;
  // GPUs, and models of spins at rest together with coils, only have exact methods, so such a run
  // uses these unless a tolerance is given.
  const isAtRest = phantom.motionIdentity === undefined;
  const amongCoils = isAtRest && isModelled(timelines, phantom) && (phantom.model?.coils ?? 0) > 0;
  const exact = options.exact === true || common.onGpu || amongCoils;
  const fast = !exact && options.precision === 'f32';
  const tolerance = options.tolerance ?? (fast ? DEFAULT_TOLERANCE : undefined);
  let plan: Plan | undefined;
  const make = (): Plan['parts'] => {
    plan = makePlan(timelines, phantom, {
      precision: options.precision,
      engineBuild: common.build,
      version: packageJson.version,
      ...(options.tile === undefined ? {} : { tileSize: options.tile }),
      ...(tolerance === undefined ? {} : { tolerance }),
    });
    return plan.parts;
  };
  try {
    await agree(cluster, 'plan', make, (all) => requireSamePlan(cluster, all));
  } catch (error) {
    phantom.close();
    throw error;
  }

  const spinWork = roughCost(timelines[0], phantom.model);
  const small = phantom.spinCount * spinWork < SMALL_JOB * cluster.size;
  const threads = options.threads ?? (small ? 1 : grantedThreads(cluster.node.sharers).threads);
  if (root) warnIfBound(options.threads);
  return { ...opened!, plan: plan!, threads, mixed: common.mixed, kernels, spinWork };
}

/**
 * Operations over all spins of a rank, below which starting a worker (0.1 s) costs more than it
 * saves.
 */
const SMALL_JOB = 6e8;

/**
 * Launchers bind ranks to processors by default: Open MPI's mpirun to one core each, and so does
 * srun without -c.
 */
function warnIfBound(asked: number | undefined): void {
  const wanted = asked ?? cpusPerTask();
  const cpus = allowedCpus().length;
  if (wanted === undefined || wanted <= cpus) return;
  const what = asked === undefined ? `SLURM_CPUS_PER_TASK=${wanted}` : `--threads ${wanted}`;
  warn(
    `${what}, but this process may run on ${cpus} ${cpus === 1 ? 'processor' : 'processors'}; ` +
      'bind ranks to more (mpirun --bind-to none or --map-by slot:PE=N, srun -c N), or ask for fewer threads',
  );
}
