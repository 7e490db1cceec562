/**
 * V8 flags that Larmor sets. V8 prints a message on stderr for an unknown flag, so flags that only
 * Node 20 has are set on Node 20 only.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import v8 from 'node:v8';

/** The engine that executes the kernels, which may change a bit of the result. */
export const RUNTIME = `node ${process.versions.node}`;

const MAJOR = Number(process.versions.node.split('.')[0]);
const IS_NODE_20 = MAJOR < 22;
/**
 * Versions of Node in which V8's combination of vectors gains speed: Node 22 gains nothing, and
 * Node 26 crashes when it compiles the kernels.
 */
const WIDE = { from: 24, to: 25 } as const;

/** Lets WASM use relaxed SIMD, on this thread and on workers started later. */
export function allowRelaxedSimd(): void {
  if (IS_NODE_20) v8.setFlagsFromString('--experimental-wasm-relaxed-simd');
}

/**
 * Lets V8 combine two operations on neighbouring 128-bit vectors into one of 256 bits, on this
 * thread and on workers started later.
 * @returns whether it does so on this machine
 */
export function allowWideSimd(): boolean {
  const isWide = MAJOR >= WIDE.from && MAJOR <= WIDE.to && process.arch === 'x64' && hasAvx2();
  if (isWide) v8.setFlagsFromString('--experimental-wasm-revectorize');
  return isWide;
}

/** Whether the first processor has AVX2; false if the system does not report it. */
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

/** Turns off what V8 does ahead of time or on other threads, which does not pay in a short run. */
export function favourShortRuns(): void {
  // Bytecode executed [bytes] before V8 reconsiders optimising a function; default 67 584. Saves
  // 15 ms when 10⁶ spins of the built-in head are read, and costs 0.1 s, once, when a sequence of
  // 10 MB is read. From 3·10⁶ on, reading a phantom of 10⁶ spins takes longer.
  if (IS_NODE_20) v8.setFlagsFromString('--interrupt-budget=300000');
  // Scavenges use one thread: little survives a scavenge of 2 MB, and waking threads for it would
  // add 10 ms to the default job. A sequence of 100 MB is read as fast without them.
  v8.setFlagsFromString('--no-parallel-scavenge');
}

/**
 * From now on compiles WASM with the baseline compiler alone, for code that runs only briefly: a
 * picture 1500 pixels wide takes 0.8 s of processor time instead of 2.4 s, most of which would be
 * spent on optimising code that has already run. Not for simulations, whose kernels need it.
 */
export function favourQuickWasm(): void {
  if (MAJOR <= 24) v8.setFlagsFromString('--liftoff-only');
}
