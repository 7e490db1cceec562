/**
 * Receive sensitivities where moving spins are at each sample. The field of a loop is analytic
 * along a path at a distance d from the wire: within a piece of time in which no spin moves farther
 * than h = d/16 from its place in the middle, the polynomial through the values at eight Chebyshev
 * nodes in time errs by less than
 *
 *     4 M ρ⁻⁷/(ρ − 1) = 1e-9 M,   ρ = d/h,   M the largest |C| within d/2 of the path
 *
 * (Bernstein's ellipse; L. N. Trefethen, "Approximation theory and approximation practice", theorem
 * 8.2), a sixtieth of what columns in f32 round. An EPI of 10⁴ samples evaluates the field at tens
 * of times instead of 10⁴. Corners of a movement end pieces; what else is not smooth is found by
 * comparing the polynomial with the field, and such a piece is halved.
 */
import type { Movement } from '../base/movement.ts';
import { SAME_TIME, type Seconds } from '../base/units.ts';
import type { Numbers } from '../fields/map.ts';
import type { Layer, Spins } from './layer.ts';

/** Nodes of a piece, and the largest distance from its middle over that from a wire. */
const NODES = 8;
const NEAR = 1 / 16;
/** Rotation within a piece [rad], so that distances moved are those of its ends and quarters. */
const SMALL_ROTATION = 0.25;
/**
 * Where a piece is compared with the field, as parts of it; and the largest difference over |C|.
 */
const CHECKS = [0.043, 0.62] as const;
const DIFFERENCE = 3e-8;

/** Chebyshev nodes of the first kind on [0, 1], and their barycentric weights. */
const ANGLES = Array.from({ length: NODES }, (_, n) => (Math.PI * (2 * n + 1)) / (2 * NODES));
const PLACES = ANGLES.map((angle) => (1 - Math.cos(angle)) / 2);
const WEIGHTS = ANGLES.map((angle, n) => (n % 2 === 0 ? 1 : -1) * Math.sin(angle));

/** Spins that `moveTo` puts where they are at a time, and how they move. */
export interface Traveller {
  readonly spins: Spins;
  readonly moveTo: (time: Seconds) => void;
  readonly movement: Pick<Movement, 'corners' | 'turn'>;
}

/**
 * Fills a set of columns for each time.
 * @param times [sets], in any order
 * @param columnsOf the columns [coils][re, im] of a set
 */
export function fillSets(
  layer: Layer,
  times: readonly Seconds[],
  traveller: Traveller,
  columnsOf: (set: number) => readonly Float32Array[],
): void {
  const { spins, moveTo, movement } = traveller;
  const exactly = (set: number): void => {
    moveTo(times[set]);
    layer.fill(spins, columnsOf(set));
  };
  const fillPiece = (sets: readonly number[]): void => {
    if (sets.length <= NODES + CHECKS.length) {
      for (const set of sets) exactly(set);
      return;
    }
    const [from, to] = [times[sets[0]], times[sets[sets.length - 1]]];
    const values = fitsBetween(layer, traveller, from, to) ? valuesBetween(layer, traveller, from, to) : undefined;
    if (values === undefined) {
      const half = Math.ceil(sets.length / 2);
      fillPiece(sets.slice(0, half));
      fillPiece(sets.slice(half));
      return;
    }
    for (const set of sets) {
      const row = rowAt((times[set] - from) / (to - from));
      const columns = columnsOf(set);
      for (let n = 0; n < columns.length; n++) interpolate(values, row, n * spins.count, spins.count, columns[n]);
    }
  };
  if (layer.clearance === undefined) {
    for (const set of times.keys()) exactly(set);
    return;
  }
  const { ofItself, pieces } = cutAtCorners(times, movement.corners);
  ofItself.forEach(exactly);
  pieces.forEach(fillPiece);
}

/**
 * Sets at the time of a corner, where a spin may jump, and the sets between two corners, by time.
 */
function cutAtCorners(times: readonly Seconds[], corners: Float64Array) {
  const ofItself: number[] = [];
  const pieces: number[][] = [];
  let next = 0;
  let piece: number[] | undefined;
  for (const set of [...times.keys()].sort((a, b) => times[a] - times[b])) {
    while (next < corners.length && corners[next] < times[set] - SAME_TIME) {
      next++;
      piece = undefined;
    }
    if (next < corners.length && corners[next] <= times[set] + SAME_TIME) ofItself.push(set);
    else {
      if (piece === undefined) {
        piece = [];
        pieces.push(piece);
      }
      piece.push(set);
    }
  }
  return { ofItself, pieces };
}

/** Whether all spins stay near where they are in the middle, against their distance from a wire. */
function fitsBetween(layer: Layer, { spins, moveTo, movement }: Traveller, from: Seconds, to: Seconds): boolean {
  if (movement.turn(from, to) > SMALL_ROTATION) return false;
  const { x, y, z, density } = spins.block;
  moveTo((from + to) / 2);
  const middle = [x, y, z].map((column) => column.slice());
  const largest = NEAR * layer.clearance!(spins);
  for (const part of [0, 0.25, 0.75, 1]) {
    moveTo(from + part * (to - from));
    for (let n = 0; n < spins.count; n++) {
      if (density[n] === 0) continue;
      if (Math.hypot(x[n] - middle[0][n], y[n] - middle[1][n], z[n] - middle[2][n]) > largest) return false;
    }
  }
  return true;
}

/**
 * @returns [columns][spins][nodes] of the sensitivity; undefined if the polynomial through it
 *   differs from it elsewhere
 */
function valuesBetween(
  layer: Layer,
  { spins, moveTo }: Traveller,
  from: Seconds,
  to: Seconds,
): Float64Array | undefined {
  const { count, block } = spins;
  const columns = Array.from({ length: 2 * layer.adds.coils! }, () => new Float64Array(count));
  const values = new Float64Array(NODES * count * columns.length);
  const at = (part: number): void => {
    moveTo(from + part * (to - from));
    layer.fill(spins, columns);
  };
  for (const [node, part] of PLACES.entries()) {
    at(part);
    for (const [c, column] of columns.entries())
      for (let n = 0; n < count; n++) values[NODES * (c * count + n) + node] = column[n];
  }
  const found = new Float64Array(count);
  for (const part of CHECKS) {
    at(part);
    const row = rowAt(part);
    for (const [c, column] of columns.entries()) {
      interpolate(values, row, c * count, count, found);
      const largest = column.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      for (let n = 0; n < count; n++)
        if (block.density[n] !== 0 && !(Math.abs(found[n] - column[n]) <= DIFFERENCE * largest)) return undefined;
    }
  }
  return values;
}

/** What each node counts for in the polynomial at a part of the piece. Plain loops: per sample. */
function rowAt(part: number): Float64Array {
  const row = new Float64Array(NODES);
  let sum = 0;
  for (let n = 0; n < NODES; n++) {
    if (part === PLACES[n]) return row.fill(0).fill(1, n, n + 1);
    row[n] = WEIGHTS[n] / (part - PLACES[n]);
    sum += row[n];
  }
  for (let n = 0; n < NODES; n++) row[n] = row[n] / sum;
  return row;
}

/** A column of `count` spins at the time of a row. @param first index of its values */
function interpolate(values: Float64Array, row: Float64Array, first: number, count: number, to: Numbers): void {
  const [a, b, c, d, e, f, g, h] = [row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7]];
  for (let n = 0, at = NODES * first; n < count; n++, at += NODES)
    to[n] =
      a * values[at] +
      b * values[at + 1] +
      c * values[at + 2] +
      d * values[at + 3] +
      e * values[at + 4] +
      f * values[at + 5] +
      g * values[at + 6] +
      h * values[at + 7];
}
