/**
 * Receive sensitivities where moving spins are at each sample. The field of a loop is analytic
 * along a path at a distance d from the wire. So within a piece of time in which no spin moves
 * farther than h from its place in the middle, with r = h/d small, it is a polynomial of time,
 * through the values at n Chebyshev nodes, with an error of less than ε(n, r)·M
 * (`numerics/polynomial-error.ts`), M the largest |C| at a distance d: within θd of the path the
 * field is less than M/(1 − θ). Its coefficients over Chebyshev's polynomials T_k are sets of
 * columns, which all samples in the piece share: an EPI of 10⁴ samples evaluates the field at a few
 * times. Corners of a movement end pieces, and whole pieces depend on the movement and the wires
 * alone, so that their number is known before any spin is read. Fields that are not analytic
 * (maps), and movements that are computed spin by spin, have a set for each sample.
 */
import type { CoilPiece, Movement } from '../base/movement.ts';
import { SAME_TIME, type Seconds } from '../base/units.ts';
import { termsWithin } from '../numerics/polynomial-error.ts';
import type { Layer, Spins } from './layer.ts';

/** Largest h/d of a piece: larger pieces take fewer sets, smaller ones fewer terms. */
const LARGEST_SHIFT = 1 / 4;
/** Largest rotation within a piece [rad], so that distances moved are those of its ends. */
const LARGEST_TURN = 0.25;
/** Error of the polynomials over M: a third of what columns in f32 round. */
const ERROR = 1e-8;
/** Parts between two corners; with more, samples have sets of their own. */
const MOST_PARTS = 4096;
/** Factor between numbers of parts that are tried. */
const FINER = 1.3;

/** Pieces of one group's movement, in the order in which samples ask for them. */
export interface CoilPieces {
  readonly all: readonly CoilPiece[];
  /** Number of all sets. */
  readonly sets: number;
  /** The piece that holds a time. */
  at(time: Seconds): CoilPiece;
}

/**
 * @param clearance distance of the nearest wire from any spin at any time [m]; undefined: the field
 *   is not analytic
 * @param shift farthest that a spin moves between two times [m]
 * @param duration of the sequence
 */
export function coilPieces(
  { corners, turn, path }: Pick<Movement, 'corners' | 'turn' | 'path'>,
  clearance: number | undefined,
  shift: (from: Seconds, to: Seconds) => number,
  duration: Seconds,
): CoilPieces {
  const all: CoilPiece[] = [];
  const known = new Map<string, CoilPiece>();
  let sets = 0;
  const add = (key: string, from: Seconds, to: Seconds, reach: number, terms: number): CoilPiece => {
    const piece = known.get(key) ?? { set: sets, terms, from, to, shift: reach };
    if (known.has(key)) return piece;
    known.set(key, piece);
    all.push(piece);
    sets += terms;
    return piece;
  };
  const instant = (time: Seconds): CoilPiece => add(`${time}`, time, time, 0, 1);
  const isSmooth = clearance !== undefined && path?.sampled !== true;
  const spans = new Map<number, { readonly from: Seconds; readonly to: Seconds; readonly shifts: readonly number[] }>();
  /** Times between two corners, in equal parts in each of which spins move little. */
  const spanOf = (next: number) => {
    const found = spans.get(next);
    if (found !== undefined) return found;
    const from = next === 0 ? 0 : Math.max(0, corners[next - 1]);
    const to = Math.max(from, Math.min(corners[next] ?? duration, duration));
    let shifts: number[] = [];
    for (let count = 1; ; count = Math.ceil(FINER * count)) {
      const part = (to - from) / count;
      shifts = Array.from({ length: count }, (_, n) => {
        const at = (share: number): Seconds => from + (n + share) * part;
        if (turn(at(0), at(1)) > LARGEST_TURN) return Number.POSITIVE_INFINITY;
        // As far as from the middle to an end, where spins may jump.
        return shift(at(1 / 4), at(3 / 4)) / clearance!;
      });
      if (count > MOST_PARTS || shifts.every((reach) => reach <= LARGEST_SHIFT)) break;
    }
    const span = { from, to, shifts };
    spans.set(next, span);
    return span;
  };
  return {
    all,
    get sets() {
      return sets;
    },
    at(time) {
      if (!isSmooth) return instant(time);
      let [next, high] = [0, corners.length];
      while (next < high) {
        const middle = (next + high) >> 1;
        if (corners[middle] < time - SAME_TIME) next = middle + 1;
        else high = middle;
      }
      // Spins may jump at a corner.
      if (next < corners.length && corners[next] <= time + SAME_TIME) return instant(time);
      const { from, to, shifts } = spanOf(next);
      const count = shifts.length;
      if (count > MOST_PARTS) return instant(time);
      const part = Math.max(0, Math.min(count - 1, Math.floor((count * (time - from)) / (to - from))));
      const at = (n: number): Seconds => from + ((to - from) * n) / count;
      return add(`${next} ${part}`, at(part), at(part + 1), shifts[part], termsWithin(shifts[part], ERROR));
    },
  };
}

/** Spins that `moveTo` puts where they are at a time. */
export interface Traveller {
  readonly spins: Spins;
  readonly moveTo: (time: Seconds) => void;
}

/**
 * Fills the sets of all pieces.
 * @param columnsOf the columns [coils][re, im] of a set
 */
export type PieceFiller = (
  pieces: readonly CoilPiece[],
  traveller: Traveller,
  columnsOf: (set: number) => readonly Float32Array[],
) => void;

/**
 * Keeps the columns between which it interpolates from tile to tile: made anew for each, they fill
 * the memory until V8 collects buffers.
 */
export function pieceFiller(layer: Layer): PieceFiller {
  const width = 2 * layer.adds.coils!;
  let kept: Float64Array[][] = [];
  let sums = new Float64Array(0);
  return (pieces, { spins, moveTo }, columnsOf) => {
    const { count } = spins;
    const most = pieces.reduce((terms, piece) => Math.max(terms, piece.terms), 1);
    if (most > 1 && (kept.length < most || sums.length < count)) {
      sums = new Float64Array(Math.max(sums.length, count));
      kept = Array.from({ length: Math.max(kept.length, most) }, () =>
        Array.from({ length: width }, () => new Float64Array(sums.length)),
      );
    }
    for (const { set, terms, from, to } of pieces) {
      if (terms === 1) {
        moveTo((from + to) / 2);
        layer.fill(spins, columnsOf(set));
        continue;
      }
      for (let node = 0; node < terms; node++) {
        moveTo((from + to) / 2 + (Math.cos(angleOf(node, terms)) * (to - from)) / 2);
        layer.fill(spins, kept[node]);
      }
      for (let term = 0; term < terms; term++) {
        const row = Float64Array.from(
          { length: terms },
          (_, node) => ((term === 0 ? 1 : 2) / terms) * Math.cos(term * angleOf(node, terms)),
        );
        for (const [c, column] of columnsOf(set + term).entries()) combine(kept, c, row, sums, count, column);
      }
    }
  };
}

/** Angle of a Chebyshev node of the first kind. */
const angleOf = (node: number, nodes: number): number => (Math.PI * (2 * node + 1)) / (2 * nodes);

/** Σ row[node]·values[node][c]. Plain loops: this is a share of the run. */
function combine(
  values: readonly (readonly Float64Array[])[],
  c: number,
  row: Float64Array,
  sums: Float64Array,
  count: number,
  to: Float32Array,
): void {
  sums.fill(0, 0, count);
  for (let node = 0; node < row.length; node++) {
    const [weight, column] = [row[node], values[node][c]];
    for (let n = 0; n < count; n++) sums[n] = sums[n] + weight * column[n];
  }
  for (let n = 0; n < count; n++) to[n] = sums[n];
}
