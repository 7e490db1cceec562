/**
 * One rank without MPI: a run inside a program that calls Larmor's functions. Nothing here ends the
 * process.
 */
import { hostname } from 'node:os';
import { nothingBlocks } from './blocking.ts';
import { openChannel } from './channel.ts';
import type { Cluster } from './ranks.ts';

const never = (): never => {
  throw new Error('a run without MPI has no other rank');
};
const ALONE = { rank: 0, size: 1, isend: never, iprobe: never, recv: never };

/**
 * A cluster of this process alone; any number of them may live at once, and none needs to be
 * closed.
 */
export function soloCluster(): Cluster {
  let progress = (): number => 0;
  const watch = { limit: Number.MAX_VALUE, progress: () => progress(), onSilence: never, onDeadlock: never };
  const channel = openChannel(ALONE, watch);
  const host = hostname();
  return {
    ...{ world: undefined, rank: 0, size: 1, host, hosts: [host], channel },
    node: { localRank: 0, localSize: 1, sharers: 1 },
    ...nothingBlocks,
    finished: channel.finished,
    reportProgress(finished) {
      progress = finished;
    },
  };
}
