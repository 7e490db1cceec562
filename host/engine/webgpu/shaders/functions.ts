/**
 * WGSL that every kernel shares: phases in exact turns, sine and cosine, exponential decay. The
 * built-ins of WGSL are not accurate enough (the error of one driver's sine is 2e-4), and f32 loses
 * up to 7e-3 of the phase far from the centre.
 *
 * A spin's phase is a dot product of four numbers of the spin, (x, y, z, Δω), with four of the
 * timeline, (kx, ky, kz, t·B0/(2π·B0 of the phantom)), in turns, and only its fraction matters.
 * Each of the spin's numbers is an integer X of at most 31 bits times a power of two δ, so k·x =
 * X·(kδ), and because X is an integer, whole turns of kδ drop out before the product: the host
 * stores the fraction of kδ as a 32-bit integer `hi` and the remainder as f32. X·hi wraps modulo
 * 2³², which is modulo one turn, in u32 arithmetic; the remainder adds at most half a turn and is
 * accurate to 1e-8. One integer multiplication and one FMA per axis, and no error that grows with
 * distance, time or moment. (Split-float sums would need compilers that do not reassociate.)
 */
export const functions = /* wgsl */ `
/** Spins that the buffers of a batch have room for: the stride of every per-spin array. */
override CAPACITY: u32 = 64u;
/** 1/δ of x, y, z [1/m] and Δω [s/rad]: powers of two. */
override SCALE_X: f32 = 1.0;
override SCALE_Y: f32 = 1.0;
override SCALE_Z: f32 = 1.0;
override SCALE_W: f32 = 1.0;

/** Parameters of one dispatch; each kernel documents the eight numbers. */
struct Dispatch { a: vec4<u32>, b: vec4<u32> }
@group(0) @binding(0) var<uniform> dispatch: Dispatch;
/** [x, y, z, density, T1, T2, T2s, offResonance][CAPACITY] */
@group(0) @binding(1) var<storage, read> spins: array<f32>;

/** (x, y, z, Δω) of a spin [m, rad/s]. */
fn coordinates(spin: u32) -> vec4<f32> {
  return vec4(spins[spin], spins[CAPACITY + spin], spins[2u * CAPACITY + spin], spins[7u * CAPACITY + spin]);
}

/**
 * The same in units of δ. Exact but for values below 1/64 of the largest, which lose less than δ/2.
 */
fn integers(v: vec4<f32>) -> vec4<i32> {
  return vec4<i32>(round(v * vec4(SCALE_X, SCALE_Y, SCALE_Z, SCALE_W)));
}

/** Fraction of the phase [2⁻³² turns]. @param lo [2⁻³² turns per m, per rad/s] */
fn turns(X: vec4<i32>, v: vec4<f32>, hi: vec4<u32>, lo: vec4<f32>) -> u32 {
  let whole = bitcast<vec4<u32>>(X) * hi;
  let rest = v.x * lo.x + v.y * lo.y + v.z * lo.z + v.w * lo.w;
  return whole.x + whole.y + whole.z + whole.w + bitcast<u32>(i32(rest));
}

/** a·b in 64 bits as (high, low): WGSL has no wider multiplication. */
fn multiply(a: u32, b: u32) -> vec2<u32> {
  let a0 = a & 0xffffu;
  let a1 = a >> 16u;
  let b0 = b & 0xffffu;
  let b1 = b >> 16u;
  let first = a0 * b1 + ((a0 * b0) >> 16u);
  let second = a1 * b0 + (first & 0xffffu);
  return vec2(a1 * b1 + (first >> 16u) + (second >> 16u), a * b);
}

fn addWide(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  let low = a.y + b.y;
  return vec2(a.x + b.x + select(0u, 1u, low < b.y), low);
}

/**
 * As turns(), to 2⁻⁶⁴ of a turn, for a phase that will be multiplied by the sample number, or is
 * the angle of one of many equal RF steps.
 * @returns (whole, fraction) in units of 2⁻³² turns, from start on
 */
fn turnsWide(X: vec4<i32>, hi: vec4<u32>, lo: vec4<u32>, start: vec2<u32>) -> vec2<u32> {
  var sum = start;
  for (var i = 0u; i < 4u; i++) {
    let x = bitcast<u32>(X[i]);
    var product = multiply(x, lo[i]);
    product.x += x * hi[i] - select(0u, lo[i], X[i] < 0);
    sum = addWide(sum, product);
  }
  return sum;
}

/**
 * (cos, sin) of a phase [2⁻³² turns] to 4e-8: the nearest quarter turn is two bits, and the
 * remainder, at most an eighth of a turn, goes through polynomials of degree 7 and 8, fitted for
 * least largest error.
 */
fn cosSin(phase: u32) -> vec2<f32> {
  let quarter = (phase + 0x20000000u) >> 30u;
  let f = f32(bitcast<i32>(phase - (quarter << 30u))) * 2.3283064365386963e-10;
  let u = f * f;
  let s = f * (6.28318529 + u * (-41.34166263 + u * (81.59255354 + u * -75.40206791)));
  let c = 1.0 + u * (-19.73920865 + u * (64.93931621 + u * (-85.44285212 + u * 59.22040713)));
  let odd = (quarter & 1u) != 0u;
  let signs = vec2((quarter + 1u) & 2u, quarter & 2u) << vec2(30u);
  return bitcast<vec2<f32>>(bitcast<vec2<u32>>(select(vec2(c, s), vec2(s, c), odd)) ^ signs);
}

/** (e^r − 1)/r for |r| ≤ ½ ln 2, to 3e-8. */
fn growth(r: f32) -> f32 {
  return 1.0 + r * (0.50000001 + r * (0.16666505 + r * (0.04166624 + r * (0.00836922 + r * 0.00139487))));
}

/**
 * e^{−y} for y ≥ 0, to 1e-7 relative: powers of two by the exponent's bits, the rest by growth().
 */
fn decay(y: f32) -> f32 {
  let n = floor(y * 1.44269504 + 0.5);
  // ln 2 in two parts, the first so short that n times it is exact.
  let r = (n * 0.693359375 - y) + n * -0.000212194440;
  let power = bitcast<f32>(u32(127 - i32(min(n, 126.0))) << 23u);
  return select(power * (1.0 + r * growth(r)), 0.0, y > 87.0);
}

/**
 * e^{−y} − 1. Short steps lose 1e-6 of a magnetisation, which f32 cannot represent next to 1: m +
 * m·loss(y) preserves it, whereas m·decay(y) is off by the same 3e-8 in every step.
 */
fn loss(y: f32) -> f32 {
  return select(decay(y) - 1.0, -y * growth(-y), y < 0.34657);
}

/** Turns Mxy clockwise, as a spin precesses. @param cs (cos, sin) of the angle */
fn clockwise(m: vec2<f32>, cs: vec2<f32>) -> vec2<f32> {
  return vec2(m.x * cs.x + m.y * cs.y, m.y * cs.x - m.x * cs.y);
}
`;
