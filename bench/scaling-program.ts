/**
 * What `bench/scaling.ts` runs under a launcher: what a rank pays for the others, piece by piece. Rank 0 prints one JSON object.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agree } from '../host/comm/agree.ts';
import { joinCluster } from '../host/comm/ranks.ts';
import { reduceToRoot } from '../host/comm/reduce.ts';
import { writeCheckpoint } from '../host/run/checkpoint.ts';
import type { Plan } from '../host/run/plan.ts';

const begun = performance.now();
const cluster = await joinCluster(600);
const joined = performance.now();
const { rank, size, world, channel } = cluster;

const times = async (rounds: number, work: () => unknown): Promise<number> => {
  const taken: number[] = [];
  for (let round = -1; round < rounds; round++) {
    await agree(
      cluster,
      'round',
      () => null,
      () => null,
    );
    const start = performance.now();
    await work();
    if (round >= 0) taken.push((performance.now() - start) / 1e3);
  }
  return Math.min(...taken); // whatever else the machine does only adds
};

const agreement = await times(50, () =>
  agree(
    cluster,
    'bench',
    () => ({ hash: 'x'.repeat(64) }),
    () => null,
  ),
);

// Rank 0's time per message, when some are waiting: so few that they fit into MPI's own buffers.
const MESSAGES = 100;
let arrived = 0;
let first = 0;
let last = 0;
if (rank === 0) {
  channel.on('load', () => {
    if (arrived++ % MESSAGES === 0) first = performance.now();
    last = performance.now();
  });
}
const perMessage: number[] = [];
for (let round = 0; round < 50; round++) {
  if (rank === 1) for (let n = 0; n < MESSAGES; n++) channel.send(0, { kind: 'load' });
  await agree(
    cluster,
    'messages',
    () => null,
    () => null,
  );
  perMessage.push((last - first) / 1e3 / (MESSAGES - 1));
}
const message = size > 1 ? Math.min(...perMessage) : 0;

const reduce: [number, number][] = [];
const checkpoint: [number, number][] = [];
const folder = mkdtempSync(join(tmpdir(), 'larmor-scaling-'));
const parts = { version: '', sequence: '', phantom: '', 'tile size': '', precision: '', kernels: '' };
const plan: Plan = { spinCount: 1, tileSize: 1, tileCount: 1, scaleExponent: 1, precision: 'f32', parts, hash: '' };
for (const samples of [1e4, 1e5, 1e6, 1e7]) {
  const sums = new BigInt64Array(new SharedArrayBuffer(16 * samples)).fill(1n);
  const rounds = samples > 1e6 ? 5 : 11;
  reduce.push([samples, await times(rounds, () => reduceToRoot(cluster, world, sums))]);
  if (rank === 0) {
    const write = (): void => writeCheckpoint(folder, plan, 'bench', [{ first: 0, count: 1 }], sums);
    const start = performance.now();
    write();
    checkpoint.push([samples, (performance.now() - start) / 1e3]);
  }
}
rmSync(folder, { recursive: true });
if (rank === 0) {
  const join = (joined - begun) / 1e3;
  console.log(JSON.stringify({ ranks: size, join, agreement, message, reduce, checkpoint }));
}
await cluster.finalize();
