/**
 * A train of lines after one pulse by a 2-D type-1 non-uniform transform (`assembly/nufft2d1.ts`):
 * readouts of one equally spaced trajectory whose first samples are equally spaced in moment and
 * time, as in EPI. A spin is spread on the cells of two axes, and one transform per tile gives all
 * samples.
 */
import { COILS_BESIDE, Nufft2d1, OP } from '../../abi/abi.generated.ts';
import { singleBytes } from '../../abi/arena.ts';
import type { Timeline } from '../../timeline/types.ts';
import type { WindowReadout } from '../../timeline/windows.ts';
import { AXES } from '../accuracy.ts';
import { nufft2d1Cost } from '../cost.ts';
import type { Scratch, WindowMethod } from '../method.ts';
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
  readonly scratch: Scratch;
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
            emit(writer) {
              writer.op(OP.NUFFT2D1, trains.push(train) - 1);
              writer.scratch(train.scratch);
            },
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
  const scratch = scratchOf(sampleAxis, lineAxis, coils);
  if (2 * scratch.gridBytes > MOST_GRID_BYTES) return undefined;
  const middle = [Math.floor(samples / 2), Math.floor(lines.length / 2)] as const;
  const centre = start.map((value, i) => value + middle[0] * step[i] + middle[1] * perLine[i]);
  return {
    geometry: Float64Array.of(...centre, ...step, ...perLine, axes.commonR2),
    sampleAxis,
    lineAxis,
    firstSamples: Int32Array.from(lines, ({ firstSample }) => firstSample),
    scratch,
  };
}

/**
 * A grid holds the cells of a train, [rows][re, im][row], and later their transpose; each cell
 * holds several coils. With coils, the magnetisation, position and weights of every spin are
 * stored, which all coils share.
 */
function scratchOf(sampleAxis: Axis, lineAxis: Axis, coils: number): Scratch {
  const beside = coils === 0 ? 1 : COILS_BESIDE;
  const [row, rows] = [sampleAxis, lineAxis].map(({ grid, kernel }) => grid + kernel.taps) as [number, number];
  const lines = 4 * Math.ceil(lineAxis.samples / 4);
  const weights = singleBytes(2, sampleAxis.kernel.taps + lineAxis.kernel.taps);
  return {
    gridBytes: Math.max(singleBytes(rows, 2, row, beside), singleBytes(sampleAxis.grid, 2, lines, beside)),
    pointBytes: coils === 0 ? 0 : singleBytes(2) + singleBytes(2) + weights,
  };
}
