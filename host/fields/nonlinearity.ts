/**
 * Gradient coils with a non-linear field: G_x·b_x(r) + G_y·b_y(r) + G_z·b_z(r) instead of G·r, with
 *
 *     b(r) = r + R0 Σ (r/R0)ⁿ N_nm P_nm(cos θ)(A cos mφ + B sin mφ)
 *
 * P_nm with the Condon–Shortley phase; N = (−1)^m √((2n + 1)(n − m)!/(2(n + m)!)) for m > 0, 1 for
 * m = 0. Coefficients are read from a vendor's file, which is not part of this project: Siemens's
 * `.grad`, or `.coef` with lines such as `alpha_x 3 1 0.01`. They refer to LAI axes (left,
 * anterior, inferior), which are (x, −y, −z) of LPS.
 */

import { createHash } from 'node:crypto';
import { badInput } from '../base/errors.ts';
import { readInput } from '../base/files.ts';
import type { Meters } from '../base/units.ts';
import type { Numbers, Places } from './map.ts';

/** b for many places. */
export interface GradientFields {
  readonly path: string;
  readonly identity: string;
  /**
   * Replaces positions [0, count), LPS, by b(r).
   * @param lost receives the rounding errors of b(r) in f32, x, y, z
   */
  apply(x: Numbers, y: Numbers, z: Numbers, count: number, lost?: readonly Numbers[]): void;
  /** b(r) − r of places [0, count), x, y, z. */
  displacements(places: Places, count: number, columns: readonly Float64Array[]): void;
}

interface Coefficient {
  /** 0, 1, 2: the gradient coil. */
  readonly axis: number;
  readonly n: number;
  readonly m: number;
  /** A goes with cos mφ, B with sin mφ. */
  readonly sine: boolean;
  readonly value: number;
}

/** Reference radius where a `.coef` file states none. */
const USUAL_R0: Meters = 0.25;
/** Higher orders than vendors give are a mistake. */
const MOST_ORDER = 60;
/** A linear term larger than this is the gradient itself, not its error. */
const WHOLE_FIELD = 0.5;

const NUMBER = String.raw`[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?`;
const GRAD_ROW = /^\s*\d+\s+([AB])\s*\(\s*(\d+)\s*,\s*(\d+)\s*\)\s+(\S+)\s+([xyz])\s*$/i;
const GRAD_LIKE = /^\s*\d+\s+[AB]\s*\(/i;
const RADIUS = new RegExp(String.raw`(${NUMBER})\s*m\s*=\s*R0`);
const COEF_ROW = /^\s*(alpha|beta)_([xyz])\s+(\d+)\s+(\d+)\s+(\S+)\s*$/i;
const COEF_LIKE = /^\s*(alpha|beta)_/i;

/**
 * @throws LarmorError 65 if the file holds no coefficients or a row cannot be read, 66 if it is
 * missing
 */
export function readGradientFields(path: string): GradientFields {
  const lines = readInput(path).toString('latin1').split(/\r?\n/);
  const coefficients: Coefficient[] = [];
  let R0: Meters | undefined;
  for (const [n, line] of lines.entries()) {
    const radius = RADIUS.exec(line);
    if (radius) R0 = Number(radius[1]);
    const found = rowOf(line);
    if (found !== undefined) coefficients.push(checked(`${path}:${n + 1}`, found, coefficients));
    else if (GRAD_LIKE.test(line) || COEF_LIKE.test(line))
      throw badInput(
        `${path}:${n + 1}`,
        `'${line.trim()}' is not a coefficient`,
        "write for example '1 A( 3, 0) -0.09 z'",
      );
  }
  if (coefficients.length === 0)
    throw badInput(path, 'holds no coefficients of gradient fields', 'give a .grad or .coef file of the scanner');
  R0 ??= COEF_LIKE.test(lines.find((line) => rowOf(line)) ?? '') ? USUAL_R0 : undefined;
  if (R0 === undefined || !(R0 > 0.01 && R0 < 10))
    throw badInput(path, `${R0 === undefined ? 'states no R0' : `R0 is ${R0} m`}`, "give it as '0.25 m = R0'");
  return gradientFields(path, R0, coefficients);
}

function rowOf(line: string): Coefficient | undefined {
  const grad = GRAD_ROW.exec(line);
  if (grad) {
    const [, kind, n, m, value, axis] = grad;
    return coefficient(kind!.toUpperCase() === 'B', axis!, n!, m!, value!);
  }
  const coef = COEF_ROW.exec(line);
  if (!coef) return undefined;
  const [, kind, axis, n, m, value] = coef;
  return coefficient(kind!.toLowerCase() === 'beta', axis!, n!, m!, value!);
}

function coefficient(sine: boolean, axis: string, n: string, m: string, value: string): Coefficient {
  return { sine, axis: 'xyz'.indexOf(axis.toLowerCase()), n: Number(n), m: Number(m), value: Number(value) };
}

function checked(location: string, found: Coefficient, before: readonly Coefficient[]): Coefficient {
  const { axis, n, m, sine, value } = found;
  if (!Number.isFinite(value)) throw badInput(location, 'the coefficient is not a number', 'correct the file');
  if (m > n || n > MOST_ORDER)
    throw badInput(
      location,
      `order ${n}, ${m} does not exist`,
      `the second is at most the first, that at most ${MOST_ORDER}`,
    );
  if (before.some((other) => other.axis === axis && other.n === n && other.m === m && other.sine === sine))
    throw badInput(
      location,
      `coefficient ${sine ? 'B' : 'A'}(${n}, ${m}) of ${'xyz'[axis]} is given twice`,
      'keep one of them',
    );
  if (n === 1 && Math.abs(value) > WHOLE_FIELD)
    throw badInput(
      location,
      'its linear terms describe the whole field, not the deviation from it',
      'give the deviation alone, without the linear field',
    );
  return found;
}

function gradientFields(path: string, R0: Meters, coefficients: readonly Coefficient[]): GradientFields {
  const top = Math.max(...coefficients.map(({ n }) => n));
  const orders = [...new Set(coefficients.map(({ m }) => m))].sort((p, q) => p - q);
  /** [order m][degree n][axis][A, B], normalised. */
  const weights = orders.map(() => new Float64Array(6 * (top + 1)));
  for (const { axis, n, m, sine, value } of coefficients) {
    const list = weights[orders.indexOf(m)];
    const at = 6 * n + 2 * axis + (sine ? 1 : 0);
    list[at] = list[at] + value * normOf(n, m);
  }
  const sum = new Float64Array(3);
  /**
   * b(r) − r at a place in LPS [m], by the recurrence of solid harmonics in x, y, z of LAI over R0.
   */
  const displacement = (left: Meters, posterior: Meters, superior: Meters): void => {
    const [x, y, z] = [left / R0, -posterior / R0, -superior / R0];
    const r2 = x * x + y * y + z * z;
    sum.fill(0);
    // (x + iy)^m and rᵐ P_mm/sinᵐθ = (−1)ᵐ (2m − 1)!!
    let [cos, sin, factor] = [1, 0, 1];
    for (let m = 0, o = 0; o < orders.length; m++) {
      if (m === orders[o]) {
        const list = weights[o++];
        let [before, now] = [0, factor];
        for (let n = m; n <= top; n++) {
          for (let axis = 0; axis < 3; axis++) {
            const at = 6 * n + 2 * axis;
            sum[axis] = sum[axis] + now * (list[at] * cos + list[at + 1] * sin);
          }
          const next = ((2 * n + 1) * z * now - (n + m) * r2 * before) / (n + 1 - m);
          [before, now] = [now, next];
        }
      }
      [cos, sin] = [cos * x - sin * y, cos * y + sin * x];
      factor *= -(2 * m + 1);
    }
    for (let axis = 0; axis < 3; axis++) sum[axis] = (axis === 0 ? R0 : -R0) * sum[axis];
  };
  return {
    path,
    identity: createHash('sha256')
      .update(JSON.stringify([R0, coefficients]))
      .digest('hex'),
    displacements({ x, y, z }, count, columns) {
      for (let n = 0; n < count; n++) {
        displacement(x[n], y[n], z[n]);
        for (const [axis, column] of columns.entries()) column[n] = sum[axis];
      }
    },
    apply(x, y, z, count, lost) {
      const columns = [x, y, z];
      for (let n = 0; n < count; n++) {
        displacement(x[n], y[n], z[n]);
        for (const [axis, column] of columns.entries()) {
          const b = column[n] + sum[axis];
          column[n] = b;
          if (lost !== undefined) lost[axis][n] = b - column[n];
        }
      }
    },
  };
}

function normOf(n: number, m: number): number {
  if (m === 0) return 1;
  let ratio = 1; // (n − m)!/(n + m)!
  for (let k = n - m + 1; k <= n + m; k++) ratio /= k;
  return (m % 2 === 0 ? 1 : -1) * Math.sqrt(((2 * n + 1) * ratio) / 2);
}
