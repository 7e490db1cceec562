/**
 * Heartbeats: who notices a silent rank, when a deadlock is one, and what rank 0 hears of all. Time
 * is counted in ticks.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Heartbeat, type Heartbeats, keepHeartbeats } from '../../host/comm/heartbeats.ts';
import { depthOf, treeOf } from '../../host/comm/tree.ts';

/** Silence allowed [s]; a tick is a second. */
const LIMIT = 20;

interface Ticking {
  readonly ranks: readonly Heartbeats[];
  readonly run: (ticks: number) => void;
  readonly stopped: Set<number>;
  /** Ranks that wait for messages. */
  readonly waiting: Set<number>;
  readonly silences: readonly (readonly [tick: number, reporter: number, silent: number])[];
  readonly deadlocks: readonly (readonly [tick: number, reporter: number])[];
}

/**
 * Ranks whose ticks this test calls; what they send arrives at once, or is lost where a rank is
 * stopped.
 */
function ranksOf(size: number): Ticking {
  const stopped = new Set<number>();
  const waiting = new Set<number>();
  const silences: [number, number, number][] = [];
  const deadlocks: [number, number][] = [];
  let now = 0;
  const ranks: readonly Heartbeats[] = Array.from({ length: size }, (_, rank) =>
    keepHeartbeats(
      { rank, size },
      treeOf(rank, size),
      {
        limit: LIMIT,
        progress: () => rank + 1,
        onSilence: (lost) => silences.push(...lost.map((one): [number, number, number] => [now, rank, one])),
        onDeadlock: () => deadlocks.push([now, rank]),
      },
      (to, heartbeat) => {
        if (!stopped.has(to)) arrive(to, rank, heartbeat);
      },
    ),
  );
  const arrive = (to: number, from: number, heartbeat: Heartbeat): void => {
    ranks[to].alive(from);
    ranks[to].receive(from, heartbeat);
  };
  const run = (ticks: number): void => {
    for (const end = now + ticks; now < end; now++) {
      for (const [rank, own] of ranks.entries()) if (!stopped.has(rank)) own.tick(waiting.has(rank));
    }
  };
  return { ranks, run, stopped, waiting, silences, deadlocks };
}

test('a stopped rank is reported by its parent, rank 0 by rank 1, before anybody else', () => {
  for (let rank = 0; rank < 64; rank++) {
    const { run, stopped, silences } = ranksOf(64);
    run(50);
    assert.equal(silences.length, 0);
    stopped.add(rank);
    run(LIMIT + 2);
    const reports = new Set(silences.map(([, reporter, lost]) => `${lost} by ${reporter}`));
    assert.deepEqual([...reports], [`${rank} by ${treeOf(rank, 64).parent ?? 1}`]);
    assert.ok(Math.abs(silences[0][0] - 50 - LIMIT) <= 1, `after ${silences[0][0] - 50} ticks`);
  }
});

test('a stopped rank whose parent was stopped too is reported by its children, half as late again', () => {
  const { run, stopped, silences } = ranksOf(16);
  for (const rank of [0, 1, 5]) stopped.add(rank);
  run(1.5 * LIMIT - 1);
  assert.equal(silences.length, 0);
  run(2);
  assert.deepEqual(
    new Set(silences.map(([, reporter, lost]) => `${lost} by ${reporter}`)),
    new Set(['0 by 9', '0 by 13', '1 by 2', '1 by 3', '1 by 4', '5 by 6', '5 by 7', '5 by 8']),
  );
});

test('a rank that leaves is silent, and rightly so', () => {
  const { ranks, run, stopped, silences } = ranksOf(16);
  run(5);
  ranks[0].leaves(5);
  for (let rank = 5; rank <= 8; rank++) stopped.add(rank);
  run(5 * LIMIT);
  assert.equal(silences.length, 0);
  assert.equal(ranks[0].finished(), 136, 'what it had finished still counts');
});

test('a deadlock is reported by rank 0 alone, when all have waited so long', () => {
  const size = 64;
  const { ranks, run, waiting, deadlocks } = ranksOf(size);
  for (let rank = 0; rank < size; rank++) waiting.add(rank);
  waiting.delete(37);
  run(10 * LIMIT);
  assert.equal(deadlocks.length, 0, 'rank 37 works');
  waiting.add(37);
  run(LIMIT - 1);
  ranks[37].active();
  run(LIMIT);
  assert.equal(deadlocks.length, 0, 'a message came in between');
  run(2 * depthOf(size) + 2);
  assert.ok(deadlocks.length > 0);
  assert.deepEqual(new Set(deadlocks.map(([, rank]) => rank)), new Set([0]));
});

test('rank 0 hears of all finished tiles, from heartbeats between neighbours alone', () => {
  const { ranks, run } = ranksOf(64);
  run(depthOf(64) + 1);
  assert.equal(ranks[0].finished(), (64 * 65) / 2);
  assert.equal(ranks[17].finished(), 408, 'ranks 17 to 32');
});
