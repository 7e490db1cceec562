/**
 * Chooses and creates the engine of a rank. `auto` uses a real GPU if there is one and the
 * operation count of the job is large enough; an engine that was requested by name is used or
 * rejected, never replaced. WebGPU is loaded only if it may be used.
 */
import { badInput, usage } from '../base/errors.ts';
import { detail, warn } from '../base/log.ts';
import { modelParts } from '../phantom/columns.ts';
import { mostGpuCost, WORTH_A_GPU } from '../program/cost.ts';
import type { ENGINES, Engine, EngineJob } from './types.ts';
import { makeWasmEngine } from './wasm/engine.ts';
import { type KernelBuild, wasmBuild } from './wasm/module.ts';
import type { AdapterDescription } from './webgpu/index.ts';
import { mayHaveGpu } from './webgpu/vulkan.ts';

export interface EngineRequest {
  readonly engine: (typeof ENGINES)[number];
  /** A GPU by its index in the list or part of its name. */
  readonly gpu?: string;
}

export interface EngineChoice {
  readonly name: Engine['name'];
  /** The build that the engine will have. */
  readonly build: string;
  /** The GPU, and why this one. */
  readonly device?: {
    readonly index: number;
    readonly name: string;
    readonly reason: string;
    readonly key: string | null;
  };
}

/** Picks one of the adapters for this process: by name, by scheduler, by rank. */
export type PickDevice = (
  adapters: readonly AdapterDescription[],
  asked: string | undefined,
) => NonNullable<EngineChoice['device']>;

/**
 * @throws LarmorError 65 if WebGPU is requested for a model that it does not support; 2 if it is
 * requested and not available, or if options contradict each other
 */
export async function chooseEngine(
  { engine, gpu }: EngineRequest,
  job: Pick<EngineJob, 'timelines' | 'source' | 'precision' | 'tolerance'>,
  pick: PickDevice,
): Promise<EngineChoice> {
  const wasm = (): EngineChoice => ({ name: 'wasm', build: wasmBuild() });
  if (engine === 'wasm') {
    if (gpu !== undefined) throw usage('--gpu and --engine wasm contradict each other', 'leave one of them out');
    return wasm();
  }
  const insist = engine === 'webgpu' || gpu !== undefined;
  const model = modelParts(job.source.model);
  if (job.timelines.length > 1) model.push('groups of moving spins');
  if (job.source.initial !== undefined) model.push('an initial magnetisation');
  if (model.length > 0) {
    const what = `GPUs do not simulate ${model.join(', ')} yet`;
    if (insist) throw badInput(gpu === undefined ? '--engine webgpu' : '--gpu', what, 'use --engine wasm');
    detail(`--engine auto: ${what}; using wasm`);
    return wasm();
  }
  const beyondGpu =
    job.precision === 'f64'
      ? 'GPUs compute in f32 here (WGSL has no f64)'
      : job.tolerance !== undefined
        ? 'GPUs sum in exact forms alone'
        : undefined;
  if (beyondGpu !== undefined) {
    const asked = job.precision === 'f64' ? '--precision f64' : '--tolerance';
    if (insist) throw usage(beyondGpu, `use --engine wasm for ${asked}`);
    return wasm();
  }
  // Most jobs are worth no GPU however it is counted, or find none, and load nothing of it.
  const { timelines, source } = job;
  const isWorthLess = source.spinCount * mostGpuCost(timelines[0]) < WORTH_A_GPU;
  if (!insist && (isWorthLess || !mayHaveGpu())) return wasm();
  const { buildName, gpuWorthwhile, listAdapters } = await import('./webgpu/index.ts');
  // Loading Dawn takes a second, so the operations of the job are counted before GPUs are listed.
  if (!insist && !gpuWorthwhile(job, { software: false })) return wasm();
  const all = await listAdapters().catch((error: unknown) => {
    if (insist) throw error;
    return [];
  });
  const real = all.filter(({ software }) => !software);
  if (real.length === 0 && !insist) return wasm();
  if (all.length === 0) {
    const { chooseAdapter } = await import('./webgpu/index.ts');
    chooseAdapter(all, gpu, true); // says how to get a driver
  }
  // Real adapters are first in the list, so an index among them is an index in the list.
  const device = asOpened(all, pick(gpu === undefined && real.length > 0 ? real : all, gpu), gpu);
  const adapter = all[device.index];
  if (adapter.software) warn(`${adapter.name} is a software adapter, slower than --engine wasm`);
  return { name: 'webgpu', build: buildName(adapter), device };
}

/**
 * The device that Dawn opens for the selected adapter: Dawn selects by name, so it is always the
 * first of several with one name. Ranks that therefore share it get a warning, as their keys are
 * equal.
 * @throws LarmorError 2 when another of them was requested by its number
 */
function asOpened(
  all: readonly AdapterDescription[],
  picked: NonNullable<EngineChoice['device']>,
  asked: string | undefined,
): NonNullable<EngineChoice['device']> {
  const { name, backend, alike } = all[picked.index];
  const index = all.findIndex((other) => other.name === name && other.backend === backend);
  if (index === picked.index) return picked;
  const why = `${alike} GPUs here are called ${name}, and WebGPU opens none but the first`;
  const fix = 'let each process see only its own GPU (srun --gpus-per-task=1; see docs/how-to/gpu.md)';
  if (asked !== undefined) throw usage(`--gpu ${asked}: ${why}`, fix);
  warn(`${why}; ${fix}`);
  return { ...picked, index, key: picked.key === null ? null : String(index) };
}

/**
 * @param kernels build the WASM kernels must have, if ranks agreed on one
 * @throws LarmorError as the engine does
 */
export async function makeEngine(
  { name, device }: Pick<EngineChoice, 'name' | 'device'>,
  job: EngineJob,
  threads: number,
  kernels: KernelBuild | undefined,
): Promise<Engine> {
  const wasm = (): Promise<Engine> =>
    makeWasmEngine(job, { threads, ...(kernels === undefined ? {} : { build: kernels }) });
  if (name === 'wasm') return wasm();
  const [{ makeWebgpuEngine }, { withFallback: redoingLostTiles }] = await Promise.all([
    import('./webgpu/index.ts'),
    import('./fallback.ts'),
  ]);
  return redoingLostTiles(await makeWebgpuEngine(job, { adapter: device!.index, allowSoftware: true }), wasm);
}
