/**
 * Agreement over the tree: one result or one error for all, with at most ten messages at any rank.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EXIT, type ExitCode, LarmorError } from '../../host/base/errors.ts';
import { agree } from '../../host/comm/agree.ts';
import { depthOf, treeOf } from '../../host/comm/tree.ts';
import { type Member, networkOf } from './network.ts';

test('every rank is below rank 0 once, within ⌈log₄⌉ hops, and subtrees are contiguous', () => {
  for (let size = 1; size <= 130; size++) {
    const below = (rank: number): number[] => [rank, ...treeOf(rank, size).children.flatMap(below)];
    assert.deepEqual(
      below(0),
      Array.from({ length: size }, (_, rank) => rank),
      'in rank order',
    );
    for (let rank = 0; rank < size; rank++) {
      const { parent, children } = treeOf(rank, size);
      assert.ok(children.length <= 4);
      for (const child of children) assert.equal(treeOf(child, size).parent, rank);
      let hops = 0;
      for (let at = parent; at !== undefined; at = treeOf(at, size).parent) hops++;
      assert.ok(hops <= depthOf(size));
      assert.ok(size === 1 || hops <= Math.ceil(Math.log2(size) / 2));
    }
  }
});

/** What every rank ends with: a value, or [exit code, message, reported elsewhere]. */
async function outcomes<T>(
  members: readonly Member[],
  work: (member: Member) => T | Promise<T>,
  merge: (values: readonly T[]) => unknown,
  label: (member: Member) => string = () => 'test',
): Promise<unknown[]> {
  return Promise.all(
    members.map(async (member) => {
      try {
        return await agree(member, label(member), () => work(member), merge);
      } catch (error) {
        const { exitCode, message, reported } = error as { exitCode: ExitCode; message: string; reported: boolean };
        return [exitCode, message, reported];
      }
    }),
  );
}

for (const size of [1, 2, 3, 16, 64, 300]) {
  test(`${size} ranks: values arrive by rank, with few messages at each`, async (t) => {
    const { members, close } = networkOf(size);
    let most = 0;
    for (let round = 1; round <= 3; round++) {
      const squares = await outcomes(
        members,
        ({ rank }) => (rank % 7 === 0 ? undefined : { square: rank ** 2 }),
        (values) => values.map((value) => value?.square ?? null),
      );
      const expected = members.map(({ rank }) => (rank % 7 === 0 ? null : rank ** 2));
      for (const squaresHere of squares) assert.deepEqual(squaresHere, expected);
      const counts = members.map(({ channel }) => channel.counts.sent + channel.counts.received);
      most = Math.max(...counts) / round;
      assert.ok(most <= Math.min(10, 2 * Math.ceil(Math.log2(size))), `${most} messages of one agreement`);
      assert.equal(
        counts.reduce((sum, count) => sum + count),
        round * 4 * (size - 1),
        'each edge of the tree is used once in each direction',
      );
    }
    t.diagnostic(`at most ${most} messages of an agreement at any rank`);
    await close();
  });
}

test('64 ranks: whatever ranks fail, all end with the error of the lowest', async () => {
  const size = 64;
  const { members, close } = networkOf(size);
  const codes = [EXIT.usage, EXIT.badInput, EXIT.missingInput, EXIT.cannotWrite];
  const failing = fc.uniqueArray(fc.nat(size - 1), { minLength: 1, maxLength: size - 1 });
  await fc.assert(
    fc.asyncProperty(failing, fc.boolean(), async (ranks, alike) => {
      const ended = await outcomes(
        members,
        ({ rank }) => {
          if (ranks.includes(rank)) throw new LarmorError(codes[rank % 4], alike ? 'same' : `fault ${rank}`);
        },
        () => assert.fail('merged in spite of an error'),
      );
      const lowest = Math.min(...ranks);
      const text = `rank ${lowest} (node${lowest >> 4}): ${alike ? 'same' : `fault ${lowest}`}`;
      assert.deepEqual(
        ended,
        members.map(({ rank }) => [codes[lowest % 4], text, rank !== 0]),
      );
    }),
    { numRuns: 20 },
  );
  for (const rank of [0, 1, 2, 31, 32, 48, 63]) {
    const ended = await outcomes(
      members,
      (member) => {
        if (member.rank === rank) throw new LarmorError(EXIT.badInput, 'bad');
      },
      () => null,
    );
    for (const each of ended)
      assert.deepEqual((each as unknown[]).slice(0, 2), [65, `rank ${rank} (node${rank >> 4}): bad`]);
  }
  const all = await outcomes(
    members,
    () => {
      throw new LarmorError(EXIT.missingInput, 'no such file');
    },
    () => null,
  );
  for (const each of all) assert.deepEqual((each as unknown[]).slice(0, 2), [66, 'no such file'], 'of no rank alone');
  const merged = await outcomes(
    members,
    () => 1,
    () => {
      throw new LarmorError(EXIT.cannotWrite, 'disk full');
    },
  );
  for (const each of merged) assert.deepEqual((each as unknown[]).slice(0, 2), [73, 'disk full']);
  await close();
});

test('64 ranks: an agreement within another; a rank that fails before it; ranks that do different work', async () => {
  const { members, close } = networkOf(64);
  const nested = (member: Member, failing?: number): Promise<number> => {
    if (member.rank === failing) throw new LarmorError(EXIT.badInput, 'bad');
    return agree(
      member,
      'inner',
      () => member.rank,
      (ranks) => ranks.reduce((sum, rank) => sum + rank),
    );
  };
  const sums = await outcomes(
    members,
    async (member) => (await nested(member)) + member.rank,
    (values) => values.length + values[63],
  );
  assert.deepEqual(new Set(sums), new Set([64 + 2016 + 63]));
  for (const failing of [0, 1, 32, 63]) {
    const ended = await outcomes(
      members,
      (member) => nested(member, failing),
      () => assert.fail('merged in spite of an error'),
    );
    for (const each of ended) assert.match((each as string[])[1], new RegExp(`^rank ${failing} \\(node\\d\\): bad$`));
  }
  const different = await outcomes(
    members,
    () => null,
    () => null,
    ({ rank }) => (rank === 37 || rank === 50 ? 'plan' : 'inputs'),
  );
  const text =
    /^rank 37 \(node2\) and rank 0 \(node0\) were given different work \(one is at 'plan', the other at 'inputs'\)/;
  for (const each of different) assert.match((each as string[])[1], text);
  await close();
});

test('64 ranks: what all contribute alike is sent once', async () => {
  let longest = 0;
  const { members, close } = networkOf(64, (text) => {
    longest = Math.max(longest, text.length);
  });
  const hash = 'x'.repeat(64);
  await outcomes(
    members,
    () => ({ hash }),
    (all) => all.length,
  );
  assert.ok(longest > hash.length && longest < 3 * hash.length, `a message of ${longest} characters`);
  await close();
});

test('nothing is left in the network when all have closed their channels', async () => {
  let messages = 0;
  const { members, undelivered, close } = networkOf(64, () => messages++, 0.04);
  await outcomes(
    members,
    () => null,
    () => null,
  );
  const before = messages;
  await close();
  assert.equal(undelivered(), 0);
  assert.ok(messages >= before + 2 * 63, 'both sides of each edge have said that nothing follows');
});
