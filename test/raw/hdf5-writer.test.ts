/**
 * The HDF5 writer's own arithmetic: its checksum against published values, its heaps against their
 * limits.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lookup3 } from '../../host/formats/hdf5/bytes.ts';
import { collectionBuffer, heapEnd, planHeap } from '../../host/formats/hdf5/heap.ts';

test('lookup3 gives the values its author printed', () => {
  // driver5() of lookup3.c.
  assert.equal(lookup3(Buffer.from('')), 0xdeadbeef);
  assert.equal(lookup3(Buffer.from('Four score and seven years ago')), 0x17770551);
});

test('heaps hold every value once, apart, in collections the library accepts', () => {
  const groups = fc.array(fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 3 }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(groups, (sizes) => {
      const collections = planHeap(sizes.length, (n) => sizes[n], 800);
      let group = 0;
      let address = 800;
      for (const collection of collections) {
        assert.equal(collection.address, address);
        assert.equal(collection.first, group);
        assert.ok(collection.bytes >= 4096 && collection.bytes % 8 === 0);
        const filling = collectionBuffer(collection);
        let end = 0;
        for (const size of sizes.slice(group, group + collection.groups).flat()) {
          const { offset } = filling.add(size);
          assert.ok(offset >= end + 16 && offset + size <= collection.bytes);
          end = offset + size;
        }
        group += collection.groups;
        address += collection.bytes;
      }
      assert.equal(group, sizes.length);
      assert.equal(heapEnd(collections, 800), address);
    }),
  );
});

test('a value larger than a collection should be has one of its own', () => {
  const collections = planHeap(3, (n) => [n === 1 ? 1 << 20 : 8], 0);
  assert.deepEqual(
    collections.map(({ first, groups }) => [first, groups]),
    [
      [0, 1],
      [1, 1],
      [2, 1],
    ],
  );
});
