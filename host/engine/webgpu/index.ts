/** The public part of the WebGPU engine. Importing it loads neither Dawn nor a driver. */
export { type AdapterDescription, chooseAdapter } from './adapters.ts';
export { DeviceLost, makeWebgpuEngine, type WebgpuEngine } from './engine.ts';
export { buildName } from './kernels.ts';
export { listAdapters, probeAdapter } from './thread.ts';
export { vulkanFindings } from './vulkan.ts';
export { gpuWorthwhile } from './worth.ts';
