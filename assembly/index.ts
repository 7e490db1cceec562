/** What the host calls. */
export { heapBase, recordBytes, scratchBytes } from './layout';
export { probeFused } from './simd';
export { composeNodes } from './tables';
export { gatherSums } from './sums';
export { startThread, wasi_thread_start, work } from './threads';
