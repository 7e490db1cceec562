/** Curves, their sheets and tables in the shared memory, field for field as `assembly/curve.ts` and `assembly/sheet.ts` declare them. */
import { type CurveAxis, correctionsOf } from './curve-axis.ts';
import { partsTable } from './curve-times.ts';
import { type Curve, placeBytes, type Sheet } from './curves.ts';
import { stagesOf } from './fourier.ts';
import type { SpreadingKernel } from './kaiser-bessel.ts';
import { type Arena, placedOnce } from './layout.ts';
import { placeStages } from './train-layout.ts';

/** Bytes that a spin's place on the widest sheet takes; 0 without any. */
export function sheetBytesOf(curves: readonly Curve[]): number {
  return curves.reduce((most, { sheet }) => Math.max(most, placeBytes(sheet)), 0);
}

/** Room that curves take at most. */
export function placedCurveBytes(curves: readonly Curve[]): number {
  const points = new Set(curves.map((curve) => curve.points));
  const sheets = new Set(curves.map(({ sheet }) => sheet));
  const tables = [...points].reduce((sum, { byteLength }) => sum + byteLength + 64, 0);
  const targets = curves.reduce((sum, curve) => sum + curve.targets.byteLength + 256, 0);
  const axes = [...sheets].reduce(
    (sum, { u, v, times }) => sum + axisRoom(u) + axisRoom(v) + 8 * times.length ** 2 + 4096,
    0,
  );
  return tables + targets + axes;
}

const axisRoom = ({ cells, grid, spreading, interpolation }: CurveAxis): number =>
  4 * cells + 16 * grid + 4 * (spreading.polynomials.length + interpolation.polynomials.length) + 4096;

/** @returns address of [curves] records */
export function placeCurves(arena: Arena, curves: readonly Curve[]): number {
  const sheetAt = placedOnce((sheet: Sheet) => placeSheet(arena, sheet));
  const pointsAt = placedOnce((points: Int32Array) => arena.place(points));
  return arena.place(
    Int32Array.from(
      curves.flatMap(({ moment, sheet, points, targets }) => [
        arena.place(moment),
        sheetAt(sheet),
        targets.length,
        pointsAt(points),
        arena.place(targets),
      ]),
    ),
  );
}

function placeSheet(arena: Arena, { u, v, times }: Sheet): number {
  const parts = arena.placeSingle(partsTable(times.length));
  return arena.place(Int32Array.of(placeAxis(arena, u), placeAxis(arena, v), arena.place(times), times.length, parts));
}

function placeAxis(arena: Arena, axis: CurveAxis): number {
  const { direction, pitch, centre, cells, middle, spreading, interpolation, grid, first, count } = axis;
  const stages = stagesOf(grid);
  return arena.place(
    Int32Array.of(
      arena.place(Float64Array.of(...direction.map((value) => value / pitch), middle - centre / pitch)),
      cells,
      middle,
      placeKernel(arena, spreading),
      arena.placeSingle(correctionsOf(axis)),
      grid,
      first,
      count,
      placeStages(arena, stages),
      stages.length,
      placeKernel(arena, interpolation),
    ),
  );
}

function placeKernel(arena: Arena, { width, taps, degree, polynomials }: SpreadingKernel): number {
  return arena.place(Int32Array.of(width, taps, degree, arena.placeSingle(polynomials)));
}
