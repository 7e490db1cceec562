/**
 * The built-in head as a lattice model: painting a row of the anatomy, and the folds of cortex and
 * cerebellum, which turn one painted tissue into CSF, grey or white matter without changing where
 * spins are.
 */

import type { Meters } from '../base/units.ts';
import { BRAIN, CEREBELLUM, HEAD, SHAPES } from './head-anatomy.ts';
import type { LatticeModel, Vector } from './lattice.ts';
import { TISSUES } from './tissues.ts';

const { csf, grey, white, cortex, folia } = HEAD;

/** Grey matter is this thick beside a sulcus and under the surface [mm]. */
const CORTEX_MM = 3.4;
/** Half the width of an open sulcus at the surface [mm]. */
const SULCUS_MM = 1.3;
/** Sulci reach this deep [mm]. */
const SULCUS_DEPTH_MM = 15;
/**
 * The pattern's slope along the surface: the distance to the nearest sulcus is about |pattern|
 * times this [mm].
 */
const PATTERN_MM = 5.5;

/**
 * Positions of a model's lattice points: start + index · spacing along x and y; planes have a
 * spacing of their own.
 */
export interface ModelGrid {
  readonly start: Vector;
  readonly spacing: Meters;
  readonly planeSpacing: Meters;
}

/** The head of `head-anatomy.ts` on a lattice with i along x, j along y, k along z. */
export function headModel({ start, spacing, planeSpacing }: ModelGrid): LatticeModel {
  const [x0, y0, z0] = start.map((place) => 1e3 * place);
  const step = 1e3 * spacing;
  const planeStep = 1e3 * planeSpacing;
  let plane = Number.NaN;
  let sections: Float64Array = new Float64Array(0);
  return {
    tissues: [
      undefined,
      TISSUES.csf,
      TISSUES.greyMatter,
      TISSUES.whiteMatter,
      TISSUES.fat,
      TISSUES.muscle,
      TISSUES.skin,
      TISSUES.marrow,
      TISSUES.lesion,
      TISSUES.greyMatter,
      TISSUES.greyMatter,
    ],
    refined: [csf, grey, white],
    paintRow(row, j, k) {
      if (k !== plane) sections = sectionsAt(z0 + k * planeStep);
      plane = k;
      paintSections(row, sections, x0, step, y0 + j * step);
    },
    refineRow(row, from, to, j, k) {
      const y = y0 + j * step;
      const z = z0 + k * planeStep;
      foldCortex(row, from, to, x0, step, y, z);
      foldCerebellum(row, from, to, x0, step, y, z);
    },
  };
}

/** Numbers of a section: see `sectionsAt`. */
const SECTION = 11;

/**
 * [shapes][tissue, x, y, low y, high y, cos, sin, and what `paintSections` needs of the half axes]:
 * the shapes that a plane of constant z cuts.
 */
function sectionsAt(z: number): Float64Array {
  const sections: number[] = [];
  for (const { tissue, centre, half, turn, minY, maxY, minZ, maxZ } of SHAPES) {
    const [a, b, c] = half;
    const dz = (z - centre[2]) / c;
    const room = 1 - dz * dz;
    if (z < minZ || z > maxZ || room <= 0) continue;
    const cos = Math.cos(turn);
    const sin = Math.sin(turn);
    // Slightly more than the ellipse; the exact test follows.
    const reach = (1 + 1e-9) * Math.sqrt(room * ((a * sin) ** 2 + (b * cos) ** 2));
    const [p, shear, flatness] = [
      (cos / a) ** 2 + (sin / b) ** 2,
      1 / a ** 2 - 1 / b ** 2,
      (sin / a) ** 2 + (cos / b) ** 2,
    ];
    const [low, high] = [Math.max(minY, centre[1] - reach), Math.min(maxY, centre[1] + reach)];
    sections.push(tissue, centre[0], centre[1], low, high, cos, sin, p, shear, flatness, room);
  }
  return Float64Array.from(sections);
}

/**
 * Fills the interval of each section on the row at height y, where a quadratic in x is at most 0.
 * Millimetres.
 */
function paintSections(row: Uint8Array, sections: Float64Array, x0: number, step: number, y: number): void {
  for (let n = 0; n < sections.length; n += SECTION) {
    if (y < sections[n + 3] || y > sections[n + 4]) continue;
    const dy = y - sections[n + 2];
    const p = sections[n + 7];
    // ((cos·dx + sin·dy)/a)² + ((−sin·dx + cos·dy)/b)² ≤ room, as p·dx² + 2q·dx + r ≤ 0.
    const q = dy * sections[n + 5] * sections[n + 6] * sections[n + 8];
    const r = dy * dy * sections[n + 9] - sections[n + 10];
    const root = q * q - p * r;
    if (root <= 0) continue;
    const middle = sections[n + 1] - q / p;
    const reach = Math.sqrt(root) / p;
    const from = Math.max(0, Math.ceil((middle - reach - x0) / step));
    const to = Math.floor((middle + reach - x0) / step);
    if (to >= from) row.fill(sections[n], from, to + 1);
  }
}

// Both process a whole row, because a call per point takes as long as the sines.

/**
 * Folded cortex: sulci are the zero surfaces of a smooth pattern over the directions from the
 * brain's centre, open at the surface and narrower inside; grey matter covers them and the surface.
 */
function foldCortex(row: Uint8Array, from: number, to: number, x0: number, step: number, y: number, z: number): void {
  const v = (y - BRAIN.centre[1]) / BRAIN.half[1];
  const w = (z - BRAIN.centre[2]) / BRAIN.half[2];
  for (let i = from; i < to; i++) {
    if (row[i] !== cortex) continue;
    const u = (x0 + i * step - BRAIN.centre[0]) / BRAIN.half[0];
    const radius = Math.sqrt(u * u + v * v + w * w);
    const depth = (1 - radius) * BRAIN.half[0];
    row[i] = white;
    if (depth > SULCUS_DEPTH_MM + CORTEX_MM) continue;
    const nu = u / radius;
    const nv = v / radius;
    const nw = w / radius;
    const pattern =
      sine(17 * nu + 2.4 * sine(6 * nv + 1.3) + 3 * nw) + sine(16 * nv + 2.1 * sine(7 * nu - 0.4) + 9 * nw);
    const aside = Math.abs(pattern) * PATTERN_MM;
    const below = Math.max(0, depth - SULCUS_DEPTH_MM);
    if (depth < SULCUS_DEPTH_MM && aside < SULCUS_MM * (1 - depth / SULCUS_DEPTH_MM)) row[i] = csf;
    else if (Math.min(depth * depth, aside * aside + below * below) < CORTEX_MM * CORTEX_MM) row[i] = grey;
  }
}

/** sin x to 6·10⁻⁸ by its series, without a branch: a third of the time of V8's own. */
function sine(x: number): number {
  const turned = x - 2 * Math.PI * Math.floor(x * (0.5 / Math.PI) + 0.5);
  const r = Math.max(Math.min(turned, Math.PI - turned), -Math.PI - turned);
  const q = r * r;
  return r + r * q * (-1 / 6 + q * (1 / 120 + q * (-1 / 5040 + q * (1 / 362880 - q * (1 / 39916800)))));
}

/** Folia: thin leaves of grey matter around a white core, stacked from top to bottom. */
function foldCerebellum(
  row: Uint8Array,
  from: number,
  to: number,
  x0: number,
  step: number,
  y: number,
  z: number,
): void {
  const v = (y - CEREBELLUM.centre[1]) / CEREBELLUM.half[1];
  const w = (z - CEREBELLUM.centre[2]) / CEREBELLUM.half[2];
  for (let i = from; i < to; i++) {
    if (row[i] !== folia) continue;
    const u = (Math.abs(x0 + i * step) - CEREBELLUM.centre[0]) / CEREBELLUM.half[0];
    const depth = 1 - Math.sqrt(u * u + v * v + w * w);
    const leaf = Math.cos(0.55 * (z + 0.5 * y) + 4 * u);
    if (depth > 0.5) row[i] = white;
    else if (leaf > 0.75 && depth < 0.3) row[i] = csf;
    else row[i] = leaf < -0.75 && depth > 0.15 ? white : grey;
  }
}
