/** What Larmor asks of V8. Both are flags of Node 20; later Nodes know neither, need neither and ignore them. */
import v8 from 'node:v8';

/** Lets WASM use relaxed SIMD, on this thread and on workers started later. */
export function allowRelaxedSimd(): void {
  if (Number(process.versions.node.split('.')[0]) < 22) v8.setFlagsFromString('--experimental-wasm-relaxed-simd');
}

/**
 * V8 waits longer before it optimises a function: a short run is over before most of them repay the compiler. Saves 15 ms
 * where 10⁶ spins of the built-in head are read and costs 0.1 s, once, where a sequence of 10 MB is.
 */
export function optimiseLater(): void {
  // Bytes of bytecode between two looks at a function; V8 takes 67 584. From 3·10⁶ on a phantom of 10⁶ spins takes longer.
  v8.setFlagsFromString('--interrupt-budget=300000');
}
