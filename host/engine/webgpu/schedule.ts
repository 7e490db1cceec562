/**
 * The dispatches of a batch of tiles for a section, and their sizes. A display driver kills
 * dispatches that take too long, so each should take less than 50 ms: they are split over spins,
 * which affects no bits, by operation count and the card's measured rate. Counts are in lanes: one
 * f32 multiply-add (or an equally long operation) for one spin.
 */

import type { KernelName } from './kernels.ts';
import type { PulseTable } from './pulses.ts';
import type { Group, Section, WalkRange } from './section.ts';
import { MATRIX } from './shaders/matrix.ts';
import { SINGLE_SAMPLES } from './shaders/single.ts';

/** Lanes, counted in the kernels' text: docs/how-to/gpu.md works them out. */
export const LANES = {
  /** A record of the walk kernel: phase, sine, decay, and a cached operator. */
  record: 75,
  /** An RF step with gradient and step length unchanged. */
  step: 55,
  /** The same while folding: four columns. */
  foldStep: 165,
  /** Per spin, line and sample; the matrix forms count whole blocks of 64 × 64. */
  matrixLinear: 4.3,
  matrixDirect: 4.8,
  line: 10,
  scattered: 42,
} as const;

/**
 * Shortest time a dispatch is planned for [s]: half of the limit of drivers, for cards slower than
 * measured.
 */
export const DISPATCH_SECONDS = 0.025;

/** Workgroups per dimension that every adapter supports. */
const MOST_GROUPS = 65535;

export interface Dispatch {
  readonly kernel: KernelName;
  /** `dispatch.a` and `dispatch.b` of the kernel. */
  readonly parameters: readonly number[];
  readonly groups: readonly [number, number, number];
  readonly lanes: number;
}

/** Size of a batch: spins with padding, and their chunks. */
export interface BatchShape {
  readonly spins: number;
  readonly chunks: number;
}

const blocks = (count: number, size: number): number => Math.ceil(count / size);

/** Lanes per spin of a group of readouts. */
function groupLanes({ form, lines, samples }: Group): number {
  if (form === 'line' || form === 'scattered')
    return LANES[form] * lines * SINGLE_SAMPLES * blocks(samples, SINGLE_SAMPLES);
  const padded = MATRIX.lines * blocks(lines, MATRIX.lines) * MATRIX.samples * blocks(samples, MATRIX.samples);
  return LANES[form] * padded;
}

const walkLanes = ({ first, end, steps }: WalkRange): number => LANES.record * (end - first) + LANES.step * steps;

/** Lanes per spin of a whole run. */
export function lanesPerSpin(sections: readonly Section[], pulses: PulseTable): number {
  const folded = pulses.kept.reduce((sum, pulse) => sum + LANES.foldStep * pulses.stepCount[pulse], 0);
  const ranges = sections.flatMap(({ ranges }) => ranges);
  return ranges.reduce(
    (sum, range) => range.groups.reduce((inner, group) => inner + groupLanes(group), sum + walkLanes(range)),
    folded,
  );
}

/** Splits [0, count) into ranges of whole `unit`s that cost at most `limit`. */
function* ranges(count: number, unit: number, lanesEach: number, limit: number): Generator<[number, number]> {
  const most = Math.min(MOST_GROUPS, Math.max(1, Math.floor(limit / (lanesEach * unit)))) * unit;
  for (let first = 0; first < count; first += most) yield [first, Math.min(count, first + most)];
}

/** Composes the operators of pulses, once per batch. */
export function* foldDispatches(pulses: PulseTable, { spins }: BatchShape, limit: number): Generator<Dispatch> {
  for (const [operator, pulse] of pulses.kept.entries()) {
    const lanes = LANES.foldStep * pulses.stepCount[pulse];
    for (const [first, end] of ranges(spins, 64, lanes, limit))
      yield {
        kernel: 'fold',
        parameters: [pulse, operator, first, end],
        groups: [blocks(end - first, 64), 1, 1],
        lanes: lanes * (end - first),
      };
  }
}

/**
 * Dispatches for the ranges of a section and their readouts.
 * @param initial whether the section is the run's first
 */
export function* sectionDispatches(
  section: Section,
  initial: boolean,
  shape: BatchShape,
  limit: number,
): Generator<Dispatch> {
  const chunkSpins = shape.spins / shape.chunks;
  for (const [n, range] of section.ranges.entries()) {
    const lanes = walkLanes(range);
    for (const [first, end] of ranges(shape.spins, 64, lanes, limit))
      yield {
        kernel: 'walk',
        parameters: [range.first, range.end, first, end, Number(initial && n === 0)],
        groups: [blocks(end - first, 64), 1, 1],
        lanes: lanes * (end - first),
      };
    for (const group of range.groups) {
      const each = groupLanes(group) * chunkSpins;
      const single = group.form === 'line' || group.form === 'scattered';
      for (const [first, end] of ranges(shape.chunks, 1, each, limit))
        yield {
          kernel: group.form,
          parameters: single
            ? [first, 0, group.firstLine, 0]
            : [first, group.wave, group.firstSlot, group.lines, group.firstLine],
          groups: single
            ? [blocks(group.samples, SINGLE_SAMPLES), group.lines, end - first]
            : [blocks(group.samples, MATRIX.samples), blocks(group.lines, MATRIX.lines), end - first],
          lanes: each * (end - first),
        };
    }
  }
}
