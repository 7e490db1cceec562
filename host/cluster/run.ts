/**
 * The distributed run: every rank simulates its tiles with its own engine, and one exact reduce brings the sums to rank 0.
 */
import { IN_PLACE, Op } from 'mpi-node-bindings/index.ts';
import type { Engine } from '../engine/types.ts';
import type { Cluster } from './communicator.ts';
import type { Plan } from './plan.ts';
import { staticShare } from './share.ts';
import type { StopRequest } from './stop.ts';

export interface RankReport {
  readonly rank: number;
  readonly host: string;
  readonly tiles: number;
  readonly seconds: { readonly simulate: number; readonly reduce: number };
}

export interface RunResult {
  /** False if a stop was asked for before the last tile. */
  readonly complete: boolean;
  /** On rank 0, all ranks' sums are in `engine.sums`. */
  readonly perRank: readonly RankReport[];
}

export async function runTiles(cluster: Cluster, engine: Engine, plan: Plan, stop: StopRequest): Promise<RunResult> {
  const { world, rank, size } = cluster;
  const share = staticShare(plan.tileCount, rank, size);
  stop.onStop(() => engine.pause());
  const begun = performance.now();
  const next = stop.signal === undefined ? await engine.run(share.first, share.count) : share.first;
  const simulated = performance.now();
  const missing = Int32Array.of(share.first + share.count - next);
  world.allreduce(IN_PLACE, missing, Op.SUM);
  const complete = missing[0] === 0;
  if (complete && size > 1) {
    if (rank === 0) await world.ireduce(IN_PLACE, engine.sums, Op.SUM, 0).wait();
    else await world.ireduce(engine.sums, null, Op.SUM, 0).wait();
  }
  const reduced = performance.now();
  const own = {
    rank,
    host: cluster.host,
    tiles: next - share.first,
    seconds: { simulate: (simulated - begun) / 1e3, reduce: (reduced - simulated) / 1e3 },
  };
  return { complete, perRank: gatherReports(cluster, own) };
}

/** Rank 0 gets all reports; the others their own. */
function gatherReports({ world, rank, size }: Cluster, own: RankReport): RankReport[] {
  const bytes = new TextEncoder().encode(JSON.stringify(own));
  const counts = new Int32Array(size);
  world.gather(Int32Array.of(bytes.length), rank === 0 ? counts : null, 0);
  const all = rank === 0 ? new Uint8Array(counts.reduce((sum, count) => sum + count, 0)) : null;
  world.gatherv(bytes, all, rank === 0 ? counts : null, undefined, 0);
  if (all === null) return [own];
  const text = new TextDecoder();
  const ends = Array.from(counts, (_, n) => counts.slice(0, n + 1).reduce((sum, count) => sum + count, 0));
  return ends.map((end, n) => JSON.parse(text.decode(all.subarray(end - counts[n]!, end))) as RankReport);
}
