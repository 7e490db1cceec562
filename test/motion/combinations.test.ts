/**
 * Lists of motions: timelines of their groups, played by the slow evaluator, against every spin's
 * place by the definition (`testing/moving-spins.ts`), alone and in fields that turn spins by what
 * they are where a spin is.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seenConcomitant } from '../../host/model/concomitant.ts';
import { movingInFields } from '../../host/model/moving-fields.ts';
import type { SeenField } from '../../host/model/seen-fields.ts';
import { modelColumns } from '../../host/phantom/columns.ts';
import { movingPhantom } from '../../host/phantom/motion/moving.ts';
import type { Motion } from '../../host/phantom/motion/types.ts';
import { spinBlock } from '../../host/phantom/types.ts';
import { compileTimeline } from '../../host/timeline/compile.ts';
import { type Field, type Moved, simulateMoving } from '../../testing/moving-spins.ts';
import { simulateModelSlowly } from '../../testing/reference.ts';
import { inTurn } from '../../testing/some.ts';
import { COUNT, lists, rest, sequence, spins } from './lists.ts';

const B0 = 1.5;

/** By timelines of groups. */
function simulateGroups(motions: readonly Motion[], seen?: readonly SeenField[]): Moved {
  const moving = movingPhantom(rest, motions, sequence.duration);
  const { movements, source } = movingInFields(moving, { ...(seen && { seen }) }, rest, sequence.duration);
  const timelines = movements.map((movement) =>
    compileTimeline(sequence, { B0, maxRfStep: 50e-6, movement, toEnd: true }),
  );
  const { groups = [COUNT], ...model } = source().model!;
  const signal = new Float64Array(2 * timelines[0].sampleCount);
  const magnetization = new Float64Array(3 * COUNT);
  let first = 0;
  for (const [group, count] of groups.entries()) {
    const block = spinBlock(count, { extra: modelColumns(model).total });
    source().read(first, count, block);
    const found = simulateModelSlowly([timelines[group]], block, B0, model);
    for (const [n, value] of found.signal.entries()) signal[n] = signal[n] + value;
    for (const [n, spin] of moving.placesOf(first, count, block).numbers.entries())
      magnetization.set(found.magnetization.subarray(3 * n, 3 * n + 3), 3 * spin);
    first += count;
  }
  return { signal, magnetization };
}

const square = (values: Float64Array): number => values.reduce((sum, value) => sum + value ** 2, 0);
const off = (found: Float64Array, expected: Float64Array): number =>
  Math.sqrt(square(found.map((value, n) => value - expected[n])) / square(expected));

/** B0 that bends over centimetres [T]. */
const bent = (x: number, y: number, z: number): number => 2e-6 * Math.sin(40 * x + 10 * y) * Math.cos(30 * z - 5 * y);
const bending: SeenField = {
  ...{ largest: [2e-6], identity: 'bent', residentBytes: 0, rates: () => [1] },
  sample({ x, y, z }, [column]) {
    for (let n = 0; n < x.length; n++) column[n] = bent(x[n], y[n], z[n]);
  },
};
const concomitant: Field = ([gx, gy, gz], x, y, z) =>
  ((gx ** 2 + gy ** 2) * z ** 2 + (gz ** 2 * (x ** 2 + y ** 2)) / 4 - gx * gz * x * z - gy * gz * y * z) / (2 * B0);
/** Gradients that are not linear, by a few harmonics. */
const displaced = (x: number, y: number, z: number) =>
  [3 * x * (z ** 2 - x ** 2), 2 * y ** 3, z ** 3 - z * y ** 2] as const;
const displacing: SeenField = {
  ...{ largest: [0.1, 0.1, 0.1], identity: 'displaced', residentBytes: 0, rates: (gradients) => gradients },
  sample({ x, y, z }, columns) {
    for (let n = 0; n < x.length; n++)
      for (const [axis, value] of displaced(x[n], y[n], z[n]).entries()) columns[axis][n] = value;
  },
};
const all: Field = (g, x, y, z) =>
  bent(x, y, z) + concomitant(g, x, y, z) + displaced(x, y, z).reduce((sum, value, axis) => sum + value * g[axis], 0);
const box = { min: [-0.1, -0.1, -0.1], max: [0.1, 0.1, 0.1] } as const;

/** Spins there go at 20 m/s, and the radii of some have corners that no node meets. */
const COARSE: Readonly<Record<string, number>> = { 'radii that reach the axis': 3e-5, 'a beat after a turn': 1e-5 };

function assertMoved(found: Moved, expected: Moved, bound: number): void {
  assert.ok(off(found.signal, expected.signal) < bound, `${off(found.signal, expected.signal)}`);
  assert.ok(off(found.magnetization, expected.magnetization) < bound);
}

const WAYS: readonly (readonly [string, (name: string, motions: readonly Motion[]) => void])[] = [
  ['alone', (_, motions) => assertMoved(simulateGroups(motions), simulateMoving(sequence, spins, motions), 1e-6)],
  [
    'in fields',
    (name, motions) => {
      const expected = simulateMoving(sequence, spins, motions, all);
      const seen = [bending, seenConcomitant(B0, box), displacing];
      assert.ok(off(simulateGroups(motions).signal, expected.signal) > 0.01, 'the fields matter');
      assertMoved(simulateGroups(motions, seen), expected, COARSE[name] ?? 1e-6);
    },
  ],
];

for (const [n, [name, motions]] of Object.entries(lists).entries())
  for (const [way, play] of inTurn(WAYS, n)) test(`${name}, ${way}`, () => play(name, motions));
