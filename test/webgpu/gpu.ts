/**
 * GPUs for tests: the two Vulkan drivers in software that `scripts/setup.mjs` installs, and
 * whatever real card the machine has. A driver that is missing skips its test aloud, or fails it
 * with CI=true.
 */
import { existsSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  type AdapterDescription,
  listAdapters,
  makeWebgpuEngine,
  type WebgpuEngine,
} from '../../host/engine/webgpu/index.ts';
import { buildName } from '../../host/engine/webgpu/kernels.ts';
import { randomNumbers } from '../../host/numerics/random.ts';
import type { PhantomSource, SpinBlock } from '../../host/phantom/types.ts';
import { makePlan, type Plan } from '../../host/run/plan.ts';
import type { Timeline } from '../../host/timeline/types.ts';
import { phantomOf, type Spin, spinsOf } from '../../testing/run.ts';
import { absent } from '../../testing/tools.ts';

// A test file run by itself finds SwiftShader too. It must be known before the first worker loads
// the Vulkan loader.
const swiftShader = fileURLToPath(new URL('../../build/swiftshader/vk_swiftshader_icd.json', import.meta.url));
if (!process.env.VK_ADD_DRIVER_FILES && existsSync(swiftShader)) process.env.VK_ADD_DRIVER_FILES = swiftShader;
process.env.XDG_RUNTIME_DIR ??= '/tmp';

/** What the tests know the two drivers by, and the Debian package that holds each. */
export const DRIVERS = [
  { name: 'SwiftShader', aptPackage: 'libvulkan1 chromium-common' },
  { name: 'llvmpipe', aptPackage: 'libvulkan1 mesa-vulkan-drivers/bookworm-backports' },
] as const;
export type Driver = (typeof DRIVERS)[number];

let adapters: Promise<readonly AdapterDescription[]> | undefined;

/** The adapter of a driver, or undefined after the test was skipped. */
export async function requireAdapter(
  t: TestContext,
  { name, aptPackage }: Driver,
): Promise<AdapterDescription | undefined> {
  adapters ??= listAdapters();
  const found = (await adapters).find((adapter) => adapter.name.includes(name));
  if (!found) absent(t, `no Vulkan driver ${name}`, aptPackage);
  return found;
}

export interface GpuRun {
  readonly engine: WebgpuEngine;
  readonly plan: Plan;
}

/** An engine ready to run; whoever asks closes it. */
export async function gpuEngine(
  adapter: AdapterDescription,
  timeline: Timeline,
  phantom: PhantomSource | SpinBlock,
  tileSize?: number,
  batchTiles?: number,
): Promise<GpuRun> {
  const source = 'spinCount' in phantom ? phantom : phantomOf(phantom);
  const options = {
    version: '0',
    precision: 'f32',
    engineBuild: buildName(adapter),
    ...(tileSize ? { tileSize } : {}),
  } as const;
  const plan = makePlan([timeline], source, options);
  const engine = await makeWebgpuEngine(
    { timelines: [timeline], source, ...plan },
    { adapter: adapter.index, allowSoftware: false, ...(batchTiles ? { batchTiles } : {}) },
  );
  return { engine, plan };
}

/**
 * Spins spread over a box of half width `reach` [m] (a tenth of it along z), with everything about
 * them different.
 */
export function scatteredSpins(count: number, reach: number, more: (n: number) => Spin = () => ({})): SpinBlock {
  const next = randomNumbers(12345);
  /** In [−1, 1). */
  const random = (): number => 2 * next() - 1;
  const spin = (_: unknown, n: number): Spin => ({
    x: reach * random(),
    y: reach * random(),
    z: 0.1 * reach * random(),
    density: 0.6 + 0.4 * random(),
    T1: 0.8 + 0.5 * random(),
    T2: 0.09 + 0.05 * random(),
    offset: 60 * random(),
    ...more(n),
  });
  return spinsOf(Array.from({ length: count }, spin));
}
