/** Functions that the host calls. */
export { heapBase, scratchBytes } from './scratch';
export { probeFused } from './simd';
export { evaluatePulseAtNodes } from './tables';
export { gatherSums } from './sums';
export { startThread, wasi_thread_start, work } from './threads';
