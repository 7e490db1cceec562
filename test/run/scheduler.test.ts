/**
 * Tiles to ranks: every tile exactly once, whatever the schedule, the ranks and what is done
 * already.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeScheduler, staticShare } from '../../host/run/scheduler.ts';
import { complement, countTiles, cutRanges, joinRanges, type TileRange } from '../../host/run/tiles.ts';

/** Random sets of tiles and how many there are in all. */
const done = fc
  .tuple(fc.integer({ min: 1, max: 300 }), fc.array(fc.boolean(), { minLength: 300, maxLength: 300 }))
  .map(([tileCount, flags]) => {
    const tiles = flags.slice(0, tileCount).flatMap((flag, first) => (flag ? [{ first, count: 1 }] : []));
    return { tileCount, tiles };
  });
const list = (ranges: readonly TileRange[]): number[] =>
  ranges.flatMap(({ first, count }) => Array.from({ length: count }, (_, n) => first + n));

test('a set and its complement make the whole, and cutting takes what it says', () => {
  fc.assert(
    fc.property(done, fc.nat(300), fc.nat(300), ({ tileCount, tiles }, from, count) => {
      const joined = joinRanges([...tiles].reverse());
      assert.deepEqual(list(joined), list(tiles));
      for (let n = 1; n < joined.length; n++)
        assert.ok(joined[n].first > joined[n - 1].first + joined[n - 1].count, 'neighbours are one range');
      const left = complement(joined, tileCount);
      assert.deepEqual(
        [...list(joined), ...list(left)].sort((a, b) => a - b),
        Array.from({ length: tileCount }, (_, n) => n),
      );
      assert.deepEqual(list(cutRanges(left, from, count)), list(left).slice(from, from + count));
    }),
  );
});

test('a tile in two ranges is refused: it would be in the sums twice', () => {
  assert.throws(
    () =>
      joinRanges([
        { first: 0, count: 4 },
        { first: 3, count: 2 },
      ]),
    { exitCode: 70, message: /tile 3/ },
  );
});

test('static: the parts are contiguous, within one tile of each other, the longer first', () => {
  fc.assert(
    fc.property(done, fc.integer({ min: 1, max: 40 }), ({ tileCount, tiles }, size) => {
      const left = complement(joinRanges(tiles), tileCount);
      const shares = Array.from({ length: size }, (_, rank) => staticShare(left, rank, size));
      assert.deepEqual(list(shares.flat()), list(left));
      const counts = shares.map(countTiles);
      assert.ok(counts.at(0)! - counts.at(-1)! <= 1);
      assert.deepEqual(
        counts,
        [...counts].sort((a, b) => b - a),
      );
    }),
  );
});

test('dynamic: whoever asks, all tiles are given out once, whatever is done already', () => {
  fc.assert(
    fc.property(done, fc.array(fc.nat(3), { minLength: 1 }), ({ tileCount, tiles }, askers) => {
      const left = complement(joinRanges(tiles), tileCount);
      const scheduler = makeScheduler(left, [1, 1, 4, 2], 1e9);
      const given: TileRange[] = [];
      for (let n = 0; ; n++) {
        const batch = scheduler.next(askers[n % askers.length]);
        if (batch === undefined) break;
        assert.ok(batch.count > 0);
        given.push(batch);
      }
      assert.deepEqual(list(given), list(left));
    }),
  );
});

test('dynamic: small tiles are given in batches worth asking for, but never all to the first who asks', () => {
  const sizes: number[] = [];
  const scheduler = makeScheduler([{ first: 0, count: 64 }], [1, 1], 1e6);
  for (let batch = scheduler.next(0); batch !== undefined; batch = scheduler.next(0)) sizes.push(batch.count);
  assert.deepEqual(sizes, [32, 16, 8, 4, 2, 1, 1]);
});

/** Time to the end over the ideal, of ranks with these speeds that ask for a batch ahead. */
function delay(speeds: readonly number[], tiles: number): { delay: number; asked: number } {
  const scheduler = makeScheduler(
    [{ first: 0, count: tiles }],
    speeds.map(() => 1),
    4e8,
  );
  const ranks = speeds.map((speed, rank) => ({ rank, speed, free: 0, next: scheduler.next(rank) }));
  let asked = speeds.length;
  let end = 0;
  for (;;) {
    const first = ranks.filter(({ next }) => next !== undefined).sort((a, b) => a.free - b.free)[0];
    if (first === undefined) break;
    first.free += first.next!.count / first.speed;
    end = Math.max(end, first.free);
    first.next = scheduler.next(first.rank);
    asked++;
  }
  return { delay: end / (tiles / speeds.reduce((sum, speed) => sum + speed)), asked };
}

test('dynamic: ranks of different speed end together, and ask some tens of times', (t) => {
  for (const [speeds, tiles, limit] of [
    [[1, 1], 2000, 1.01],
    [[1, 0.5], 2000, 1.02],
    [[...Array(63).fill(1), 0.1], 64_000, 1.15],
    [[...Array(32).fill(1), ...Array(32).fill(0.3)], 64_000, 1.03],
  ] as const) {
    const { delay: took, asked } = delay(speeds, tiles);
    const each = asked / speeds.length;
    t.diagnostic(
      `${speeds.length} ranks: ${(100 * (took - 1)).toFixed(1)} % over the ideal, ${each.toFixed(0)} requests each`,
    );
    assert.ok(took < limit && each < 100, `${took} of the ideal, ${each} requests`);
  }
});
