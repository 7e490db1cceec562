/**
 * Measures a card: multiply-adds per second, and the errors of the kernels' sine and decay. The
 * rate determines the size of batches and dispatches, which affects no bits; `larmor doctor` shows
 * both.
 */
import type { OpenDevice } from './kernels.ts';
import { functions } from './shaders/functions.ts';

/**
 * Multiply-adds of one thread of the rate kernel: 4 independent vec4 chains, enough to hide the
 * latency of each.
 */
const CHAIN = 500;
const FMAS = 16 * CHAIN;

const rateKernel = /* wgsl */ `
@group(0) @binding(0) var<storage, read_write> out: array<f32>;
@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) t: u32) {
  let by = vec4(0.999 + f32(t) * 1e-6);
  var a = vec4(1.0); var b = vec4(2.0); var c = vec4(3.0); var d = vec4(4.0);
  for (var n = 0u; n < ${CHAIN}u; n++) {
    a = a * by + by; b = b * by + by; c = c * by + by; d = d * by + by;
  }
  let sum = a + b + c + d;
  if (sum.x + sum.y + sum.z + sum.w < 0.0) { out[t] = sum.x; }
}
`;

const ACCURACY_POINTS = 65536;
/** Largest argument of the decay that is tried. */
const DECAY_REACH = 20;

const accuracyKernel = /* wgsl */ `
${functions}
@group(0) @binding(2) var<storage, read_write> out: array<vec4<f32>>;
@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  out[id.x] = vec4(cosSin(id.x * 65537u), decay(f32(id.x) * ${DECAY_REACH / ACCURACY_POINTS}), 0.0);
}
`;

async function pipelineFor(device: GPUDevice, code: string): Promise<GPUComputePipeline> {
  return device.createComputePipelineAsync({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code }), entryPoint: 'main' },
  });
}

function dispatch(
  device: GPUDevice,
  pipeline: GPUComputePipeline,
  bind: GPUBindGroup,
  groups: number,
): GPUCommandEncoder {
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bind);
  pass.dispatchWorkgroups(groups);
  pass.end();
  return encoder;
}

/** f32 multiply-adds per second, from a dispatch that takes 20 ms or more, twenty polls. */
export async function measureRate({ device, flags }: OpenDevice): Promise<number> {
  const pipeline = await pipelineFor(device, rateKernel);
  const buffer = device.createBuffer({ size: 1024, usage: flags.usage.STORAGE });
  const bind = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer } }],
  });
  /** The first dispatch includes compilation for the card and is not counted. */
  const run = async (groups: number): Promise<void> => {
    device.queue.submit([dispatch(device, pipeline, bind, groups).finish()]);
    await device.queue.onSubmittedWorkDone();
  };
  await run(1);
  let rate = 0;
  for (let groups = 4; groups <= 65535; groups *= 4) {
    const start = performance.now();
    await run(groups);
    const seconds = (performance.now() - start) / 1000;
    rate = (groups * 256 * FMAS) / seconds;
    if (seconds > 0.02) break;
  }
  buffer.destroy();
  return rate;
}

export interface Accuracy {
  /** Largest error of cosine and sine over all phases, and of e^{−y}, relative, over [0, 20). */
  readonly sine: number;
  readonly decay: number;
}

export async function measureAccuracy({ device, flags }: OpenDevice): Promise<Accuracy> {
  const pipeline = await pipelineFor(device, accuracyKernel);
  const size = 16 * ACCURACY_POINTS;
  const buffer = device.createBuffer({ size, usage: flags.usage.STORAGE | flags.usage.COPY_SRC });
  const back = device.createBuffer({ size, usage: flags.usage.MAP_READ | flags.usage.COPY_DST });
  const bind = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 2, resource: { buffer } }],
  });
  const encoder = dispatch(device, pipeline, bind, ACCURACY_POINTS / 256);
  encoder.copyBufferToBuffer(buffer, 0, back, 0, size);
  device.queue.submit([encoder.finish()]);
  await back.mapAsync(flags.map.READ);
  const out = new Float32Array(back.getMappedRange());
  let [sine, decay] = [0, 0];
  for (let n = 0; n < ACCURACY_POINTS; n++) {
    const angle = (2 * Math.PI * ((n * 65537) % 2 ** 32)) / 2 ** 32;
    sine = Math.max(sine, Math.abs(out[4 * n] - Math.cos(angle)), Math.abs(out[4 * n + 1] - Math.sin(angle)));
    const exact = Math.exp((-n * DECAY_REACH) / ACCURACY_POINTS);
    decay = Math.max(decay, Math.abs(out[4 * n + 2] - exact) / exact);
  }
  back.unmap();
  for (const each of [buffer, back]) each.destroy();
  return { sine, decay };
}
