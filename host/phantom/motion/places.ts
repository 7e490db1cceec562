/**
 * Positions of spins at any time, directly by the definition: motions sorted by their first knot;
 * all except translations are applied one after the other, each to the result of those before it;
 * then all translations. Slow (every spin for every time), and valid for every list of motions.
 */
import type { Seconds } from '../../base/units.ts';
import { unitTime } from './time-curve.ts';
import type { HeartBeat, Motion, PathNodes, Rotate, SpinSpan, Vector } from './types.ts';

/** Struct of arrays [m]. */
export interface Places {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly z: Float64Array;
}

/** The quantity that an action derives from all spins of its span at the time when it acts. */
export interface Measure {
  /** Unweighted mean [m], for a rotation about it. */
  readonly mean?: Vector;
  /** Largest distance from the z axis [m], for a HeartBeat. */
  readonly radius?: number;
}

/** In the order in which they act. */
export function inOrder(motions: readonly Motion[]): Motion[] {
  const sorted = [...motions].sort((a, b) => a.time.t[0] - b.time.t[0]);
  const isLate = ({ action, afterAll }: Motion): boolean => action.type === 'Translate' || afterAll === true;
  return [...sorted.filter((motion) => !isLate(motion)), ...sorted.filter(isLate)];
}

/** The row of spin `number` in its span; −1 outside. */
export function rowIn({ first, last, step }: SpinSpan, number: number): number {
  if (number < first || number > last || (number - first) % step !== 0) return -1;
  return (number - first) / step;
}

/** A motion on some spins. */
export interface Mover {
  readonly motion: Motion;
  /** Whether it needs a `Measure` of its span. */
  readonly measures: boolean;
  readonly rows: Members;
  /** [rows] 1 where the last move pushed a radius down to the axis and not further */
  readonly clamped?: Uint8Array;
  unit(time: Seconds): number;
  /** Moves `places` on; `measure` as `measureOf` gives it. */
  move(time: Seconds, places: Places, measure: Measure): void;
}

/** Spins of a span among those at hand. */
export interface Members {
  /** Their indices in the arrays. */
  readonly at: ArrayLike<number>;
  readonly count: number;
}

/**
 * @param motions as `inOrder` gives them
 * @param numbers file numbers of the given spins, ascending
 */
export function moversOf(motions: readonly Motion[], numbers: ArrayLike<number>): Mover[] {
  return motions.map((motion) => {
    const { action, spins } = motion;
    const at: number[] = [];
    for (let n = 0; n < numbers.length; n++) if (rowIn(spins, numbers[n]) >= 0) at.push(n);
    const rows = { at: Uint32Array.from(at), count: at.length };
    const unit = unitTime(motion.time).at;
    const measures = action.type === 'HeartBeat' || (action.type === 'Rotate' && action.center === 'CenterOfMass');
    if (action.type === 'Translate')
      return mover((u, { x, y, z }) => {
        for (const n of rows.at) {
          x[n] += u * action.dx;
          y[n] += u * action.dy;
          z[n] += u * action.dz;
        }
      });
    if (action.type === 'Rotate') return mover((u, places, { mean }) => turn(action, u, mean!, places, rows));
    if (action.type === 'HeartBeat') {
      const clamped = new Uint8Array(rows.count);
      return { ...mover((u, places, { radius }) => beat(action, u, radius!, places, rows, clamped)), clamped };
    }
    const nodes = action.nodes;
    const block = nodesOf(rows, (n) => rowIn(spins, numbers[n]), nodes);
    return mover((u, places) => {
      const along = u * (nodes.count - 1);
      const node = Math.min(nodes.count - 2, Math.max(0, Math.floor(along)));
      followPath(block, rows, node, along - node, places);
    });

    function mover(act: (u: number, places: Places, measure: Measure) => void): Mover {
      const center = action.type === 'Rotate' && action.center !== 'CenterOfMass' ? action.center : undefined;
      return {
        ...{ motion, measures, rows, unit },
        move: (time, places, measure) => act(unit(time), places, center === undefined ? measure : { mean: center }),
      };
    }
  });
}

/** Rz(yaw)·Ry(roll)·Rx(pitch), row-major, angles u times those of the action. */
export function rotationMatrix({ pitch, roll, yaw }: Pick<Rotate, 'pitch' | 'roll' | 'yaw'>, u: number): Float64Array {
  const [a, b, c] = [pitch, roll, yaw].map((degrees) => (u * degrees * Math.PI) / 180) as [number, number, number];
  const [ca, sa, cb, sb, cc, sc] = [Math.cos(a), Math.sin(a), Math.cos(b), Math.sin(b), Math.cos(c), Math.sin(c)];
  return Float64Array.of(
    ...[cc * cb, cc * sb * sa - sc * ca, cc * sb * ca + sc * sa],
    ...[sc * cb, sc * sb * sa + cc * ca, sc * sb * ca - cc * sa],
    ...[-sb, cb * sa, cb * ca],
  );
}

function turn(action: Rotate, u: number, center: Vector, { x, y, z }: Places, { at }: Members): void {
  const R = rotationMatrix(action, u);
  const [cx, cy, cz] = center;
  for (let i = 0; i < at.length; i++) {
    const n = at[i];
    const [px, py, pz] = [x[n] - cx, y[n] - cy, z[n] - cz];
    x[n] = R[0] * px + R[1] * py + R[2] * pz + cx;
    y[n] = R[3] * px + R[4] * py + R[5] * pz + cy;
    z[n] = R[6] * px + R[7] * py + R[8] * pz + cz;
  }
}

function beat(
  action: HeartBeat,
  u: number,
  largest: number,
  { x, y, z }: Places,
  { at }: Members,
  clamped: Uint8Array,
): void {
  const { circumferential, radial, longitudinal } = action;
  for (let i = 0; i < at.length; i++) {
    const n = at[i];
    const radius = Math.sqrt(x[n] * x[n] + y[n] * y[n]);
    const wanted = u * (circumferential * largest - radial * (largest - radius));
    const shift = Math.max(-radius, wanted);
    clamped[i] = Number(wanted < -radius);
    // On the axis atan2(0, 0) = 0: along +x.
    const [c, s] = radius === 0 ? [1, 0] : [x[n] / radius, y[n] / radius];
    x[n] += shift * c;
    y[n] += shift * s;
    z[n] += u * longitudinal * z[n];
  }
}

function followPath(
  { columns: [dx, dy, dz], count }: MemberNodes,
  { at }: Members,
  node: number,
  part: number,
  { x, y, z }: Places,
): void {
  for (let i = 0, a = node * count, b = a + count; i < count; i++, a++, b++) {
    const n = at[i];
    x[n] += dx[a] + part * (dx[b] - dx[a]);
    y[n] += dy[a] + part * (dy[b] - dy[a]);
    z[n] += dz[a] + part * (dz[b] - dz[a]);
  }
}

/** Nodes of members, [K][members] per axis. */
export interface MemberNodes {
  readonly count: number;
  readonly columns: readonly [Float64Array, Float64Array, Float64Array];
  readonly reset?: Uint8Array;
}

/** Most nodes that are read together to pick some of them: 32 MiB an axis. */
const NODES_AT_ONCE = 2 ** 22;
/** Rows between two wanted ones that are read rather than skipped. */
const LARGEST_GAP = 64;

/**
 * Nodes of the given spins, read in runs that cover them.
 * @param rowOf row in the span of the spin at place n, ascending
 */
export function nodesOf(
  { at, count }: Members,
  rowOf: (n: number) => number,
  { count: nodes, flow, read }: PathNodes,
): MemberNodes {
  const whole = count * nodes;
  const columns = [0, 1, 2].map(() => new Float64Array(whole)) as unknown as MemberNodes['columns'];
  const reset = flow ? new Uint8Array(whole) : undefined;
  const most = Math.max(1, Math.floor(NODES_AT_ONCE / nodes));
  for (let i = 0; i < count; ) {
    const first = rowOf(at[i]);
    let end = i + 1;
    while (end < count && rowOf(at[end]) - first < most && rowOf(at[end]) - rowOf(at[end - 1]) < LARGEST_GAP) end++;
    const width = rowOf(at[end - 1]) - first + 1;
    const block = read(first, width);
    const rows = Int32Array.from({ length: end - i }, (_, n) => rowOf(at[i + n]) - first);
    const copy = (from: ArrayLike<number>, to: Float64Array | Uint8Array): void => {
      for (let k = 0; k < nodes; k++)
        for (let n = 0; n < rows.length; n++) to[k * count + i + n] = from[k * width + rows[n]];
    };
    copy(block.x, columns[0]);
    copy(block.y, columns[1]);
    copy(block.z, columns[2]);
    if (reset !== undefined) copy(block.reset!, reset);
    i = end;
  }
  return { count, columns, ...(reset === undefined ? {} : { reset }) };
}

/** The quantity that a motion derives from the spins of its span, all of which must be given. */
export function measureOf({ motion: { action }, rows: { at, count } }: Mover, { x, y, z }: Places): Measure {
  if (action.type === 'HeartBeat') {
    let largest = 0;
    for (let i = 0; i < count; i++) largest = Math.max(largest, x[at[i]] * x[at[i]] + y[at[i]] * y[at[i]]);
    return { radius: Math.sqrt(largest) };
  }
  let [sx, sy, sz] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    sx += x[at[i]];
    sy += y[at[i]];
    sz += z[at[i]];
  }
  return { mean: [sx / count, sy / count, sz / count] };
}

/**
 * Function from a time to the places of spins, in arrays that the next call overwrites.
 * @param measure of mover number m at a time; default: of the spins at hand, which are then all of
 * them
 */
export function placesOver(
  movers: readonly Mover[],
  rest: { readonly x: ArrayLike<number>; readonly y: ArrayLike<number>; readonly z: ArrayLike<number> },
  measure = (mover: number, _: Seconds, places: Places): Measure => measureOf(movers[mover], places),
): (time: Seconds) => Places {
  const places = {
    x: new Float64Array(rest.x.length),
    y: new Float64Array(rest.y.length),
    z: new Float64Array(rest.z.length),
  };
  return (time) => {
    places.x.set(rest.x);
    places.y.set(rest.y);
    places.z.set(rest.z);
    for (const [n, mover] of movers.entries()) mover.move(time, places, mover.measures ? measure(n, time, places) : {});
    return places;
  };
}
