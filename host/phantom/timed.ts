/**
 * Measures how long a run waited for its spins: the cost of a phantom in addition to the kernels.
 */
import type { PhantomSource } from './types.ts';

/** The same phantom; `seconds()` is what its reads have taken so far. */
export function timedReads(source: PhantomSource): { source: PhantomSource; seconds(): number } {
  let total = 0;
  const read: PhantomSource['read'] = (first, count, into) => {
    const begun = performance.now();
    source.read(first, count, into);
    total += performance.now() - begun;
  };
  return { source: { ...source, read }, seconds: () => total / 1e3 };
}
