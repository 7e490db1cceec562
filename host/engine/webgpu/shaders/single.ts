/**
 * WGSL of lines that share their trajectory with few others in their range. Each is summed
 * separately; W stays in registers.
 *
 * `line`, equally spaced samples: a thread takes runs of 16 samples, the first evaluated directly,
 * the rest by complex recurrence (4 FMAs and 2 additions per sample; the error of 16 steps is at
 * most 1e-6). Four threads share a run, each with every fourth spin. `scattered`, any samples
 * (spirals): four samples per thread, with phase, sine and decay of each computed directly, 40
 * operations per spin and sample.
 */
import { readout } from './readout.ts';

/** Samples of one workgroup, in both forms. */
export const SINGLE_SAMPLES = 256;

const RUN = Array.from({ length: 16 }, (_, j) => j);

/** How either begins: its line, chunk and first spin. */
const opening = /* wgsl */ `@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) t: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let own = lines[dispatch.a.z + group.y];
  if (256u * group.x >= own.w) { return; }
  let chunk = dispatch.a.x + group.z;
  let first = chunk * CHUNK;`;

export const line = /* wgsl */ `
${readout}
var<workgroup> turnOf: array<vec4<u32>, 64>;
var<workgroup> startOf: array<vec4<f32>, 64>;
var<workgroup> parts: array<vec2<f32>, 1024>;

/** dispatch.a: first chunk, –, first line, –. Grid: samples/256, lines, chunks */
${opening}
  let share = t & 3u;
  let k = 256u * group.x + 16u * (t >> 2u);
  ${RUN.map((j) => `var s${j} = vec2(0.0);`).join(' ')}
  for (var panel = 0u; panel < CHUNK; panel += 64u) {
    workgroupBarrier();
    let mine = panel + t;
    if (mine < CHUNK) {
      let e = evolution(first + mine, own.y);
      turnOf[t] = vec4(e.turn, bitcast<u32>(e.fraction), bitcast<u32>(e.step.x), bitcast<u32>(e.step.y));
      startOf[t] = vec4(starts[own.z * CAPACITY + first + mine], e.rate, 0.0);
    }
    workgroupBarrier();
    for (var n = share; n < min(64u, CHUNK - panel); n += 4u) {
      let turn = turnOf[n];
      let start = startOf[n];
      let step = bitcast<vec2<f32>>(turn.zw);
      var m = clockwise(start.xy, evolved(turn.x, bitcast<f32>(turn.y), start.z, k));
      s0 += m;
      ${RUN.slice(1)
        .map((j) => `m = m.x * vec2(step.x, -step.y) + m.y * vec2(step.y, step.x); s${j} += m;`)
        .join('\n      ')}
    }
  }
  let at = 256u * share + 16u * (t >> 2u);
  ${RUN.map((j) => `parts[at + ${j}u] = s${j};`).join(' ')}
  workgroupBarrier();
  for (var n = t; n < 256u; n += 64u) {
    let sample = 256u * group.x + n;
    if (sample < own.w) {
      let signal = (parts[n] + parts[256u + n]) + (parts[512u + n] + parts[768u + n]);
      addSample(own.x + sample, signal, chunk / CHUNKS_PER_TILE);
    }
  }
}
`;

export const scattered = /* wgsl */ `
${readout}
var<workgroup> integersOf: array<vec4<i32>, 64>;
var<workgroup> placeOf: array<vec4<f32>, 64>;
var<workgroup> startOf: array<vec4<f32>, 64>;

/** As line(). */
${opening}
  let firstPoint = waves[3u * own.y + 2u].z;
  ${[0, 1, 2, 3]
    .map(
      (j) => `
  let k${j} = 256u * group.x + ${64 * j}u + t;
  let p${j} = 3u * (firstPoint + min(k${j}, own.w - 1u));
  let hi${j} = points[p${j}];
  let lo${j} = bitcast<vec4<f32>>(points[p${j} + 1u]);
  let t${j} = bitcast<f32>(points[p${j} + 2u].x);
  var s${j} = vec2(0.0);`,
    )
    .join('')}
  for (var panel = 0u; panel < CHUNK; panel += 64u) {
    workgroupBarrier();
    let mine = panel + t;
    if (mine < CHUNK) {
      let spin = first + mine;
      let v = coordinates(spin);
      placeOf[t] = v;
      integersOf[t] = integers(v);
      startOf[t] = vec4(starts[own.z * CAPACITY + spin], 1.0 / spins[5u * CAPACITY + spin], 0.0);
    }
    workgroupBarrier();
    for (var n = 0u; n < min(64u, CHUNK - panel); n++) {
      let v = placeOf[n];
      let X = integersOf[n];
      let start = startOf[n];
      ${[0, 1, 2, 3]
        .map((j) => `s${j} += clockwise(start.xy, decay(t${j} * start.z) * cosSin(turns(X, v, hi${j}, lo${j})));`)
        .join('\n      ')}
    }
  }
  let tile = chunk / CHUNKS_PER_TILE;
  ${[0, 1, 2, 3].map((j) => `if (k${j} < own.w) { addSample(own.x + k${j}, s${j}, tile); }`).join('\n  ')}
}
`;
