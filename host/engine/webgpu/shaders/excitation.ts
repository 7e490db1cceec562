/**
 * WGSL of RF pulses: one rotation per step about the effective field, and relaxation before steps
 * according to `timeline/relaxation.ts`.
 *
 * A rotation by 2|h| about h is m + w·t + v×t with t = 2v×m, w = cos|h|, v = h·sin|h|/|h|; both
 * functions are polynomials in |h|², so no square root, division or range reduction is needed as
 * long as |h| ≤ π/2. If a step may rotate further (the host knows the largest gradient, position
 * and off-resonance) it is computed for h/2ⁿ and the quaternion squared n times.
 *
 * Steps are short and similar, so their rounding errors are the same: the error of m + increment,
 * rounded, was 3e-4 after 128 pulses of 2000 steps. Increments are therefore summed separately and
 * added to m every 64 steps (16 and 256 have twice the error): they are small, and so are their
 * rounding errors. (Kahan's summation would not survive a compiler that reassociates.)
 *
 * A step says whether its longitudinal field or its relaxation differ from the step before, and
 * where gradients hold still both are formed once per pulse.
 */
export const excitation = /* wgsl */ `
/**
 * Pulses, then steps. Pulse: (first step, steps, doublings, last relaxation [s, f32]). Step: (hx,
 * hy [rad, f32], relaxation before it [s, f32], CHANGED bits), then 64-bit coefficients of its
 * longitudinal turn: hi[4], lo[4], (constant hi, lo, –, –).
 */
@group(0) @binding(4) var<storage, read> steps: array<vec4<u32>>;
const FIELD_CHANGED = 1u;
const RELAXATION_CHANGED = 2u;

struct Rotation { v: vec3<f32>, w: f32 }

/** @param h half the angle times the axis [rad] @param doublings n: h is 2⁻ⁿ of the rotation */
fn rotation(h: vec3<f32>, doublings: u32) -> Rotation {
  let u = dot(h, h);
  let sinc = 1.0 + u * (-0.166666666 + u * (0.00833333098 + u * (-0.000198408618 + u * (2.75252982e-6 + u * -2.38896659e-8))));
  var w = 1.0 + u * (-0.499999994 + u * (0.0416666362 + u * (-0.00138883612 + u * (2.47601532e-5 + u * -2.60513484e-7))));
  var v = h * sinc;
  for (var n = 0u; n < doublings; n++) {
    let next = 1.0 - 2.0 * dot(v, v);
    v *= 2.0 * w;
    w = next;
  }
  return Rotation(v, w);
}

/** Change of a magnetisation by a rotation. */
fn turning(m: vec3<f32>, by: Rotation) -> vec3<f32> {
  let t = 2.0 * cross(by.v, m);
  return by.w * t + cross(by.v, t);
}

/** State of one spin between steps of a pulse. */
struct Course { hz: f32, loss: vec2<f32>, rotation: Rotation }

/** @param rates (1/T2, 1/T1) */
fn course(step: u32, doublings: u32, X: vec4<i32>, rates: vec2<f32>, last: Course) -> Course {
  var next = last;
  let head = steps[step];
  if ((head.w & FIELD_CHANGED) != 0u) {
    let constant = steps[step + 3u].xy;
    let wide = turnsWide(X, steps[step + 1u], steps[step + 2u], constant);
    // π·2⁻³², negative because precession is clockwise.
    next.hz = -7.3145904e-10 * (f32(bitcast<i32>(wide.x)) + f32(wide.y) * 2.3283064365386963e-10);
  }
  if ((head.w & RELAXATION_CHANGED) != 0u) {
    let y = bitcast<f32>(head.z) * rates;
    next.loss = vec2(loss(y.x), loss(y.y));
  }
  next.rotation = rotation(vec3(bitcast<f32>(head.x), bitcast<f32>(head.y), next.hz), doublings);
  return next;
}

/**
 * Change of a magnetisation by relaxation. @param towards equilibrium longitudinal magnetisation
 */
fn relaxing(m: vec3<f32>, towards: f32, loss: vec2<f32>) -> vec3<f32> {
  return vec3(m.xy * loss.x, (m.z - towards) * loss.y);
}

/** A magnetisation during a pulse: its value at the last update, and the increments since then. */
struct Moving { held: vec3<f32>, gained: vec3<f32> }

fn stepped(m: Moving, towards: f32, now: Course, step: u32) -> Moving {
  let relaxed = relaxing(m.held + m.gained, towards, now.loss);
  let gained = m.gained + (relaxed + turning(m.held + (m.gained + relaxed), now.rotation));
  if ((step & 63u) == 63u) { return Moving(m.held + gained, vec3(0.0)); }
  return Moving(m.held, gained);
}

/** The last half step's relaxation. @returns what the pulse has added to m0 */
fn finished(m: Moving, towards: f32, loss: vec2<f32>, m0: vec3<f32>) -> vec3<f32> {
  return (m.held - m0) + (m.gained + relaxing(m.held + m.gained, towards, loss));
}
`;
