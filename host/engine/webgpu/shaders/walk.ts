/**
 * WGSL of the walk kernel: one thread simulates one spin through a range of the timeline and stores
 * Mxy at the start of every readout. Between pulses nothing is stepped: the host accumulates
 * gradient moments and time since the last pulse, so each readout and each pulse is one precession
 * away from it, and rounding does not accumulate over a train of lines.
 *
 * A pulse that repeats is composed once to the affine map M → M + (X − 1)·M + b (b is the recovery
 * towards equilibrium), 12 numbers per spin, and applied in a dozen operations instead of 55 per
 * step. X − 1 is stored, not X: for small flip angles it is more accurate, and every repetition
 * applies the same error.
 */
import { excitation } from './excitation.ts';
import { functions } from './functions.ts';

/** Meaning of the last two numbers of a record. */
export const RECORD = { read: 0, kept: 1, stepped: 2 } as const;

export const walk = /* wgsl */ `
${functions}
${excitation}
/** [spin] (Mx, My, Mz, –) just after the last pulse, in that pulse's frame */
@group(0) @binding(2) var<storage, read_write> state: array<vec4<f32>>;
/** [record] hi[4], lo[4] (f32), (constant turn, t [s, f32], kind, slot or operator or pulse) */
@group(0) @binding(3) var<storage, read> records: array<vec4<u32>>;
/** [operator][row][CAPACITY] (row of X − 1, b) */
@group(0) @binding(5) var<storage, read_write> operators: array<vec4<f32>>;
/** [slot][CAPACITY] Mxy at the first sample of the readout in that slot */
@group(0) @binding(6) var<storage, read_write> starts: array<vec2<f32>>;

const KEPT = ${RECORD.kept}u;
const STEPPED = ${RECORD.stepped}u;

/** dispatch.a: first record, end, first spin, end; dispatch.b.x: 1 at the start of the timeline */
@compute @workgroup_size(64)
fn walk(@builtin(global_invocation_id) id: vec3<u32>) {
  let spin = dispatch.a.z + id.x;
  if (spin >= dispatch.a.w) { return; }
  let v = coordinates(spin);
  let X = integers(v);
  let density = spins[3u * CAPACITY + spin];
  let rates = 1.0 / vec2(spins[5u * CAPACITY + spin], spins[4u * CAPACITY + spin]);
  var m = vec3(0.0, 0.0, density);
  if (dispatch.b.x == 0u) { m = state[spin].xyz; }

  var held = 0xffffffffu;
  var row0: vec4<f32>;
  var row1: vec4<f32>;
  var row2: vec4<f32>;
  for (var record = 3u * dispatch.a.x; record < 3u * dispatch.a.y; record += 3u) {
    let tail = records[record + 2u];
    let phase = turns(X, v, records[record], bitcast<vec4<f32>>(records[record + 1u])) + tail.x;
    let y = bitcast<f32>(tail.y) * rates;
    let transverse = decay(y.x) * clockwise(m.xy, cosSin(phase));
    if (tail.z == ${RECORD.read}u) {
      starts[tail.w * CAPACITY + spin] = transverse;
      continue;
    }
    m = vec3(transverse, m.z + (m.z - density) * loss(y.y));
    if (tail.z == KEPT) {
      if (held != tail.w) {
        held = tail.w;
        let at = 3u * held * CAPACITY + spin;
        row0 = operators[at];
        row1 = operators[at + CAPACITY];
        row2 = operators[at + 2u * CAPACITY];
      }
      m += vec3(dot(row0.xyz, m) + row0.w, dot(row1.xyz, m) + row1.w, dot(row2.xyz, m) + row2.w);
    } else {
      let pulse = steps[tail.w];
      var now: Course;
      var moving = Moving(m, vec3(0.0));
      for (var n = 0u; n < pulse.y; n++) {
        now = course(pulse.x + 4u * n, pulse.z, X, rates, now);
        moving = stepped(moving, density, now, n);
      }
      let rest = bitcast<f32>(pulse.w) * rates;
      m += finished(moving, density, vec2(loss(rest.x), loss(rest.y)), m);
    }
  }
  state[spin] = vec4(m, 0.0);
}

/** Composes the operator of a pulse. dispatch.a: pulse, operator, first spin, end */
@compute @workgroup_size(64)
fn fold(@builtin(global_invocation_id) id: vec3<u32>) {
  let spin = dispatch.a.z + id.x;
  if (spin >= dispatch.a.w) { return; }
  let X = integers(coordinates(spin));
  let density = spins[3u * CAPACITY + spin];
  let rates = 1.0 / vec2(spins[5u * CAPACITY + spin], spins[4u * CAPACITY + spin]);
  let pulse = steps[dispatch.a.x];
  // Columns of X, and b: the final magnetisation of a spin that starts with none.
  let e0 = vec3(1.0, 0.0, 0.0);
  let e1 = vec3(0.0, 1.0, 0.0);
  let e2 = vec3(0.0, 0.0, 1.0);
  var m0 = Moving(e0, vec3(0.0));
  var m1 = Moving(e1, vec3(0.0));
  var m2 = Moving(e2, vec3(0.0));
  var mb = Moving(vec3(0.0), vec3(0.0));
  var now: Course;
  for (var n = 0u; n < pulse.y; n++) {
    now = course(pulse.x + 4u * n, pulse.z, X, rates, now);
    m0 = stepped(m0, 0.0, now, n);
    m1 = stepped(m1, 0.0, now, n);
    m2 = stepped(m2, 0.0, now, n);
    mb = stepped(mb, density, now, n);
  }
  let rest = bitcast<f32>(pulse.w) * rates;
  let last = vec2(loss(rest.x), loss(rest.y));
  let c0 = finished(m0, 0.0, last, e0);
  let c1 = finished(m1, 0.0, last, e1);
  let c2 = finished(m2, 0.0, last, e2);
  let b = finished(mb, density, last, vec3(0.0));
  let at = 3u * dispatch.a.y * CAPACITY + spin;
  operators[at] = vec4(c0.x, c1.x, c2.x, b.x);
  operators[at + CAPACITY] = vec4(c0.y, c1.y, c2.y, b.y);
  operators[at + 2u * CAPACITY] = vec4(c0.z, c1.z, c2.z, b.z);
}
`;
