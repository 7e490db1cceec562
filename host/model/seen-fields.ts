/**
 * Fields that turn moving spins by what they are along the way: maps of B0, errors of gradients. Each spin has their values at two nodes for
 * every piece of time, those of the straight line through its values at two times within. These are the zeros of the second Legendre
 * polynomial, so what a piece as a whole turns a spin by is right to fourth order in the way that it covers.
 */
import { badInput, type LarmorError } from '../base/errors.ts';
import type { Movement, SeenFields } from '../base/movement.ts';
import type { Seconds } from '../base/units.ts';
import type { Layer } from './layer.ts';

/** Places [x, y, z] of spins on the move. */
export type MovingPlaces = Readonly<Record<'x' | 'y' | 'z', Float64Array>>;

export interface SeenField extends Pick<Layer, 'fitsBox' | 'check'> {
  /** Largest of each of its values anywhere in reach. */
  readonly largest: readonly number[];
  /** Everything that its values depend on, for the plan's hash. */
  readonly identity: string;
  readonly residentBytes: number;
  /** Field along B0 per unit of each value, under gradients (x, y, z) [T per unit]. */
  readonly rates: SeenFields['rates'];
  /** Writes the values [largest.length][spins] at some places. */
  sample(places: MovingPlaces, values: readonly Float64Array[], outside: Outside): void;
}

/** Takes spins where there is no value, and throws the error of what stands there unless nothing does. */
export type Outside = (n: number, errorOf: (who: string) => LarmorError) => void;

/** All fields as one, of values that reach 1: what chooses RF steps takes a unit of a column for much. Undefined: there is none. */
export function joinSeen(fields: readonly SeenField[]): SeenField | undefined {
  if (fields.length === 0) return undefined;
  const joined = inOrder(fields);
  const units = joined.largest.map((most) => (most > 0 ? most : 1));
  return {
    ...joined,
    largest: units.map(() => 1),
    rates: (gradients) => joined.rates(gradients).map((rate, i) => rate * units[i]),
    sample(places, values, outside) {
      joined.sample(places, values, outside);
      for (const [i, column] of values.entries())
        for (let n = 0; n < column.length; n++) column[n] = column[n] / units[i];
    },
  };
}

function inOrder(fields: readonly SeenField[]): SeenField {
  return {
    largest: fields.flatMap(({ largest }) => largest),
    identity: fields.map(({ identity }) => identity).join(' '),
    residentBytes: fields.reduce((bytes, field) => bytes + field.residentBytes, 0),
    rates: (gradients) => fields.flatMap((field) => field.rates(gradients)),
    sample(places, values, outside) {
      let from = 0;
      for (const { largest, sample } of fields) {
        sample(places, values.slice(from, from + largest.length), outside);
        from += largest.length;
      }
    },
  };
}

/**
 * Way of a spin in a piece times the duration of the piece [m·s], at most. Maps are trilinear, so a spin may meet the border of two voxels
 * within: where the slope changes there by 10 Hz/mm its phase is off by 4e-4 rad meanwhile, a little more or less by where it meets it.
 */
const PIECE = 5e-8;
/** Corners closer together than this [s] are one. */
const SAME_TIME: Seconds = 1e-12;
/** Turn [rad] over which the shift of a spin is its way. */
const SLIGHT_TURN = 0.25;
/** Spins times pieces: ten minutes of one thread. */
const MOST_SPIN_PIECES = 1e9;

/** Knots of a movement: its corners, and between them as many as the way asks for. */
export function knotsOf(
  { corners, turn }: Movement,
  shift: (from: Seconds, to: Seconds) => number,
  duration: Seconds,
): Float64Array {
  const knots = [0];
  const stops = [...corners, duration];
  for (const to of stops) {
    const from = knots[knots.length - 1];
    if (to - from <= SAME_TIME) continue;
    // Just inside: a corner may be a jump.
    const inset = 1e-9 * (to - from);
    const parts = Math.max(1, Math.ceil(turn(from, to) / SLIGHT_TURN));
    const at = (part: number): Seconds => from + inset + ((to - from - 2 * inset) * part) / parts;
    let way = 0;
    for (let part = 0; part < parts; part++) way += shift(at(part), at(part + 1));
    const pieces = Math.max(1, Math.ceil(Math.sqrt((way * (to - from)) / PIECE)));
    for (let n = 1; n < pieces; n++) knots.push(from + ((to - from) * n) / pieces);
    knots.push(to);
  }
  return Float64Array.from(knots);
}

/** @throws LarmorError 65 where the values alone would take longer than a user waits for */
export function requirePieces(location: string, spins: number, knots: readonly Float64Array[]): void {
  const pieces = Math.max(0, ...knots.map(({ length }) => length - 1));
  if (spins * pieces <= MOST_SPIN_PIECES) return;
  const work = (value: number): string => value.toExponential(1);
  const what = `${spins} spins move through fields in ${pieces} pieces of time: ${work(spins * pieces)}, the limit is ${work(MOST_SPIN_PIECES)}`;
  throw badInput(location, what, 'take fewer spins (--spins-per-voxel), a shorter sequence or smaller motions');
}

/** Zeros of the second Legendre polynomial on [0, 1]. */
const EARLY = (1 - 1 / Math.sqrt(3)) / 2;

/** Values at the nodes of all pieces, [2 pieces][values] of columns [spins]. */
export function fillNodes(
  field: SeenField,
  knots: Float64Array,
  placesAt: (time: Seconds) => MovingPlaces,
  columns: readonly Float32Array[],
  outside: Outside,
): void {
  const width = field.largest.length;
  const count = columns[0].length;
  const [early, late] = [0, 1].map(() => Array.from({ length: width }, () => new Float64Array(count)));
  for (let piece = 0; piece + 1 < knots.length; piece++) {
    const [from, length] = [knots[piece], knots[piece + 1] - knots[piece]];
    field.sample(placesAt(from + EARLY * length), early, outside);
    field.sample(placesAt(from + (1 - EARLY) * length), late, outside);
    for (let i = 0; i < width; i++) {
      const [first, last] = [columns[2 * piece * width + i], columns[(2 * piece + 1) * width + i]];
      for (let n = 0; n < count; n++) {
        const mean = (early[i][n] + late[i][n]) / 2;
        const half = (Math.sqrt(3) * (late[i][n] - early[i][n])) / 2;
        first[n] = mean - half;
        last[n] = mean + half;
      }
    }
  }
}
