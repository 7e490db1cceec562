/** The WebGPU engine as the rest of Larmor sees it. Importing it loads neither Dawn nor a driver. */
export { type AdapterDescription, chooseAdapter } from './adapters.ts';
export { DeviceLost, makeWebgpuEngine, type WebgpuEngine } from './engine.ts';
export { buildName } from './kernels.ts';
export { listAdapters, probeAdapter } from './thread.ts';
export { vulkanFindings } from './vulkan.ts';
export { gpuWorthwhile } from './worth.ts';
