/** Curves, their sheets and tables in the shared memory. */
import { type CurvePoint, Curve as CurveRecord, Kernel, SheetAxis, Sheet as SheetRecord } from './abi.generated.ts';
import { type Arena, placedOnce } from './arena.ts';
import { type CurveAxis, correctionsOf } from './curve-axis.ts';
import { partsTable } from './curve-times.ts';
import { type Curve, placeBytes, type Sheet } from './curves.ts';
import { stagesOf } from './fourier.ts';
import type { SpreadingKernel } from './kaiser-bessel.ts';
import type { RecordList } from './records.ts';
import { placeStages } from './train-layout.ts';

/** Bytes that a spin's place on the widest sheet takes; 0 without any. */
export function sheetBytesOf(curves: readonly Curve[]): number {
  return curves.reduce((most, { sheet }) => Math.max(most, placeBytes(sheet)), 0);
}

/** @returns address of [curves] Curve */
export function placeCurves(arena: Arena, curves: readonly Curve[]): number {
  const sheetAt = placedOnce((sheet: Sheet) => placeSheet(arena, sheet));
  const pointsAt = placedOnce((points: RecordList<typeof CurvePoint>) => arena.list(points));
  return arena.records(
    CurveRecord,
    curves.map(({ moment, sheet, points, targets }) => ({
      moment: arena.place(moment),
      sheet: sheetAt(sheet),
      samples: targets.length,
      points: pointsAt(points),
      targets: arena.place(targets),
    })),
  );
}

function placeSheet(arena: Arena, { u, v, times }: Sheet): number {
  return arena.record(SheetRecord, {
    u: placeAxis(arena, u),
    v: placeAxis(arena, v),
    times: arena.place(times),
    nodes: times.length,
    parts: arena.placeSingle(partsTable(times.length)),
  });
}

function placeAxis(arena: Arena, axis: CurveAxis): number {
  const { direction, pitch, centre, cells, middle, spreading, interpolation, grid, first, count } = axis;
  const stages = stagesOf(grid);
  return arena.record(SheetAxis, {
    place: arena.place(Float64Array.of(...direction.map((value) => value / pitch), middle - centre / pitch)),
    cells,
    middle,
    spreading: placeKernel(arena, spreading),
    corrections: arena.placeSingle(correctionsOf(axis)),
    grid,
    first,
    count,
    stages: placeStages(arena, stages),
    stageCount: stages.length,
    interpolation: placeKernel(arena, interpolation),
  });
}

function placeKernel(arena: Arena, { width, taps, degree, polynomials }: SpreadingKernel): number {
  return arena.record(Kernel, { width, taps, degree, polynomials: arena.placeSingle(polynomials) });
}
