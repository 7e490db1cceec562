/**
 * WGSL that the three readout kernels share: their inputs, and the evolution of a spin within a
 * line. All of them compute s[line, k] = Σ_spin A[line, spin]·W[spin, k] with A = Mxy at the line's
 * first sample and W = e^{−t_k/T2}·e^{−2πi(k_k·r + Δf t_k)}; they differ in how W is shared.
 */
import { functions } from './functions.ts';
import { sums } from './sums.ts';

export const readout = /* wgsl */ `
${functions}
${sums}
/** [slot][CAPACITY] Mxy at the first sample */
@group(0) @binding(2) var<storage, read> starts: array<vec2<f32>>;
/** [line] (first sample of the section's sums, wave, slot, samples) */
@group(0) @binding(4) var<storage, read> lines: array<vec4<u32>>;
/**
 * [wave] 64-bit coefficients of one step hi[4], lo[4], (t of one step [s, f32], samples, first
 * point, –)
 */
@group(0) @binding(5) var<storage, read> waves: array<vec4<u32>>;
/** [point] hi[4], lo[4] (f32), (t [s, f32], –, –, –) of trajectories that are not equally spaced */
@group(0) @binding(6) var<storage, read> points: array<vec4<u32>>;

/** How a spin evolves from one sample to the next on an equally spaced line. */
struct Evolution {
  /** [2⁻³² turns]: whole and fraction, so that thousands of samples may multiply it */
  turn: u32,
  fraction: f32,
  /** dt/T2 */
  rate: f32,
  /** e^{−dt/T2}·(cos, sin) of the turn */
  step: vec2<f32>,
}

fn evolution(spin: u32, wave: u32) -> Evolution {
  let wide = turnsWide(integers(coordinates(spin)), waves[3u * wave], waves[3u * wave + 1u], vec2(0u));
  let rate = bitcast<f32>(waves[3u * wave + 2u].x) / spins[5u * CAPACITY + spin];
  return Evolution(wide.x, f32(wide.y) * 2.3283064365386963e-10, rate, decay(rate) * cosSin(wide.x));
}

/**
 * Decay and (cos, sin) of the phase up to sample k, computed directly: the start of a geometric
 * series.
 */
fn evolved(turn: u32, fraction: f32, rate: f32, k: u32) -> vec2<f32> {
  return decay(f32(k) * rate) * cosSin(k * turn + u32(f32(k) * fraction));
}
`;
