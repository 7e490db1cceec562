/**
 * Pulses at given positions as affine maps of the magnetisation, with relaxation. A pulse rotates
 * spins by R; meanwhile T1 acts along the direction n(t) that was rotated onto the axis of B0, and
 * T2 across it. With the means of n over the pulse's duration t, exact without rotation and
 * otherwise to first order in t/T2:
 *
 *     M ← R·(e^{−t/T2}·M + (e^{−t/T1} − e^{−t/T2})·⟨n·nᵀ⟩·M + (1 − e^{−t/T1})·⟨n⟩)
 *
 * Balanced sequences need it: with all relaxation after the pulse the steady state was 5 % too
 * small in the middle of the slice and 4 % too large at its flanks, and every number of layers was
 * misjudged.
 */
import { STRIDE, type Timeline } from '../timeline/types.ts';
import type { TissueClass, Vector } from './phase-graph.ts';
import { AXIS, mergedSteps, ROTATION, rotate } from './pulse-rotation.ts';

/** Rows of the matrix, then what is added. */
const OPERATOR = { added: 9, length: 12 } as const;
/** Pulses whose operators are kept for one tissue, 0.8 MB each at most. */
const MAX_KEPT = 64;
/** Pulses × off-resonances whose rotations are kept, 1.2 MB each at most. */
const MAX_ROTATIONS = 32;

/** Most recently made values; when there are too many, all are forgotten. */
export function cached<K, V>(most: number): (key: K, make: () => V) => V {
  const known = new Map<K, V>();
  return (key, make) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    if (known.size === most) known.clear();
    const made = make();
    known.set(key, made);
    return made;
  };
}

/**
 * @param places [points][x, y, z], m
 * @returns for a tissue the operators of a pulse, [points][12]
 */
export function pulseOperators(
  timeline: Timeline,
  places: Float64Array,
): (tissue: TissueClass) => (pulse: number) => Float64Array {
  const turns = cached<string, Turns>(MAX_ROTATIONS);
  return (tissue) => {
    const operators = cached<number, Float64Array>(MAX_KEPT);
    return (pulse) =>
      operators(pulse, () => {
        const { offset } = tissue;
        const { nodes, atPoints } = turns(`${pulse} ${offset}`, () => turnsAt(timeline, pulse, offset, places));
        return atPoints(relaxed(nodes, timeline.pulses[STRIDE.pulse * pulse + 3], tissue));
      });
  };
}

/** A pulse at some heights: `nodes` are [heights] `ROTATION` and `AXIS`. */
interface Turns {
  readonly nodes: Float64Array;
  /** @param operators at the heights. @returns those at every point, [points][12] */
  atPoints(operators: Float64Array): Float64Array;
}
const TURN = { axis: ROTATION.length, length: ROTATION.length + AXIS.length } as const;

/**
 * Number of heights at which a pulse is computed per cycle of its gradient's dephasing: between
 * them its operators are interpolated by cubics, with an error of 4e-5.
 */
const HEIGHTS_PER_CYCLE = 32;

/**
 * A pulse at each point. It depends on the tissue only by off-resonance, and on the point only by
 * the height along its gradient: it is computed for every height, or if there are many, for enough
 * heights to interpolate between.
 */
function turnsAt(timeline: Timeline, pulse: number, offset: number, places: Float64Array): Turns {
  const { pulses, gammaBar } = timeline;
  const [frame, duration] = [pulses[STRIDE.pulse * pulse + 2], pulses[STRIDE.pulse * pulse + 3]];
  const steps = mergedSteps(timeline, pulse);
  const points = places.length / 3;
  const computed = (count: number, placeOf: (n: number) => Vector): Float64Array => {
    const turns = new Float64Array(TURN.length * count);
    for (let n = 0, at = 0; n < count; n++, at += TURN.length) {
      rotate(steps, gammaBar, placeOf(n), offset - frame, turns, at, turns, at + TURN.axis);
      leaveFrame(turns, at, -2 * Math.PI * frame * duration);
    }
    return turns;
  };
  const gradient = gradientOf(steps);
  if (gradient === undefined) {
    const nodes = computed(points, (n) => [places[3 * n], places[3 * n + 1], places[3 * n + 2]]);
    return { nodes, atPoints: (operators) => operators };
  }
  const [x, y, z] = gradient.direction;
  const heights = new Float64Array(points);
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let n = 0; n < points; n++) {
    const height = x * places[3 * n] + y * places[3 * n + 1] + z * places[3 * n + 2];
    heights[n] = height;
    low = Math.min(low, height);
    high = Math.max(high, height);
  }
  const range = high - low;
  const count = Math.ceil(HEIGHTS_PER_CYCLE * gammaBar * gradient.moment * range) + 1;
  const placeAt = (height: number): Vector => [x * height, y * height, z * height];
  const numbers = new Map<number, number>();
  for (const height of heights) {
    if (!numbers.has(height)) numbers.set(height, numbers.size);
    if (numbers.size > count + 2) break;
  }
  if (numbers.size > count + 2) {
    const spacing = range / (count - 1);
    return {
      nodes: computed(count + 2, (n) => placeAt(low + (n - 1) * spacing)),
      atPoints: (operators) => interpolated(operators, heights, low, spacing),
    };
  }
  const different = [...numbers.keys()];
  const which = Int32Array.from(heights, (height) => numbers.get(height)!);
  return {
    nodes: computed(different.length, (n) => placeAt(different[n])),
    atPoints: (operators) => copied(operators, which),
  };
}

/** Direction of a pulse's gradient and ∫|G| dt [T·s/m]; undefined if the direction changes. */
function gradientOf(steps: Float64Array): { readonly direction: Vector; readonly moment: number } | undefined {
  let direction: Vector | undefined;
  let moment = 0;
  for (let at = 0; at < steps.length; at += STRIDE.rfStep) {
    const [gx, gy, gz] = [steps[at + 3], steps[at + 4], steps[at + 5]];
    const size = Math.hypot(gx, gy, gz);
    if (size === 0) continue;
    direction ??= [gx / size, gy / size, gz / size];
    const [x, y, z] = direction;
    if (Math.abs(x * gx + y * gy + z * gz) < (1 - 1e-9) * size) return undefined;
    moment += size * steps[at];
  }
  return { direction: direction ?? [0, 0, 0], moment };
}

/** Each point has the operator of one node. */
function copied(nodes: Float64Array, which: Int32Array): Float64Array {
  const { length } = OPERATOR;
  const operators = new Float64Array(length * which.length);
  for (const [n, node] of which.entries())
    for (let part = 0; part < length; part++) operators[length * n + part] = nodes[length * node + part];
  return operators;
}

/** @param nodes operators at low − spacing, low, low + spacing … */
function interpolated(nodes: Float64Array, heights: Float64Array, low: number, spacing: number): Float64Array {
  const { length } = OPERATOR;
  const operators = new Float64Array(length * heights.length);
  const last = nodes.length / length - 4;
  for (let n = 0, to = 0; n < heights.length; n++, to += length) {
    const u = (heights[n] - low) / spacing;
    const node = Math.max(0, Math.min(last, Math.floor(u)));
    const f = u - node;
    const w0 = (-f * (f - 1) * (f - 2)) / 6;
    const w1 = ((f + 1) * (f - 1) * (f - 2)) / 2;
    const w2 = (-(f + 1) * f * (f - 2)) / 2;
    const w3 = ((f + 1) * f * (f - 1)) / 6;
    const from = length * node;
    for (let part = 0; part < length; part++) {
      const at = from + part;
      operators[to + part] =
        w0 * nodes[at] + w1 * nodes[at + length] + w2 * nodes[at + 2 * length] + w3 * nodes[at + 3 * length];
    }
  }
  return operators;
}

/** Mxy after the rotation turns by `angle`. */
function leaveFrame(all: Float64Array, at: number, angle: number): void {
  const c = Math.cos(angle);
  const s = Math.sin(angle);
  for (let part = at; part < at + ROTATION.D; part += 2) {
    const re = all[part];
    const im = all[part + 1];
    all[part] = c * re - s * im;
    all[part + 1] = c * im + s * re;
  }
}

/** Rotations with relaxation, as at the top of this file. */
function relaxed(turns: Float64Array, duration: number, { T1, T2 }: TissueClass): Float64Array {
  const [E1, E2] = [Math.exp(-duration / T1), Math.exp(-duration / T2)];
  const perTime = duration > 0 ? 1 / duration : 0;
  const share = (E1 - E2) * perTime;
  const recovered = (1 - E1) * perTime;
  const points = turns.length / TURN.length;
  const made = new Float64Array(OPERATOR.length * points);
  for (let n = 0; n < points; n++) {
    const r = TURN.length * n;
    const a = r + TURN.axis;
    const at = OPERATOR.length * n;
    const xx = E2 + share * turns[a + 3];
    const yy = E2 + share * turns[a + 4];
    const zz = E2 + share * turns[a + 5];
    const xy = share * turns[a + 6];
    const xz = share * turns[a + 7];
    const yz = share * turns[a + 8];
    for (let row = 0; row < 3; row++) {
      let [u, v, w] = [2 * turns[r + 6], -2 * turns[r + 7], turns[r + 8]];
      if (row === 0) [u, v, w] = [turns[r] + turns[r + 2], turns[r + 3] - turns[r + 1], turns[r + 4]];
      if (row === 1) [u, v, w] = [turns[r + 1] + turns[r + 3], turns[r] - turns[r + 2], turns[r + 5]];
      made[at + 3 * row] = u * xx + v * xy + w * xz;
      made[at + 3 * row + 1] = u * xy + v * yy + w * yz;
      made[at + 3 * row + 2] = u * xz + v * yz + w * zz;
      made[at + OPERATOR.added + row] = recovered * (u * turns[a] + v * turns[a + 1] + w * turns[a + 2]);
    }
  }
  return made;
}

/**
 * The time before a pulse and the pulse itself, at every point: precession, recovery, and its
 * operator with B1 turned by `phase`.
 * @param precession factors of Mxy by point, T2 among them
 * @param recovery e^{−t/T1} of the time before
 */
export function playPulse(
  m: Float64Array,
  precession: Float64Array,
  operators: Float64Array,
  phase: number,
  recovery: number,
): void {
  const c = Math.cos(phase);
  const s = Math.sin(phase);
  for (let n = 0, at = 0, p = 0; at < m.length; n += 2, at += 3, p += OPERATOR.length) {
    const mx = precession[n] * m[at] - precession[n + 1] * m[at + 1];
    const my = precession[n] * m[at + 1] + precession[n + 1] * m[at];
    const z = 1 + recovery * (m[at + 2] - 1);
    // Into the frame in which B1 is as stored, and back.
    const x = c * mx + s * my;
    const y = c * my - s * mx;
    const re = operators[p] * x + operators[p + 1] * y + operators[p + 2] * z + operators[p + 9];
    const im = operators[p + 3] * x + operators[p + 4] * y + operators[p + 5] * z + operators[p + 10];
    m[at] = c * re - s * im;
    m[at + 1] = c * im + s * re;
    m[at + 2] = operators[p + 6] * x + operators[p + 7] * y + operators[p + 8] * z + operators[p + 11];
  }
}
