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
import type { PlaneFrame } from '../nufft/plane-frames.ts';
import { trajectoryAt } from '../trajectory.ts';

type Points = RecordList<typeof Nufft2d3Sample>;

interface Curve {
  readonly plane: NufftPlane;
  /**
   * [kx, ky, kz, t]: middle of its range of k, and start of the time left, since the last pulse.
   */
  readonly precession: Float64Array;
  /** [samples] shared by equal curves */
  readonly points: Points;
  /** [samples] where each goes in the signal */
  readonly targets: Int32Array;
}

/** An axis, and a number of time nodes, that cost no more than those of any plane. */
const LEAST_AXIS = {
  ...{ cells: 0, grid: 0, count: 0, stages: 0 },
  ...{ spreading: { width: 2, taps: 4, degree: 4 }, interpolation: { width: 2 } },
};
const CHEAPEST = { u: LEAST_AXIS, v: LEAST_AXIS, times: { length: 4 } };

/** Points of all curves together take at most this [bytes]. */
const MOST_POINT_BYTES = 2 ** 29;

export const nufft2d3: WindowMethod = {
  name: 'nufft2d3',
  open(context, remaining) {
    const { timeline, precision, isModelled, coils, budget, tileSize } = context;
    if (precision === 'f64' || isModelled || budget === undefined || budget.time === 0) return undefined;
    const pathOf = pathFinder(context);
    const extents = extentsOf(context, remaining, pathOf);
    const costIn = (plane: Parameters<typeof planeCost>[0], samples: number, { curves }: CurveExtent): number =>
      Math.max(1, coils) * nufft2d3Cost(plane, samples, tileSize) + planeCost(plane) / curves;
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
    const pointsOf = (path: Path, frame: PlaneFrame, plane: NufftPlane, key: string): Points => {
      const known = tables.get(key);
      if (known !== undefined) return known;
      const points = tabulate(path.points, frame, plane);
      tables.set(key, points);
      tableBytes += Nufft2d3Sample.bytes * points.length;
      return points;
    };
    const curves: Curve[] = [];
    return {
      propose(readouts, below): readonly WindowProposal[] {
        if (!isCurve(context, readouts)) return [];
        const { path, key } = pathOf(readouts);
        if (!hasRoom(path, key)) return [];
        const samples = path.points.length / STRIDE.sample;
        const proposals = path.frames.flatMap((frame): WindowProposal[] => {
          const extent = extents.get(frame.key);
          // Choosing a plane takes 50 ms, and every spoke has a skewed frame of its own, by which
          // it costs more than by itself.
          if (extent === undefined || costIn({ ...CHEAPEST, slope: frame.slope }, 0, extent) >= below) return [];
          const plane = planeOf(frame.key);
          if (plane === undefined) return [];
          const { u, v, times, error } = plane;
          return [
            {
              readouts,
              cost: costIn(plane, samples, extent),
              error,
              what: `${samples} samples on a curve`,
              how: `2-D transform at ${times.length} time nodes${frame.slope === 0 ? '' : ', skewed in time'}, ${u.spreading.width} × ${v.spreading.width} cells of ${u.cells} × ${v.cells}, ${u.grid} × ${v.grid} points`,
              emit(writer) {
                const { middle, start } = frame;
                const shift = [...middle, start];
                const precession = Float64Array.from(readouts[0].encoding, (value, i) => value + shift[i]);
                const targets = targetsOf(timeline, readouts);
                const points = pointsOf(path, frame, plane, key);
                writer.op(OP.NUFFT2D3, curves.push({ plane, precession, points, targets }) - 1);
                writer.scratch(plane.scratch);
              },
            },
          ];
        });
        return proposals.sort((a, b) => a.cost - b.cost).slice(0, 1);
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

/** A single line, one of many that are equally spaced, is better off in a batch. */
const isCurve = (context: Context, readouts: readonly WindowReadout[]): boolean =>
  readouts.length > 1 || readouts.some((readout) => isOwn(context, readout));

const isOwn = (context: Context, { trajectory }: WindowReadout): boolean =>
  !(trajectoryAt(context.timeline, trajectory).isUniform && canBatch(context, trajectory));

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
  for (const readouts of remaining((all) => isCurve(context, all))) {
    if (!isCurve(context, readouts)) continue;
    for (const { key, axes, slope, reach, duration } of pathOf(readouts).path.frames) {
      const extent = extents.get(key) ?? { axes, slope, kMax: [0, 0], duration: 0, curves: 0 };
      extents.set(key, extent);
      for (const axis of [0, 1]) extent.kMax[axis] = Math.max(extent.kMax[axis], reach[axis]);
      extent.duration = Math.max(extent.duration, duration);
      extent.curves++;
    }
  }
  return extents;
}

/** Where the samples of a curve lie between the points of the transform. */
function tabulate(points: Float64Array, { middle, start }: PlaneFrame, plane: NufftPlane): Points {
  const { u, v, slope, commonR2, duration } = plane;
  const table = recordList(Nufft2d3Sample, points.length / STRIDE.sample);
  const along = ({ direction: [x, y, z] }: PlaneAxisChoice, n: number): number =>
    x! * (points[n] - middle[0]) + y! * (points[n + 1] - middle[1]) + z! * (points[n + 2] - middle[2]);
  for (let n = 0; n < points.length; n += STRIDE.sample) {
    const [ku, kv] = [along(u, n), along(v, n)];
    const [onU, onV] = [pointOf(u, ku), pointOf(v, kv)];
    const [cos, sin] = direction(2 * Math.PI * (ku * u.centre + kv * v.centre));
    const factor = onU.factor * onV.factor * Math.exp(-commonR2 * slope * kv);
    const left = points[n + 3] - slope * kv - start;
    table.push({
      u: onU.first,
      v: onV.first,
      betweenU: onU.local,
      betweenV: onV.local,
      time: duration === 0 ? 0 : (2 * left) / duration - 1,
      cos: factor * cos,
      sin: factor * sin,
    });
  }
  return table;
}
