/**
 * All samples of a window along any path in one plane of k-space (spirals, rosettes, ramps) by a
 * 2-D type-3 transform between non-uniform points (`assembly/nufft2d3.ts`). Readouts in the same
 * plane share a `NufftPlane`, so that spins are sorted and weighted once per tile.
 */
import { Nufft2d3, Nufft2d3Sample, OP } from '../../abi/abi.generated.ts';
import { type RecordList, recordList } from '../../abi/records.ts';
import { direction } from '../../numerics/direction.ts';
import { STRIDE } from '../../timeline/types.ts';
import type { WindowReadout } from '../../timeline/windows.ts';
import { nufft2d3Cost, planeCost } from '../cost.ts';
import { canBatch } from '../line-batches.ts';
import type { Context, Remaining, WindowMethod, WindowProposal } from '../method.ts';
import { placePlane } from '../nufft/layout.ts';
import { type Path, targetsOf, trace } from '../nufft/planar-paths.ts';
import { type CurveExtent, choosePlane, type NufftPlane } from '../nufft/plane.ts';
import { type PlaneAxisChoice, pointOf } from '../nufft/plane-axis.ts';
import { trajectoryAt } from '../trajectory.ts';

type Points = RecordList<typeof Nufft2d3Sample>;

interface Curve {
  readonly plane: NufftPlane;
  /** [kx, ky, kz, t]: middle of its range of k, and start of its time, since the last pulse. */
  readonly precession: Float64Array;
  /** [samples] shared by equal curves */
  readonly points: Points;
  /** [samples] where each goes in the signal */
  readonly targets: Int32Array;
}

/** Points of all curves together take at most this [bytes]. */
const MOST_POINT_BYTES = 2 ** 29;

export const nufft2d3: WindowMethod = {
  name: 'nufft2d3',
  open(context, remaining) {
    const { timeline, precision, isModelled, coils, budget, tileSize } = context;
    if (precision === 'f64' || isModelled || budget === undefined || budget.time === 0) return undefined;
    const pathOf = pathFinder(context);
    const extents = extentsOf(context, remaining, pathOf);
    const planes = new Map<string, NufftPlane | undefined>();
    const planeOf = (key: string): NufftPlane | undefined => {
      if (!planes.has(key)) planes.set(key, choosePlane(extents.get(key)!, context, budget));
      return planes.get(key);
    };
    const tables = new Map<string, Points | undefined>();
    let tableBytes = 0;
    const hasRoom = (path: Path, key: string): boolean => {
      const bytes = tables.has(key) ? 0 : Nufft2d3Sample.bytes * (path.points.length / STRIDE.sample);
      return tableBytes + bytes <= MOST_POINT_BYTES;
    };
    const pointsOf = (path: Path, plane: NufftPlane, key: string): Points => {
      const known = tables.get(key);
      if (known !== undefined) return known;
      const points = tabulate(path, plane);
      tables.set(key, points);
      tableBytes += Nufft2d3Sample.bytes * points.length;
      return points;
    };
    const curves: Curve[] = [];
    return {
      propose(readouts): readonly WindowProposal[] {
        if (!isCurve(context, readouts)) return [];
        const { path, key } = pathOf(readouts);
        const extent = path.plane && extents.get(path.plane.key);
        const plane = path.plane && planeOf(path.plane.key);
        if (plane === undefined || extent === undefined || !hasRoom(path, key)) return [];
        const { u, v, times, error } = plane;
        const samples = path.points.length / STRIDE.sample;
        return [
          {
            readouts,
            cost: Math.max(1, coils) * nufft2d3Cost(plane, samples, tileSize) + planeCost(plane) / extent.curves,
            error,
            what: `${samples} samples on a curve`,
            how: `2-D transform at ${times.length} time nodes, ${u.spreading.width} × ${v.spreading.width} cells of ${u.cells} × ${v.cells}, ${u.grid} × ${v.grid} points`,
            emit(writer) {
              const { middle } = path;
              const precession = Float64Array.from(readouts[0].encoding, (value, i) => value + (i < 3 ? middle[i] : 0));
              const targets = targetsOf(timeline, readouts);
              const index = curves.push({ plane, precession, points: pointsOf(path, plane, key), targets }) - 1;
              writer.op(OP.NUFFT2D3, index);
              writer.scratch(plane.scratch);
            },
          },
        ];
      },
      lower: (arena) => ({
        nufft2d3s: arena.records(
          Nufft2d3,
          curves.map(({ plane, precession, points, targets }) => ({
            precession: arena.place(precession),
            plane: placePlane(arena, plane),
            samples: targets.length,
            points: arena.once(points, () => arena.list(points)),
            targets: arena.place(targets),
          })),
        ),
      }),
    };
  },
};

/** Lines that are equally spaced and many are better off in batches. */
const admits = (context: Context, { trajectory }: WindowReadout): boolean =>
  !(trajectoryAt(context.timeline, trajectory).isUniform && canBatch(context, trajectory));

const isCurve = (context: Context, readouts: readonly WindowReadout[]): boolean =>
  readouts.length > 0 && readouts.every((readout) => admits(context, readout));

/** The way of a window's samples through k-space, remembered by its shape. */
function pathFinder({ timeline }: Context) {
  const paths = new Map<string, Path>();
  return (readouts: readonly WindowReadout[]): { readonly path: Path; readonly key: string } => {
    const start = readouts[0].encoding;
    const key = readouts
      .map(({ trajectory, encoding }) =>
        [trajectory, ...encoding.map((value, i) => (value - start[i]).toPrecision(12))].join(),
      )
      .join(' ');
    const path = paths.get(key) ?? trace(timeline, readouts);
    paths.set(key, path);
    return { path, key };
  };
}

/** Joint requirements of the curves, by plane. */
function extentsOf(
  context: Context,
  remaining: Remaining,
  pathOf: ReturnType<typeof pathFinder>,
): ReadonlyMap<string, CurveExtent> {
  const extents = new Map<string, CurveExtent>();
  for (const readouts of remaining((all) => all.some((readout) => admits(context, readout)))) {
    if (!isCurve(context, readouts)) continue;
    const { plane, reach, duration } = pathOf(readouts).path;
    if (plane === undefined) continue;
    const extent = extents.get(plane.key) ?? { axes: plane.axes, kMax: [0, 0], duration: 0, curves: 0 };
    extents.set(plane.key, extent);
    for (const axis of [0, 1]) extent.kMax[axis] = Math.max(extent.kMax[axis], reach[axis]);
    extent.duration = Math.max(extent.duration, duration);
    extent.curves++;
  }
  return extents;
}

/** Where the samples of a curve lie between the points of the transform. */
function tabulate({ points, middle }: Path, { u, v, duration }: NufftPlane): Points {
  const table = recordList(Nufft2d3Sample, points.length / STRIDE.sample);
  const along = ({ direction: [x, y, z] }: PlaneAxisChoice, n: number): number =>
    x! * (points[n] - middle[0]) + y! * (points[n + 1] - middle[1]) + z! * (points[n + 2] - middle[2]);
  for (let n = 0; n < points.length; n += STRIDE.sample) {
    const [ku, kv] = [along(u, n), along(v, n)];
    const [onU, onV] = [pointOf(u, ku), pointOf(v, kv)];
    const [cos, sin] = direction(2 * Math.PI * (ku * u.centre + kv * v.centre));
    const factor = onU.factor * onV.factor;
    table.push({
      u: onU.first,
      v: onV.first,
      betweenU: onU.local,
      betweenV: onV.local,
      time: duration === 0 ? 0 : (2 * points[n + 3]) / duration - 1,
      cos: factor * cos,
      sin: factor * sin,
    });
  }
  return table;
}
