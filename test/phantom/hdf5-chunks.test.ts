/**
 * Chunks kept between reads of a dataset: any slice is what the dataset holds, and a chunk is not
 * read for every slice.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type Range, readByChunks } from '../../host/formats/hdf5/chunks.ts';

/** Elements of a row-major array that numbers them, walked one by one. */
function slice(shape: readonly number[], ranges: readonly Range[]): Float64Array {
  const out: number[] = [];
  const walk = (axis: number, at: number): void => {
    if (axis === shape.length) out.push(at);
    else for (let i = ranges[axis][0]; i < ranges[axis][1]; i++) walk(axis + 1, at * shape[axis] + i);
  };
  walk(0, 0);
  return Float64Array.from(out);
}

const axis = fc
  .record({ length: fc.integer({ min: 1, max: 7 }), chunk: fc.integer({ min: 1, max: 7 }) })
  .chain(({ length, chunk }) => {
    const range = fc
      .integer({ min: 0, max: length - 1 })
      .chain((start) => fc.tuple(fc.constant(start), fc.integer({ min: start + 1, max: length })));
    return fc.record({
      length: fc.constant(length),
      chunk: fc.constant(chunk),
      ranges: fc.array(range, { minLength: 3, maxLength: 3 }),
    });
  });

test('slices read through kept chunks are those of the dataset', () => {
  fc.assert(
    fc.property(fc.array(axis, { maxLength: 4 }), (axes) => {
      const shape = axes.map(({ length }) => length);
      const read = readByChunks(
        shape,
        axes.map(({ chunk }) => chunk),
        (ranges) => slice(shape, ranges),
      );
      for (const n of [0, 1, 2]) {
        const ranges = axes.map((one) => one.ranges[n]);
        assert.deepEqual(read(ranges), slice(shape, ranges));
      }
    }),
  );
});

test('a chunk is read once for all the tiles in it', () => {
  let reads = 0;
  const read = readByChunks([100_000], [10_000], (ranges) => {
    reads++;
    return slice([100_000], ranges);
  });
  for (let start = 0; start < 100_000; start += 100) assert.equal(read([[start, start + 100]])[99], start + 99);
  assert.equal(reads, 10);
});
