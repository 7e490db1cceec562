/** The map from triples of integers to indices, against a Map with text for keys. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomNumbers } from '../../host/numerics/random.ts';
import { tripleMap } from '../../host/sampling/triple-map.ts';

test('a map of triples gives the indices that a Map gives, while it grows and after it is cleared', () => {
  const map = tripleMap();
  for (let round = 0; round < 2; round++) {
    const known = new Map<string, number>();
    const random = randomNumbers(1 + round);
    const next = (): number => Math.floor(41 * random());
    for (let n = 0; n < 20_000; n++) {
      const [x, y, z] = [next() - 20, 1000 * next(), -(2 ** 24) * next()];
      const key = `${x} ${y} ${z}`;
      if (!known.has(key)) known.set(key, known.size);
      assert.equal(map.index(x, y, z), known.get(key));
    }
    assert.equal(map.count, known.size);
    assert.ok(known.size > 4096);
    assert.deepEqual([...map.keys.subarray(0, 3)].join(' '), [...known.keys()][0]);
    map.clear();
    assert.equal(map.count, 0);
  }
});

test('a full map takes no more, and still finds what it has', () => {
  const map = tripleMap(3);
  assert.deepEqual(
    [1, 2, 3, 4, 2].map((x) => map.index(x, 0, 0)),
    [0, 1, 2, -1, 1],
  );
});
