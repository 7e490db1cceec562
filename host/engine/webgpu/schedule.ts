/**
 * The dispatches of a batch of tiles for a section, and their sizes. A display driver kills
 * dispatches that take too long, so each should take less than 50 ms: they are split over spins,
 * which affects no bits, by operation count (`program/cost.ts`) and the card's measured rate.
 */

import { GPU_COST } from '../../program/cost.ts';
import type { KernelName } from './kernels.ts';
import type { PulseTable } from './pulses.ts';
import type { Group, Section, WalkRange } from './section.ts';
import { MATRIX } from './shaders/matrix.ts';
import { SINGLE_SAMPLES } from './shaders/single.ts';

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
  /** Operations of all its spins. */
  readonly cost: number;
}

/** Size of a batch: spins with padding, and their chunks. */
export interface BatchShape {
  readonly spins: number;
  readonly chunks: number;
}

const blocks = (count: number, size: number): number => Math.ceil(count / size);

/** Operations per spin of a group of readouts. */
function groupCost({ form, lines, samples }: Group): number {
  if (form === 'line' || form === 'scattered')
    return GPU_COST[form] * lines * SINGLE_SAMPLES * blocks(samples, SINGLE_SAMPLES);
  const padded = MATRIX.lines * blocks(lines, MATRIX.lines) * MATRIX.samples * blocks(samples, MATRIX.samples);
  return GPU_COST[form] * padded;
}

const walkCost = ({ first, end, steps }: WalkRange): number => GPU_COST.record * (end - first) + GPU_COST.step * steps;

/** Operations per spin of a whole run. */
export function costPerSpin(sections: readonly Section[], pulses: PulseTable): number {
  const folded = pulses.kept.reduce((sum, pulse) => sum + GPU_COST.composedStep * pulses.stepCount[pulse], 0);
  const ranges = sections.flatMap(({ ranges }) => ranges);
  return ranges.reduce(
    (sum, range) => range.groups.reduce((inner, group) => inner + groupCost(group), sum + walkCost(range)),
    folded,
  );
}

/** Splits [0, count) into ranges of whole `unit`s that cost at most `limit`. */
function* ranges(count: number, unit: number, costEach: number, limit: number): Generator<[number, number]> {
  const most = Math.min(MOST_GROUPS, Math.max(1, Math.floor(limit / (costEach * unit)))) * unit;
  for (let first = 0; first < count; first += most) yield [first, Math.min(count, first + most)];
}

/** Composes the operators of pulses, once per batch. */
export function* foldDispatches(pulses: PulseTable, { spins }: BatchShape, limit: number): Generator<Dispatch> {
  for (const [operator, pulse] of pulses.kept.entries()) {
    const cost = GPU_COST.composedStep * pulses.stepCount[pulse];
    for (const [first, end] of ranges(spins, 64, cost, limit))
      yield {
        kernel: 'fold',
        parameters: [pulse, operator, first, end],
        groups: [blocks(end - first, 64), 1, 1],
        cost: cost * (end - first),
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
    const cost = walkCost(range);
    for (const [first, end] of ranges(shape.spins, 64, cost, limit))
      yield {
        kernel: 'walk',
        parameters: [range.first, range.end, first, end, Number(initial && n === 0)],
        groups: [blocks(end - first, 64), 1, 1],
        cost: cost * (end - first),
      };
    for (const group of range.groups) {
      const each = groupCost(group) * chunkSpins;
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
          cost: each * (end - first),
        };
    }
  }
}
