/**
 * A train of lines after one pulse by a 2-D type-1 non-uniform transform (`assembly/nufft2d1.ts`):
 * readouts of one equally spaced trajectory whose first samples are equally spaced in moment and
 * time, as in EPI. A spin is spread on the cells of two axes, and one transform per tile gives all
 * samples.
 */
import { Nufft2d1, OP } from '../../abi/abi.generated.ts';
import type { Timeline } from '../../timeline/types.ts';
import type { WindowReadout } from '../../timeline/windows.ts';
import { AXES } from '../accuracy.ts';
import { nufft2d1Cost } from '../cost.ts';
import type { WindowMethod } from '../method.ts';
import { type AxisFinder, axesOf } from '../nufft/axes.ts';
import { placeAxis } from '../nufft/layout.ts';
import { type Axis, MOST_GRID_BYTES } from '../nufft/sample-axis.ts';
import { sampleStep, trajectoryAt } from '../trajectory.ts';

interface Train {
  /** [centre, per sample, per line][kx, ky, kz, t], then the common decay [1/s] */
  readonly geometry: Float64Array;
  readonly sampleAxis: Axis;
  readonly lineAxis: Axis;
  readonly firstSamples: Int32Array;
}

/** Fewer lines than this are no train. */
const FEWEST_LINES = 8;
/**
 * Relative deviation below which lines count as equally spaced: rounding of f64 sums, not a
 * physical effect.
 */
const SPACING = 1e-9;

export const nufft2d1: WindowMethod = {
  name: 'nufft2d1',
  open(context) {
    const { timeline, tileSize, coils, once } = context;
    const axes = axesOf(context);
    if (axes === undefined) return undefined;
    const trains: Train[] = [];
    return {
      propose(readouts) {
        if (readouts.length < FEWEST_LINES) return [];
        return [...byTrajectory(readouts).values()].flatMap((lines) => {
          const train = once(`train from readout ${lines[0].readout}`, () => trainOf(timeline, lines, axes, coils));
          if (train === undefined) return [];
          const { sampleAxis, lineAxis } = train;
          return {
            readouts: lines,
            cost: nufft2d1Cost(sampleAxis, lineAxis, tileSize, coils),
            error: AXES * axes.error,
            what: `${lineAxis.samples} lines of ${sampleAxis.samples} samples after one pulse`,
            how: `2-D transform, ${sampleAxis.kernel.width} × ${lineAxis.kernel.width} cells of ${sampleAxis.grid} × ${lineAxis.grid}`,
            emit: (writer) => writer.op(OP.NUFFT2D1, trains.push(train) - 1),
          };
        });
      },
      lower: (arena) => ({
        nufft2d1s: arena.records(
          Nufft2d1,
          trains.map(({ geometry, sampleAxis, lineAxis, firstSamples }) => ({
            geometry: arena.place(geometry),
            sampleAxis: placeAxis(arena, sampleAxis),
            lineAxis: placeAxis(arena, lineAxis),
            firstSamples: arena.place(firstSamples),
          })),
        ),
      }),
      // There may be more of them than a call takes arguments.
      scratch: () => ({
        gridBytes: trains.reduce((most, train) => Math.max(most, gridBytes(train, coils)), 0),
        pointBytes: coils === 0 ? 0 : trains.reduce((most, train) => Math.max(most, pointBytes(train)), 0),
      }),
    };
  },
};

function byTrajectory(readouts: readonly WindowReadout[]): Map<number, WindowReadout[]> {
  const groups = new Map<number, WindowReadout[]>();
  for (const readout of readouts) {
    const group = groups.get(readout.trajectory);
    if (group === undefined) groups.set(readout.trajectory, [readout]);
    else group.push(readout);
  }
  return groups;
}

function trainOf(
  timeline: Timeline,
  lines: readonly WindowReadout[],
  axes: AxisFinder,
  coils: number,
): Train | undefined {
  const own = trajectoryAt(timeline, lines[0].trajectory);
  if (!own.isUniform || lines.length < FEWEST_LINES) return undefined;
  const start = lines[0].encoding;
  const end = lines[lines.length - 1].encoding;
  const perLine = start.map((value, i) => (end[i] - value) / (lines.length - 1));
  const isSpaced = start.every((value, i) => {
    const extent = lines.reduce((most, { encoding }) => Math.max(most, Math.abs(encoding[i])), 0);
    return lines.every(({ encoding }, l) => Math.abs(encoding[i] - value - l * perLine[i]) <= SPACING * extent);
  });
  if (!isSpaced) return undefined;
  const { samples } = own;
  const step = sampleStep(timeline, own);
  const sampleAxis = axes.find(samples, samples * step[3]);
  const lineAxis = axes.find(lines.length, lines.length * perLine[3]);
  if (sampleAxis === undefined || lineAxis === undefined) return undefined;
  if (2 * gridBytes({ sampleAxis, lineAxis }, coils) > MOST_GRID_BYTES) return undefined;
  const middle = [Math.floor(samples / 2), Math.floor(lines.length / 2)] as const;
  const centre = start.map((value, i) => value + middle[0] * step[i] + middle[1] * perLine[i]);
  return {
    geometry: Float64Array.of(...centre, ...step, ...perLine, axes.commonR2),
    sampleAxis,
    lineAxis,
    firstSamples: Int32Array.from(lines, ({ firstSample }) => firstSample),
  };
}

/** Bytes per spin if coils share its cells and weights: these, and its magnetisation. */
const pointBytes = ({ sampleAxis, lineAxis }: Train): number =>
  16 + 8 * (sampleAxis.kernel.taps + lineAxis.kernel.taps);

/** Bytes of one of the two grids a transform goes back and forth between; four coils share them. */
function gridBytes({ sampleAxis, lineAxis }: Pick<Train, 'sampleAxis' | 'lineAxis'>, coils: number): number {
  const { grid, kernel } = sampleAxis;
  const spread = (lineAxis.grid + lineAxis.kernel.taps) * 8 * (grid + kernel.taps);
  return (coils === 0 ? 1 : 4) * Math.max(spread, grid * 32 * Math.ceil(lineAxis.samples / 4));
}
