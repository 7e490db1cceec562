/**
 * Fields seen by moving spins: B0 maps, concomitant fields and gradient non-linearity change a
 * spin's precession frequency as it moves through them. Time is divided into pieces. Within a piece
 * a field value is linear in time, and each spin has its values at the two ends, the nodes. The
 * line goes through the values at the two zeros of the second Legendre polynomial, so that the
 * phase over a whole piece is accurate to fourth order in the distance moved.
 */
import { badInput, type LarmorError } from '../base/errors.ts';
import type { Movement, SeenFields } from '../base/movement.ts';
import { SAME_TIME, type Seconds } from '../base/units.ts';
import type { Places } from '../phantom/motion/places.ts';
import type { Layer } from './layer.ts';

export interface SeenField extends Pick<Layer, 'fitsBox' | 'check'> {
  /** Largest magnitude of each value anywhere the spins get to. */
  readonly largest: readonly number[];
  /** All that its values depend on, for the plan's hash. */
  readonly identity: string;
  readonly residentBytes: number;
  /** Field along B0 per unit of each value, under gradients (x, y, z) [T per unit]. */
  readonly rates: SeenFields['rates'];
  readonly curved?: SeenFields['curved'];
  /** Writes the values [largest.length][spins] at these positions. */
  sample(places: Places, values: readonly Float64Array[], outside: Outside): void;
}

/**
 * Called for a spin n at which the field has no value: throws that error, unless the spin has no
 * density.
 */
export type Outside = (n: number, errorOf: (who: string) => LarmorError) => void;

/**
 * All fields as one, with values scaled to a largest magnitude of 1, since the choice of RF steps
 * assumes columns of that order. @returns undefined without any field
 */
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
    curved: fields.some((field) => field.curved),
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
 * Largest product of the distance that a spin moves within a piece and the duration of the piece
 * [m·s]. Maps are trilinear, so their slope changes where a spin crosses the boundary of a voxel:
 * with a change of 10 Hz/mm the phase error of the piece is up to 4e-4 rad, of either sign.
 */
const DISTANCE_TIME = 5e-8;
/** Rotation [rad] up to which the chord is taken for the distance moved. */
const SMALL_ROTATION = 0.25;
/** Most spins times pieces: ten minutes of one thread. */
const MOST_SPIN_PIECES = 1e9;

/**
 * Times at which pieces begin and end: the corners of the movement, and more between them where
 * spins move fast.
 */
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
    const parts = Math.max(1, Math.ceil(turn(from, to) / SMALL_ROTATION));
    const at = (part: number): Seconds => from + inset + ((to - from - 2 * inset) * part) / parts;
    let distance = 0;
    for (let part = 0; part < parts; part++) distance += shift(at(part), at(part + 1));
    const pieces = Math.max(1, Math.ceil(Math.sqrt((distance * (to - from)) / DISTANCE_TIME)));
    for (let n = 1; n < pieces; n++) knots.push(from + ((to - from) * n) / pieces);
    knots.push(to);
  }
  return Float64Array.from(knots);
}

/** @throws LarmorError 65 if sampling the fields alone would take more than some ten minutes */
export function requirePieces(location: string, spins: number, knots: readonly Float64Array[]): void {
  const pieces = Math.max(0, ...knots.map(({ length }) => length - 1));
  if (spins * pieces <= MOST_SPIN_PIECES) return;
  const work = (value: number): string => value.toExponential(1);
  const what = `${spins} spins move through fields in ${pieces} pieces of time: ${work(spins * pieces)}, the limit is ${work(MOST_SPIN_PIECES)}`;
  throw badInput(location, what, 'take fewer spins (--spins-per-voxel), a shorter sequence or smaller motions');
}

/** Zeros of the second Legendre polynomial on [0, 1]. */
const EARLY = (1 - 1 / Math.sqrt(3)) / 2;

/** Fills `columns` [2 pieces][values][spins] with the field values at the nodes of all pieces. */
export function fillNodes(
  field: SeenField,
  knots: Float64Array,
  placesAt: (time: Seconds) => Places,
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
