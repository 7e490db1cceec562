/**
 * Which kernel build runs here: relaxed SIMD if this version of Node supports it, else plain SIMD;
 * and `wide`, with products laid out for 256-bit vectors, if V8 combines two neighbouring vectors
 * to one. The builds may differ in the last bits, so the choice is part of the engine's `build` and
 * of the plan's hash.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { assetPath } from '../../base/assets.ts';
import { EXIT, LarmorError } from '../../base/errors.ts';
import { allowRelaxedSimd, allowWideSimd, RUNTIME } from '../../base/v8-flags.ts';
import type { ComposesPulses } from '../../program/pulses/table.ts';

export type KernelBuild = 'wide' | 'relaxed' | 'simd';

export interface Kernels {
  readonly module: WebAssembly.Module;
  readonly build: KernelBuild;
  /** Digest of the kernels' bytes, which distinguishes two compilations of one version. */
  readonly digest: string;
}

/**
 * An instance for queries, with one page of memory: V8 reserves 10 GiB of address space for each
 * instance, so there is only one.
 */
export interface Probe {
  readonly memory: WebAssembly.Memory;
  readonly exports: KernelExports;
}

const probes = new Map<WebAssembly.Module, Probe>();

export function probeOf({ module }: Kernels): Probe {
  const known = probes.get(module);
  if (known !== undefined) return known;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  const probe = { memory, exports: instantiate(module, memory) };
  probes.set(module, probe);
  return probe;
}

/** What the kernels export; see `assembly/index.ts`. */
export interface KernelExports extends ComposesPulses {
  heapBase(): number;
  scratchBytes(job: number): number;
  probeFused(x: number): number;
  startThread(start: number): number;
  gatherSums(job: number): void;
  work(job: number, tile: number, thread: number): void;
}

const loaded = new Map<KernelBuild | undefined, Kernels>();

/** @param wanted a build to insist on; default: the fastest that validates */
export function loadKernels(wanted?: KernelBuild): Kernels {
  const known = loaded.get(wanted);
  if (known !== undefined) return known;
  allowRelaxedSimd();
  const fastest = allowWideSimd() ? 'wide' : 'relaxed';
  for (const build of wanted === undefined ? ([fastest, 'simd'] as const) : [wanted]) {
    const bytes = readKernel(`wasm/${build === 'simd' ? 'simd' : 'relaxed'}.wasm`);
    const module = compile(bytes);
    if (module === undefined) continue;
    const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 8);
    const kernels = { module, build, digest };
    loaded.set(wanted, kernels);
    return kernels;
  }
  throw new LarmorError(EXIT.internal, `no build of the kernels runs on Node ${process.version}; use Node 20 or newer`);
}

/**
 * Undefined if V8 does not know these instructions. (Calling `WebAssembly.validate` first would
 * parse the module twice.)
 */
function compile(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module | undefined {
  try {
    return new WebAssembly.Module(bytes);
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return undefined;
    throw error;
  }
}

function readKernel(name: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(assetPath(name)));
  } catch (error) {
    throw new LarmorError(EXIT.internal, `${assetPath(name)} is missing; run \`npm run build\``, { cause: error });
  }
}

/**
 * Imports of the kernels except threads: the memory, and a replacement of the wait instruction that
 * works in Node 20.
 */
export function kernelImports(memory: WebAssembly.Memory): WebAssembly.Imports {
  const words = new Int32Array(memory.buffer);
  return {
    env: {
      memory,
      abort: () => {
        throw new Error('kernel aborted');
      },
    },
    host: {
      wait: (address: number, expected: number) => {
        Atomics.wait(words, address >>> 2, expected);
      },
    },
  };
}

/**
 * `relaxed-fused 1f2e3d4c node 20.20.2`: everything about this engine that may change a bit of the
 * result.
 */
export function describeBuild({ build, digest }: Kernels, exports: KernelExports): string {
  const fused = exports.probeFused(1 + 2 ** -30) !== 0;
  return `${build}-${fused ? 'fused' : 'unfused'} ${digest} ${RUNTIME}`;
}

/** The build that an engine made here would have, without making one. */
export function wasmBuild(wanted?: KernelBuild): string {
  const kernels = loadKernels(wanted);
  return describeBuild(kernels, probeOf(kernels).exports);
}

/** The kernels on this thread, with no way to start others. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): KernelExports {
  const imports = { ...kernelImports(memory), wasi: { 'thread-spawn': () => -1 } };
  return new WebAssembly.Instance(module, imports).exports as unknown as KernelExports;
}
