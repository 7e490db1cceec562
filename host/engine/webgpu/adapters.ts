/**
 * Lists GPUs and selects the one of a run. npm `webgpu` (Dawn) is an optional peer package of 132
 * MB, so it is not imported when modules load: `loadDawn` imports it, and reports what to install
 * if it fails.
 *
 * WebGPU itself offers one adapter per power preference. Dawn's Node binding can open any by name,
 * and lists the names in its error message for an unknown one; there is no other way to list them
 * all.
 */
import { usage } from '../../base/errors.ts';

type Dawn = typeof import('webgpu');

export interface AdapterDescription {
  /** Place in the list: `--gpu N`. */
  readonly index: number;
  /**
   * As Dawn selects it. Identical cards have identical names, and a name selects the first of them.
   */
  readonly name: string;
  /** vulkan, metal, d3d12 … */
  readonly backend: string;
  readonly vendor: string;
  readonly architecture: string;
  /** Driver and version as the backend reports them. */
  readonly driver: string;
  /** Vulkan in software: slower than the WASM engine, for tests. */
  readonly software: boolean;
  /** How many adapters of the list bear this name, itself included. */
  readonly alike: number;
  readonly limits: Readonly<Record<(typeof LIMITS)[number], number>>;
}

/** Limits that determine the size of a batch; the largest values are requested for a device. */
export const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
] as const;

/** Requirements of the kernels; every GPU of the last ten years meets them. */
const NEEDED = { maxComputeWorkgroupStorageSize: 24 * 1024, maxComputeInvocationsPerWorkgroup: 256 } as const;

/**
 * Our kernels index within their buffers by construction; Dawn's own clamping of every access costs
 * registers and time.
 */
const DAWN_OPTIONS = ['enable-dawn-features=disable_robustness'];

export const WEBGPU_PACKAGE = 'webgpu@0.6.2';

const DRIVER_ADVICE =
  'on Linux install the Vulkan loader (Debian: libvulkan1) and your GPU’s Vulkan driver with its ICD file under ' +
  '/usr/share/vulkan/icd.d, in a container with NVIDIA_DRIVER_CAPABILITIES=all or `apptainer --nv`; see docs/how-to/gpu.md';

/** @throws LarmorError 2 naming the install line when the package is not there or does not load */
export async function loadDawn(): Promise<Dawn> {
  try {
    return await import('webgpu');
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND' ? 'is not installed' : 'does not load';
    throw usage(
      `the GPU engine needs the package webgpu, which ${reason}`,
      `npm install ${WEBGPU_PACKAGE} beside larmor (glibc 2.34 or newer), or use --engine wasm`,
    );
  }
}

/** Names and backends of all adapters, in Dawn's order. */
async function adapterNames({ create }: Dawn): Promise<{ backend: string; name: string }[]> {
  let text = '';
  try {
    await create(['adapter=\u0001 no adapter has this name']).requestAdapter();
  } catch (error) {
    text = (error as Error).message;
  }
  return [...text.matchAll(/backend: '([^']*)', name: '(.*)'/g)].map(([, backend, name]) => ({
    backend: backend!,
    name: name!,
  }));
}

/**
 * Dawn's GPU objects of this thread. Objects created from one are invalid without it, and crash the
 * process, even if only the garbage collector has freed it; so they are referenced until the thread
 * ends.
 */
const held = new Set<GPU>();

/** A GPU object of Dawn restricted to one adapter. */
export function selectAdapter({ create }: Dawn, { name, backend }: Pick<AdapterDescription, 'name' | 'backend'>): GPU {
  const gpu = create([...DAWN_OPTIONS, `backend=${backend}`, `adapter=${name}`]);
  held.add(gpu);
  return gpu;
}

/** To be called when Dawn is not used any more: Node does not exit while a GPU object exists. */
export function releaseDawn(): void {
  held.clear();
}

/**
 * All usable adapters, real ones first. Empty when there is no driver.
 * @throws LarmorError 2 when the package webgpu is missing
 */
export async function describeAdapters(): Promise<AdapterDescription[]> {
  const dawn = await loadDawn();
  const found: Omit<AdapterDescription, 'index' | 'alike'>[] = [];
  for (const { name, backend } of await adapterNames(dawn)) {
    if (backend === 'null') continue;
    const gpu = selectAdapter(dawn, { name, backend });
    const adapter = await gpu.requestAdapter().catch(() => null);
    if (!adapter) continue;
    const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
    const limits = Object.fromEntries(LIMITS.map((limit) => [limit, adapter.limits[limit]])) as Record<
      (typeof LIMITS)[number],
      number
    >;
    if (Object.entries(NEEDED).some(([limit, least]) => limits[limit as keyof typeof NEEDED] < least)) continue;
    found.push({ name, backend, vendor, architecture, driver: description, software: isFallbackAdapter, limits });
  }
  const ordered = [...found.filter(({ software }) => !software), ...found.filter(({ software }) => software)];
  return ordered.map((adapter, index) => ({
    ...adapter,
    index,
    alike: ordered.filter(({ name }) => name === adapter.name).length,
  }));
}

/**
 * The adapter of a run.
 * @param wanted index in the list, or part of a name; default: the first real GPU
 * @param allowSoftware whether the default may be a software adapter if there is no other; one that
 * is requested always may
 * @throws LarmorError 2 with the list of adapters, or how to install a driver
 */
export function chooseAdapter(
  adapters: readonly AdapterDescription[],
  wanted: number | string | undefined,
  allowSoftware: boolean,
): AdapterDescription {
  if (adapters.length === 0) throw usage('no GPU is visible through Vulkan, Metal or Direct3D', DRIVER_ADVICE);
  const list = adapters
    .map(({ index, name, software }) => `${index} ${name}${software ? ' (software)' : ''}`)
    .join(', ');
  if (wanted === undefined) {
    const chosen = adapters.find(({ software }) => !software || allowSoftware);
    if (!chosen)
      throw usage(`there are only software adapters (${list})`, `ask for one with --gpu, or ${DRIVER_ADVICE}`);
    return chosen;
  }
  if (typeof wanted === 'number' || /^\d+$/.test(wanted)) {
    const chosen = adapters[Number(wanted)];
    if (!chosen) throw usage(`there is no GPU ${wanted}`, `there are ${list}`);
    return chosen;
  }
  const matching = adapters.filter(({ name }) => name.toLowerCase().includes(wanted.toLowerCase()));
  const exact = matching.find(({ name }) => name === wanted);
  if (matching.length === 0) throw usage(`no GPU's name contains '${wanted}'`, `there are ${list}`);
  if (!exact && new Set(matching.map(({ name }) => name)).size > 1)
    throw usage(`'${wanted}' matches several GPUs`, `there are ${list}`);
  return exact ?? matching[0];
}
