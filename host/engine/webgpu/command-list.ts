/**
 * The commands of a batch, prepared once and submitted for every batch of the same size: dispatches
 * in order, each with its parameters in one uniform buffer, without any action of the host in
 * between.
 */
import type { Kernels, OpenDevice } from './kernels.ts';
import type { Dispatch } from './schedule.ts';

/** Storage buffers of walk and fold, and of the readouts, from binding 1 on. */
export interface PartBuffers {
  readonly walk: readonly GPUBuffer[];
  readonly read: readonly GPUBuffer[];
}

/** Dispatches that share their buffers. */
interface Part {
  readonly walk: GPUBindGroup;
  readonly read: GPUBindGroup;
  readonly dispatches: readonly Dispatch[];
}

export interface CommandList {
  readonly tiles: number;
  readonly parameters: GPUBuffer;
  readonly parts: readonly Part[];
}

/** Distance of dispatch parameters: the alignment that every adapter supports. */
const PARAMETER_BYTES = 256;
/** `dispatch` of the kernels. */
const DISPATCH_BYTES = 32;

export function makeCommandList(
  { device, flags }: OpenDevice,
  { walkLayout, readLayout }: Kernels,
  tiles: number,
  parts: readonly { readonly buffers: PartBuffers; readonly dispatches: readonly Dispatch[] }[],
): CommandList {
  const all = parts.flatMap(({ dispatches }) => dispatches);
  const words = new Uint32Array((all.length * PARAMETER_BYTES) / 4);
  for (const [n, { parameters }] of all.entries()) words.set(parameters, (n * PARAMETER_BYTES) / 4);
  const usage = flags.usage.UNIFORM | flags.usage.COPY_DST;
  const parameters = device.createBuffer({ size: words.byteLength, usage });
  device.queue.writeBuffer(parameters, 0, words);
  const bind = (layout: GPUBindGroupLayout, buffers: readonly GPUBuffer[]): GPUBindGroup => {
    const storage = buffers.map((buffer, n) => ({ binding: n + 1, resource: { buffer } }));
    const uniform = { binding: 0, resource: { buffer: parameters, size: DISPATCH_BYTES } };
    return device.createBindGroup({ layout, entries: [uniform, ...storage] });
  };
  return {
    tiles,
    parameters,
    parts: parts.map(({ buffers, dispatches }) => ({
      walk: bind(walkLayout, buffers.walk),
      read: bind(readLayout, buffers.read),
      dispatches,
    })),
  };
}

/** Queues all dispatches in order, a command buffer for about every `limit` operations. */
export function submitCommands(device: GPUDevice, { pipelines }: Kernels, { parts }: CommandList, limit: number): void {
  let encoder = device.createCommandEncoder();
  let pass = encoder.beginComputePass();
  let cost = 0;
  let n = 0;
  const submit = (): void => {
    pass.end();
    device.queue.submit([encoder.finish()]);
  };
  for (const { walk, read, dispatches } of parts) {
    for (const { kernel, groups, cost: more } of dispatches) {
      if (cost > 0 && cost + more > limit) {
        submit();
        encoder = device.createCommandEncoder();
        pass = encoder.beginComputePass();
        cost = 0;
      }
      pass.setPipeline(pipelines.get(kernel)!);
      pass.setBindGroup(0, kernel === 'walk' || kernel === 'fold' ? walk : read, [PARAMETER_BYTES * n++]);
      pass.dispatchWorkgroups(...groups);
      cost += more;
    }
  }
  submit();
}
