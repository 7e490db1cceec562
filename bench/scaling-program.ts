/**
 * What `bench/scaling.ts` runs under a launcher: what a rank pays for the others, piece by piece;
 * with the argument `agree` only what an agreement takes, which any number of ranks has the memory
 * for. Rank 0 prints one JSON object.
 */
import { rmSync } from 'node:fs';
import { agree } from '../host/comm/agree.ts';
import { joinCluster } from '../host/comm/ranks.ts';
import { reduceToRoot } from '../host/comm/reduce.ts';
import { writeCheckpoint } from '../host/run/checkpoint.ts';
import type { Plan } from '../host/run/plan.ts';
import { temporaryFolder } from '../testing/temporary.ts';

const begun = performance.now();
const cluster = await joinCluster(600);
const joined = performance.now();
const { rank, size, channel } = cluster;

const agreementOnly = process.argv[2] === 'agree';

/** Seconds of each round, ascending. */
const times = async (rounds: number, work: () => unknown): Promise<number[]> => {
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
  return taken.sort((a, b) => a - b);
};

const handled = (): number => channel.counts.sent + channel.counts.received;
const ROUNDS = 50;
const handledBefore = handled();
// Each round is two agreements: the one that lines the ranks up counts too.
const rounds = await times(ROUNDS, () =>
  agree(
    cluster,
    'bench',
    () => ({ hash: 'x'.repeat(64) }),
    () => null,
  ),
);
const agreement = { least: rounds[0], median: rounds[ROUNDS >> 1] };
const messages = (handled() - handledBefore) / (2 * (ROUNDS + 1));
const mostMessages = await agree(
  cluster,
  'most messages',
  () => messages,
  (all) => Math.max(...all),
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
const perSend: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  if (rank === 1) {
    const start = performance.now();
    for (let n = 0; n < MESSAGES; n++) channel.send(0, { kind: 'load' });
    perSend.push((performance.now() - start) / 1e3 / MESSAGES);
  }
  await agree(
    cluster,
    'messages',
    () => null,
    () => null,
  );
  perMessage.push((last - first) / 1e3 / (MESSAGES - 1));
}
const message = Math.min(...perMessage); // whatever else the machine does only adds
const send = await agree(
  cluster,
  'send',
  () => (rank === 1 ? Math.min(...perSend) : 0),
  (all) => all[1],
);

const reduce: [number, number][] = [];
const checkpoint: [number, number][] = [];
const folder = temporaryFolder();
const parts = { version: '', sequence: '', phantom: '', 'tile size': '', precision: '', kernels: '' };
const plan: Plan = { spinCount: 1, tileSize: 1, tileCount: 1, scaleExponent: 1, precision: 'f32', parts, hash: '' };
for (const samples of agreementOnly ? [] : [1e4, 1e5, 1e6, 1e7]) {
  const sums = new BigInt64Array(new SharedArrayBuffer(16 * samples)).fill(1n);
  const rounds = samples > 1e6 ? 5 : 11;
  reduce.push([samples, (await times(rounds, () => reduceToRoot(cluster, sums)))[0]]);
  if (rank === 0) {
    const write = (): void =>
      writeCheckpoint(folder, plan, { title: 'bench', coils: 1, done: [{ first: 0, count: 1 }], sums });
    const start = performance.now();
    write();
    checkpoint.push([samples, (performance.now() - start) / 1e3]);
  }
}
rmSync(folder, { recursive: true });
if (rank === 0) {
  const join = (joined - begun) / 1e3;
  const measured = { ranks: size, join, agreement, messages, mostMessages, message, send, reduce, checkpoint };
  console.log(JSON.stringify(measured));
}
await cluster.finalize();
