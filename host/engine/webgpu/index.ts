/** The WebGPU engine as the rest of Larmor sees it. Importing it loads neither Dawn nor a driver. */
export { type AdapterDescription, chooseAdapter, WEBGPU_PACKAGE } from './adapters.ts';
export { DeviceLost, makeWebgpuEngine, type WebgpuEngine, type WebgpuOptions } from './engine.ts';
export { buildName } from './kernels.ts';
export type { ProbeResult } from './messages.ts';
export { listAdapters, probeAdapter } from './thread.ts';
export { vulkanFindings } from './vulkan.ts';
export { gpuWorthwhile, operations } from './worth.ts';
