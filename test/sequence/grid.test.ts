/** Positions on an axis → spacing, matrix and index, by cases worked out by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { distinct, gridOf, spacingOf } from '../../host/sequence/grid.ts';

const range = (from: number, to: number, by = 1): number[] =>
  Array.from({ length: Math.round((to - from) / by) + 1 }, (_, n) => from + n * by);
const indices = (positions: number[], wanted?: number): [number, number[]] => {
  const grid = gridOf(Math.min(...positions), Math.max(...positions), 1, wanted);
  return [grid.matrix, positions.map(grid.index)];
};

test('full coverage: k = 0 is index floor(N/2), odd, even, half-shifted and from the top down', () => {
  assert.deepEqual(indices(range(-2, 2)), [5, [0, 1, 2, 3, 4]]);
  assert.deepEqual(indices(range(-2, 1)), [4, [0, 1, 2, 3]]);
  assert.deepEqual(indices(range(-1.5, 1.5)), [4, [0, 1, 2, 3]]);
  // +2 is the same frequency as −2 on four pixels.
  assert.deepEqual(indices([2, 1, 0, -1]), [4, [0, 3, 2, 1]]);
});

test('partial coverage: the missing side is completed', () => {
  assert.deepEqual(indices(range(-1, 3)), [8, [3, 4, 5, 6, 7]]);
  assert.deepEqual(indices(range(-4, 1)), [8, [0, 1, 2, 3, 4, 5]]);
  assert.deepEqual(indices([0]), [1, [0]]);
});

test('a stated matrix decides if everything fits into it', () => {
  assert.equal(indices(range(-1, 3), 7)[0], 7);
  assert.equal(indices(range(-1, 3), 6)[0], 6);
  assert.equal(indices(range(-1, 3), 4)[0], 8);
});

test('lines shifted by a cell against each other share one matrix', () => {
  // Bipolar readouts of 4: −1 … 2 there, 1 … −2 back.
  assert.equal(gridOf(-2, 2, 1, undefined, 4).matrix, 4);
  assert.equal(gridOf(-2, 2, 1, undefined, 5).matrix, 5);
});

test('spacing: the smallest gap, sharpened; none off a grid', () => {
  const rounded = range(-50, 49).map((k) => k * 4.347826 * (1 + 3e-7 * Math.sin(k)));
  assert.ok(Math.abs(spacingOf(distinct(rounded))! / 4.347826 - 1) < 1e-6);
  assert.equal(spacingOf([-4, -2, -1, 0, 1, 2, 4]), 1);
  assert.equal(spacingOf([0]), undefined);
  assert.equal(spacingOf([0, 1, 2.4, 3.7]), undefined);
  assert.equal(spacingOf([0, 1, 1000]), undefined);
});

test('positions that differ by rounding alone are one', () => {
  assert.equal(distinct([0, 1, 1 + 1e-9, 2, -1e-9]).length, 3);
});
