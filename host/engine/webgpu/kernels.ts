/**
 * The device and its compiled kernels. Only the readout forms that a timeline uses are compiled: a
 * driver may take a second for each.
 */
import { createHash } from 'node:crypto';
import { EXIT, LarmorError } from '../../base/errors.ts';
import { type AdapterDescription, LIMITS, loadDawn, selectAdapter, WEBGPU_PACKAGE } from './adapters.ts';
import type { Form } from './section.ts';
import { matrixDirect, matrixLinear } from './shaders/matrix.ts';
import { line, scattered } from './shaders/single.ts';
import { walk } from './shaders/walk.ts';

export type KernelName = 'walk' | 'fold' | Form;

const READOUTS: Readonly<Record<Form, string>> = { matrixLinear, matrixDirect, line, scattered };

/** Everything that may affect bits of the result: package, adapter, driver, kernel text. */
export function buildName({ name, driver }: Pick<AdapterDescription, 'name' | 'driver'>): string {
  const text = createHash('sha256');
  for (const source of [walk, ...Object.values(READOUTS)]) text.update(source).update('\0');
  return `${WEBGPU_PACKAGE} on ${name}, ${driver}, kernels ${text.digest('hex').slice(0, 12)}`;
}

export interface OpenDevice {
  readonly device: GPUDevice;
  readonly flags: { readonly usage: typeof GPUBufferUsage; readonly map: typeof GPUMapMode };
}

/** @throws LarmorError 70 when the adapter is gone or gives no device */
export async function openDevice(description: AdapterDescription): Promise<OpenDevice> {
  const dawn = await loadDawn();
  const adapter = await selectAdapter(dawn, description).requestAdapter();
  if (!adapter) throw new LarmorError(EXIT.internal, `the GPU ${description.name} is no longer there`);
  const requiredLimits = Object.fromEntries(LIMITS.map((limit) => [limit, adapter.limits[limit]]));
  const device = await adapter.requestDevice({ requiredLimits });
  const { GPUBufferUsage: usage, GPUMapMode: map } = dawn.globals as unknown as {
    GPUBufferUsage: typeof GPUBufferUsage;
    GPUMapMode: typeof GPUMapMode;
  };
  return { device, flags: { usage, map } };
}

export interface Kernels {
  readonly pipelines: ReadonlyMap<KernelName, GPUComputePipeline>;
  /** Bindings of walk and fold, and of the readouts. */
  readonly walkLayout: GPUBindGroupLayout;
  readonly readLayout: GPUBindGroupLayout;
}

/** Values of the kernels' `override` constants, by name. */
export type Constants = Readonly<Record<string, number>>;

/**
 * @param constants those of walk and fold, and those of the readouts: a pipeline accepts no others
 */
export async function compileKernels(
  device: GPUDevice,
  forms: ReadonlySet<Form>,
  fold: boolean,
  constants: { readonly walk: Constants; readonly read: Constants },
): Promise<Kernels> {
  const layout = (...types: GPUBufferBindingType[]): GPUBindGroupLayout =>
    device.createBindGroupLayout({
      entries: types.map((type, binding) => ({
        binding,
        visibility: 4, // GPUShaderStage.COMPUTE
        buffer: { type, hasDynamicOffset: type === 'uniform', minBindingSize: type === 'uniform' ? 32 : 0 },
      })),
    });
  const walkLayout = layout(
    'uniform',
    'read-only-storage',
    'storage',
    'read-only-storage',
    'read-only-storage',
    'storage',
    'storage',
  );
  const readLayout = layout(
    'uniform',
    'read-only-storage',
    'read-only-storage',
    'storage',
    'read-only-storage',
    'read-only-storage',
    'read-only-storage',
  );
  const compile = (code: string, entryPoint: string, own: GPUBindGroupLayout, values: Constants) =>
    device.createComputePipelineAsync({
      layout: device.createPipelineLayout({ bindGroupLayouts: [own] }),
      compute: { module: device.createShaderModule({ code }), entryPoint, constants: values },
    });
  const walks: KernelName[] = fold ? ['walk', 'fold'] : ['walk'];
  const pipelines = await Promise.all([
    ...walks.map(async (name) => [name, await compile(walk, name, walkLayout, constants.walk)] as const),
    ...[...forms].map(
      async (form) => [form, await compile(READOUTS[form], 'main', readLayout, constants.read)] as const,
    ),
  ]);
  return { pipelines: new Map(pipelines), walkLayout, readLayout };
}
