/**
 * Concomitant fields where the second order in the gradients is not sufficient (low B0): the whole
 *
 *     F(G, r) = √(Bx² + By² + (B0 + G·r)²) − (B0 + G·r),   Bx = Gx·z − Gz·x/2,  By = Gy·z − Gz·y/2
 *
 * as a short sum Σ_k u_k(G)·v_k(r), which has the form of phase terms: v_k are columns of the
 * spins, u_k rates of the timeline. Adaptive cross approximation (Bebendorf, Numer. Math. 86, 565,
 * 2000) takes the pair (G_k, r_k) with the largest error and makes the error vanish for this G_k at
 * all r and for this r_k under all G, until none is left among the gradients that the sequence
 * plays and the positions in the box of the spins. F is smooth, so 10 to 40 pairs suffice.
 */
import type { Tesla } from '../base/units.ts';
import type { Numbers, Places } from '../fields/map.ts';
import type { PhantomBounds } from '../phantom/types.ts';

/** Gradients (x, y, z) [T/m]. */
export type Gradient = readonly [number, number, number];

export interface WholeRoot {
  /** Pairs k. */
  readonly count: number;
  /** Largest |v_k| in the box. */
  readonly largest: readonly number[];
  readonly identity: string;
  /** u_k(G) [T per unit of v_k] */
  rates(gradient: Gradient): readonly number[];
  /** v_k(r) of places, [count][places] */
  fill(places: Places, spins: number, columns: readonly Numbers[]): void;
}

/** Places along each axis of the box. */
const PLACES = 7;
/** More pairs than any sequence has needed: rounding would choose the next. */
const MOST_PAIRS = 200;
/** Margin, because |v| may be larger between the examined positions. */
const MARGIN = 1.2;

/** @param error largest error of F [T] */
export function wholeRoot(
  B0: Tesla,
  gradients: readonly Gradient[],
  box: Pick<PhantomBounds, 'min' | 'max'>,
  error: Tesla,
): WholeRoot {
  const places = placesIn(box);
  const left = gradients.map((gradient) => Float64Array.from(places, (place) => rootField(B0, gradient, place)));
  const pivots: { readonly gradient: Gradient; readonly place: Vector }[] = [];
  /** [k] of the error before pair k: its row over places, and 1 / its value at the pivot. */
  const rows: Float64Array[] = [];
  const scales: number[] = [];
  while (pivots.length < MOST_PAIRS) {
    const { row, column, value } = largestOf(left);
    if (Math.abs(value) <= error) break;
    pivots.push({ gradient: gradients[row], place: places[column] });
    const pivot = left[row].slice();
    rows.push(pivot);
    scales.push(1 / value);
    for (const own of left) {
      const share = own[column] / value;
      for (let n = 0; n < own.length; n++) own[n] = own[n] - share * pivot[n];
    }
  }
  const count = pivots.length;
  const most = rows.map((row) => row.reduce((high, value) => Math.max(high, Math.abs(value)), 0));
  /** [k][l < k] v_l(r_k) and u_l(G_k), each from those before. */
  const atPivots: (readonly number[])[] = [];
  const atGradients: (readonly number[])[] = [];
  for (const [k, { gradient, place }] of pivots.entries()) {
    atPivots.push(vOf(place, k));
    atGradients.push(uOf(gradient, k));
  }

  /** u of the first `known` pairs, for v of a largest magnitude of 1. */
  function uOf(gradient: Gradient, known: number): number[] {
    const u: number[] = [];
    for (let k = 0; k < known; k++) {
      let rest = rootField(B0, gradient, pivots[k].place);
      for (let l = 0; l < k; l++) rest -= u[l] * atPivots[k][l];
      u.push(rest * scales[k] * most[k]);
    }
    return u;
  }

  /** v of the first `known` pairs at a place. */
  function vOf(place: Vector, known: number): number[] {
    const v: number[] = [];
    for (let k = 0; k < known; k++) {
      let rest = rootField(B0, pivots[k].gradient, place);
      for (let l = 0; l < k; l++) rest -= atGradients[k][l] * v[l];
      v.push(rest / most[k]);
    }
    return v;
  }

  return {
    count,
    largest: most.map(() => MARGIN),
    identity: `concomitant=${B0} root=${JSON.stringify(pivots)}`,
    rates: (gradient) => uOf(gradient, count),
    fill({ x, y, z }, spins, columns) {
      for (let n = 0; n < spins; n++)
        for (const [k, value] of vOf([x[n], y[n], z[n]], count).entries()) columns[k][n] = value;
    },
  };
}

type Vector = readonly [number, number, number];

/** F, without the cancellation of its two large terms. */
function rootField(B0: Tesla, [gx, gy, gz]: Gradient, [x, y, z]: Vector): Tesla {
  const [bx, by] = [gx * z - (gz * x) / 2, gy * z - (gz * y) / 2];
  const across = bx * bx + by * by;
  const along = B0 + gx * x + gy * y + gz * z;
  const size = Math.sqrt(across + along * along);
  return along > 0 ? across / (size + along) : size - along;
}

/** A grid over the box, denser towards its faces (Chebyshev's points). */
function placesIn({ min, max }: Pick<PhantomBounds, 'min' | 'max'>): Vector[] {
  const at = (axis: number, step: number): number => {
    const part = (1 - Math.cos((Math.PI * (step % PLACES)) / (PLACES - 1))) / 2;
    return min[axis] + (max[axis] - min[axis]) * part;
  };
  return Array.from({ length: PLACES ** 3 }, (_, n) => [
    at(0, n),
    at(1, Math.floor(n / PLACES)),
    at(2, Math.floor(n / PLACES ** 2)),
  ]);
}

function largestOf(rows: readonly Float64Array[]): { row: number; column: number; value: number } {
  let [found, row, column] = [0, 0, 0];
  for (const [r, values] of rows.entries())
    for (let c = 0; c < values.length; c++)
      if (Math.abs(values[c]) > found) [found, row, column] = [Math.abs(values[c]), r, c];
  return { row, column, value: rows[row]?.[column] ?? 0 };
}
