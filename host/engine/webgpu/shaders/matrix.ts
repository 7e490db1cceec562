/**
 * WGSL of lines that share a trajectory (Cartesian lines, echo trains, repeated spirals), as a
 * product of complex matrices: A of 64 lines × a chunk of spins times W of the chunk × 64 samples.
 * W is computed once for the 64 lines, in workgroup memory, so 4 FMAs per spin, line and sample
 * remain: the theoretical limit is an eighth of the card's FP32 operations per second.
 *
 * 256 threads keep 4 × 4 complex sums each in registers and process the chunk in panels of 16
 * spins: two 16-byte reads of each operand feed 64 FMAs, the ratio of a classic 8 × 8 real product.
 * Rows of A are padded to 17 vectors so that eight spins fall into different banks when stored
 * across. Equally spaced samples come as geometric series of four from a directly evaluated first
 * one (5 % of the product's work), others each directly (17 %).
 */
import { readout } from './readout.ts';

/** Lines and samples of one workgroup. */
export const MATRIX = { lines: 64, samples: 64 } as const;

const shared = /* wgsl */ `
var<workgroup> aRe: array<vec4<f32>, 272>;
var<workgroup> aIm: array<vec4<f32>, 272>;
var<workgroup> wRe: array<vec4<f32>, 256>;
var<workgroup> wIm: array<vec4<f32>, 256>;
`;

/** Evolutions of 256 spins at a time, one per thread, so that their cost is negligible. */
const linearFill = /* wgsl */ `
var<workgroup> turnOf: array<vec2<u32>, 256>;
var<workgroup> stepOf: array<vec4<f32>, 256>;

fn stage(t: u32, first: u32, panel: u32, wave: u32) {
  if (panel + t < CHUNK) {
    let own = evolution(first + panel + t, wave);
    turnOf[t] = vec2(own.turn, bitcast<u32>(own.fraction));
    stepOf[t] = vec4(own.step, own.rate, 0.0);
  }
}

fn fill(t: u32, spin: u32, panelSpin: u32, sample: u32, wave: u32) {
  let turn = turnOf[panelSpin & 255u];
  let step = stepOf[panelSpin & 255u];
  let w0 = evolved(turn.x, bitcast<f32>(turn.y), step.z, sample);
  let w1 = vec2(w0.x * step.x - w0.y * step.y, w0.x * step.y + w0.y * step.x);
  let w2 = vec2(w1.x * step.x - w1.y * step.y, w1.x * step.y + w1.y * step.x);
  let w3 = vec2(w2.x * step.x - w2.y * step.y, w2.x * step.y + w2.y * step.x);
  wRe[t] = vec4(w0.x, w1.x, w2.x, w3.x);
  wIm[t] = vec4(w0.y, w1.y, w2.y, w3.y);
}
`;

const directFill = /* wgsl */ `
fn stage(t: u32, first: u32, panel: u32, wave: u32) {}

fn fill(t: u32, spin: u32, panelSpin: u32, sample: u32, wave: u32) {
  let v = coordinates(spin);
  let X = integers(v);
  let rate = 1.0 / spins[5u * CAPACITY + spin];
  let shape = waves[3u * wave + 2u];
  var w: array<vec2<f32>, 4>;
  for (var j = 0u; j < 4u; j++) {
    let at = 3u * (shape.z + min(sample + j, shape.y - 1u));
    let phase = turns(X, v, points[at], bitcast<vec4<f32>>(points[at + 1u]));
    w[j] = decay(bitcast<f32>(points[at + 2u].x) * rate) * cosSin(phase);
  }
  wRe[t] = vec4(w[0].x, w[1].x, w[2].x, w[3].x);
  wIm[t] = vec4(w[0].y, w[1].y, w[2].y, w[3].y);
}
`;

/** W is stored as decay × (cos, sin) of a clockwise turn, so s = A·(cos − i sin). */
const multiplyAdd = ['x', 'y', 'z', 'w']
  .map((c, line) => `re${line} += ar.${c} * wr + ai.${c} * wi; im${line} += ai.${c} * wr - ar.${c} * wi;`)
  .join('\n      ');

const body = /* wgsl */ `
/**
 * dispatch.a: first chunk, wave, first slot, lines; dispatch.b.x: first line. Grid: samples/64,
 * lines/64, chunks
 */
@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) t: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let chunk = dispatch.a.x + group.z;
  let wave = dispatch.a.y;
  let first = chunk * CHUNK;
  let lineCount = dispatch.a.w;
  let across = t & 15u;
  let down = t >> 4u;
  let row = 64u * group.y + 4u * down;
  let slots = (dispatch.a.z + min(vec4(row) + vec4(0u, 1u, 2u, 3u), vec4(lineCount - 1u))) * CAPACITY;
  // Within a warp of 32 threads 4 × 8 blocks of sums, so that it reads few different vectors.
  let sampleBlock = (t & 7u) | ((t >> 2u) & 8u);
  let lineBlock = ((t >> 3u) & 3u) | ((t >> 4u) & 12u);

  var re0 = vec4(0.0); var re1 = vec4(0.0); var re2 = vec4(0.0); var re3 = vec4(0.0);
  var im0 = vec4(0.0); var im1 = vec4(0.0); var im2 = vec4(0.0); var im3 = vec4(0.0);
  var a0 = starts[slots.x + first + across];
  var a1 = starts[slots.y + first + across];
  var a2 = starts[slots.z + first + across];
  var a3 = starts[slots.w + first + across];
  for (var panel = 0u; panel < CHUNK; panel += 16u) {
    workgroupBarrier();
    if ((panel & 255u) == 0u) {
      stage(t, first, panel, wave);
      workgroupBarrier();
    }
    aRe[17u * across + down] = vec4(a0.x, a1.x, a2.x, a3.x);
    aIm[17u * across + down] = vec4(a0.y, a1.y, a2.y, a3.y);
    fill(t, first + panel + down, panel + down, 64u * group.x + 4u * across, wave);
    workgroupBarrier();
    // The next panel's lines are on their way while this one is multiplied.
    if (panel + 16u < CHUNK) {
      let loaded = first + panel + 16u + across;
      a0 = starts[slots.x + loaded];
      a1 = starts[slots.y + loaded];
      a2 = starts[slots.z + loaded];
      a3 = starts[slots.w + loaded];
    }
    for (var s = 0u; s < 16u; s++) {
      let ar = aRe[17u * s + lineBlock];
      let ai = aIm[17u * s + lineBlock];
      let wr = wRe[16u * s + sampleBlock];
      let wi = wIm[16u * s + sampleBlock];
      ${multiplyAdd}
    }
  }

  let tile = chunk / CHUNKS_PER_TILE;
  let samples = waves[3u * wave + 2u].y;
  let re = array(re0, re1, re2, re3);
  let im = array(im0, im1, im2, im3);
  for (var i = 0u; i < 4u; i++) {
    let line = 64u * group.y + 4u * lineBlock + i;
    if (line >= lineCount) { break; }
    let sum = lines[dispatch.b.x + line].x;
    for (var j = 0u; j < 4u; j++) {
      let k = 64u * group.x + 4u * sampleBlock + j;
      if (k < samples) { addSample(sum + k, vec2(re[i][j], im[i][j]), tile); }
    }
  }
}
`;

export const matrixLinear = readout + shared + linearFill + body;
export const matrixDirect = readout + shared + directFill + body;
