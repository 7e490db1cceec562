/**
 * What `mpi.serial.test.ts` runs under a launcher: agreements that succeed, and one that fails on
 * each rank in turn. Rank 0 prints one JSON object.
 */

import { EXIT, LarmorError } from '../../host/base/errors.ts';
import { agree } from '../../host/comm/agree.ts';
import { joinCluster } from '../../host/comm/ranks.ts';

const ROUNDS = 20;

const cluster = await joinCluster(600);
const { rank, size, hosts, channel } = cluster;
const handled = (): number => channel.counts.sent + channel.counts.received;
const agreeOnSum = (): Promise<number> =>
  agree(
    cluster,
    'sum',
    () => rank,
    (ranks) => ranks.reduce((sum, one) => sum + one),
  );

let wrong = 0;
const before = handled();
const milliseconds: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const begun = performance.now();
  if ((await agreeOnSum()) !== (size * (size - 1)) / 2) wrong++;
  milliseconds.push(performance.now() - begun);
}
const messages = (handled() - before) / ROUNDS;

for (let failing = 0; failing < size; failing++) {
  const fail = (): void => {
    // The ranks above it fail too: the lowest is the one that is named.
    if (rank >= failing) throw new LarmorError(EXIT.badInput, `fault ${rank}`);
  };
  const error = await agree(cluster, 'fault', fail, () => null).catch((thrown: LarmorError) => thrown);
  if (error?.message !== `rank ${failing} (${hosts[failing]}): fault ${failing}` || error.exitCode !== EXIT.badInput)
    wrong++;
}
if ((await agreeOnSum()) !== (size * (size - 1)) / 2) wrong++;

const report = await agree(
  cluster,
  'report',
  () => ({ messages, wrong }),
  (all) => ({
    ranks: size,
    wrong: all.reduce((sum, one) => sum + one.wrong, 0),
    messagesAtRoot: all[0].messages,
    messagesAtMost: Math.max(...all.map((one) => one.messages)),
    milliseconds: milliseconds.sort((a, b) => a - b),
  }),
);
if (rank === 0) console.log(JSON.stringify(report));
await cluster.finalize();
