/** What Larmor asks of V8, by flags. A V8 that does not know one says so on stderr, so those of Node 20 alone are for Node 20 alone. */
import { closeSync, openSync, readSync } from 'node:fs';
import v8 from 'node:v8';

const MAJOR = Number(process.versions.node.split('.')[0]);
const IS_NODE_20 = MAJOR < 22;
/** Nodes whose V8 joins vectors and gains by it: that of Node 22 gains nothing, that of Node 26 dies of it while it compiles the kernels. */
const WIDE = { from: 24, to: 25 } as const;

/** Lets WASM use relaxed SIMD, on this thread and on workers started later. */
export function allowRelaxedSimd(): void {
  if (IS_NODE_20) v8.setFlagsFromString('--experimental-wasm-relaxed-simd');
}

/**
 * Lets V8 make one operation on 256 bits of two on neighbouring vectors, on this thread and on workers started later.
 * @returns whether it does on this machine
 */
export function allowWideSimd(): boolean {
  const isWide = MAJOR >= WIDE.from && MAJOR <= WIDE.to && process.arch === 'x64' && hasAvx2();
  if (isWide) v8.setFlagsFromString('--experimental-wasm-revectorize');
  return isWide;
}

/** By the first processor's flags; false where the system does not say. */
function hasAvx2(): boolean {
  try {
    const file = openSync('/proc/cpuinfo', 'r');
    const text = Buffer.alloc(8192);
    const length = readSync(file, text);
    closeSync(file);
    return /^flags\b.*\bavx2\b/m.test(text.toString('latin1', 0, length));
  } catch {
    return false;
  }
}

/** Leaves out what V8 does ahead or on other threads and a short run is over before it repays. */
export function favourShortRuns(): void {
  // Bytes of bytecode between two looks at a function to be optimised; V8 takes 67 584. Saves 15 ms where 10⁶ spins of the built-in head
  // are read and costs 0.1 s, once, where a sequence of 10 MB is. From 3·10⁶ on a phantom of 10⁶ spins takes longer.
  if (IS_NODE_20) v8.setFlagsFromString('--interrupt-budget=300000');
  // What survives of 2 MB is little: to wake threads for it takes 10 ms more of the default job. A sequence of 100 MB is read as fast.
  v8.setFlagsFromString('--no-parallel-scavenge');
}

/**
 * Compiles WASM from here on once and quickly: for code that runs for a moment. A picture of 1500 pixels across takes 0.8 s of processor
 * time instead of 2.4 s, most of which would go into optimising what has already run. Not for runs: their kernels gain.
 */
export function favourQuickWasm(): void {
  if (MAJOR <= 24) v8.setFlagsFromString('--liftoff-only');
}
