/**
 * WGSL of the exact sums. A workgroup adds the signal of its chunk of spins in f32 in one fixed
 * order, turns the result into a 64-bit integer in units of 2^−SCALE_EXPONENT, and adds that to the
 * sums with integer atomics. Integer addition is associative, so the sums of a batch have the same
 * bits for any schedule of the card and for any tiles in the batch; one number per sample is
 * transferred to the host instead of one per sample and tile.
 *
 * WGSL has no 64-bit atomics: the low words are added first, and an addition that wrapped carries
 * one into the high word. Every wrap is detected by exactly one addition, so the carries are right
 * in any order.
 */
export const sums = /* wgsl */ `
override SCALE_EXPONENT: i32 = 0;
/** Largest signal that a chunk's densities allow, and what rounding may add: so no sum can wrap. */
override LARGEST: f32 = 1.0;
/**
 * Spins whose signal one workgroup adds up; a tile is CHUNKS_PER_TILE of them, the last padded with
 * empty spins.
 */
override CHUNK: u32 = 64u;
override CHUNKS_PER_TILE: u32 = 1u;

/**
 * [0]: ~(first tile of the batch that was not finite or too large), or 0; then from 4 on
 * [sample](re low, high, im low, high)
 */
@group(0) @binding(3) var<storage, read_write> sums: array<atomic<u32>>;

/** Adds round(value·2^SCALE_EXPONENT), halves away from zero, at sums[index], sums[index + 1]. */
fn addExactly(index: u32, value: f32, tile: u32) {
  let bits = bitcast<u32>(value);
  let exponent = (bits >> 23u) & 255u;
  let shift = i32(exponent) - 150 + SCALE_EXPONENT;
  // Not finite, or larger than the densities allow.
  if (exponent == 255u || abs(value) > LARGEST || (exponent != 0u && shift > 39)) {
    atomicMax(&sums[0], ~tile);
    return;
  }
  // Values below the smallest normal number are far below half a unit.
  if (exponent == 0u || shift < -24) { return; }
  let mantissa = (bits & 0x7fffffu) | 0x800000u;
  var low: u32;
  var high = 0u;
  if (shift < 0) {
    low = (mantissa + (1u << u32(-shift - 1))) >> u32(-shift);
  } else if (shift < 32) {
    low = mantissa << u32(shift);
    high = (mantissa >> 1u) >> u32(31 - shift);
  } else {
    low = 0u;
    high = mantissa << u32(shift - 32);
  }
  if ((bits >> 31u) != 0u) {
    low = ~low + 1u;
    high = ~high + select(0u, 1u, low == 0u);
  }
  let before = atomicAdd(&sums[index], low);
  high += select(0u, 1u, before + low < low);
  if (high != 0u) { atomicAdd(&sums[index + 1u], high); }
}

fn addSample(sample: u32, signal: vec2<f32>, tile: u32) {
  addExactly(4u + 4u * sample, signal.x, tile);
  addExactly(6u + 4u * sample, signal.y, tile);
}
`;
