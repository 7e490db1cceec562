/**
 * Simulates the passes of a run (`run/passes.ts`), nearly always a single one: for each the tiles
 * that are left, then rank 0 saves its sums where they would be lost otherwise.
 */
import { warn } from '../base/log.ts';
import type { StopRequest } from '../base/signals.ts';
import { agreeFromRoot } from '../comm/agree.ts';
import type { Cluster } from '../comm/ranks.ts';
import type { Engine } from '../engine/types.ts';
import { writeCheckpoint } from '../run/checkpoint.ts';
import { type RunResult, runTiles } from '../run/loop.ts';
import type { CoilPass } from '../run/passes.ts';
import type { TileRange } from '../run/tiles.ts';
import { DEFAULT_CHECKPOINT_INTERVAL } from './defaults.ts';
import type { Job } from './job.ts';
import type { RunOptions } from './run.ts';
import type { Spool } from './spool.ts';

export interface PassesToSimulate {
  readonly title: string;
  readonly passes: readonly CoilPass[];
  /** The pass to begin with, and the tiles in the engine's sums that it has done. */
  readonly firstPass: number;
  readonly done: readonly TileRange[];
  /** On rank 0, with --checkpoint or several passes. */
  readonly spool: Spool | undefined;
  /** Threads of every rank. */
  readonly threads: readonly number[];
  /** Called before a pass. */
  readonly onPass: (pass: number) => void;
}

export interface SimulatedPasses {
  /** The last pass that was simulated, and its result. */
  readonly pass: number;
  readonly result: RunResult;
  /** Tiles and times of this rank in all passes. */
  readonly spent: Pick<RunResult, 'tiles' | 'seconds'>;
  /** On rank 0: why the sums of the last pass could not be saved. */
  readonly notSaved: unknown;
}

/** Collective. @throws CollectiveError on all ranks if the sums of a pass cannot be kept */
export async function simulatePasses(
  cluster: Cluster,
  engine: Engine,
  { plan, timelines, spinWork }: Job,
  stop: StopRequest,
  options: RunOptions,
  { title, passes, firstPass, done, spool, threads, onPass }: PassesToSimulate,
): Promise<SimulatedPasses> {
  const { startedBy, checkpoint, checkpointInterval = DEFAULT_CHECKPOINT_INTERVAL } = options;
  const samples = timelines[0].sampleCount;
  const spent = { tiles: 0, seconds: { simulate: 0, wait: 0, reduce: 0 } };
  const onSaveError = (error: unknown): void =>
    warn(`${(error as Error).message}; the run continues, the previous checkpoint is kept`);
  for (let pass = firstPass; ; pass++) {
    onPass(pass);
    if (pass > firstPass) engine.sums.fill(0n);
    const part = {
      ...{ title, coils: passes[pass].coils, pass, passes: passes.length, samples },
      ...(startedBy && { command: startedBy }),
    };
    const save = (tiles: readonly TileRange[]): void =>
      writeCheckpoint(spool!.folder, plan, { ...part, done: tiles, sums: engine.sums });
    const result = await runTiles(cluster, engine, plan, stop, {
      schedule: options.schedule,
      threads,
      tileWork: spinWork * plan.tileSize,
      done: pass === firstPass ? done : [],
      checkpoint: checkpoint === undefined ? undefined : { interval: checkpointInterval, write: save },
      onSaveError,
    });
    spent.tiles += result.tiles;
    for (const phase of ['simulate', 'wait', 'reduce'] as const) spent.seconds[phase] += result.seconds[phase];
    // At once: the sender of a stop signal may not wait, and the next steps may fail.
    const keeps = checkpoint !== undefined || (passes.length > 1 && result.complete);
    const notSaved = cluster.rank === 0 && keeps ? attempt(() => save(result.done)) : undefined;
    if (result.complete && passes.length === 1 && notSaved !== undefined) onSaveError(notSaved);
    if (result.complete && passes.length > 1)
      // The sums of this pass are nowhere else.
      await agreeFromRoot(cluster, 'pass', () => {
        if (notSaved !== undefined) throw notSaved;
        spool!.keep(pass);
      });
    if (!result.complete || pass === passes.length - 1) return { pass, result, spent, notSaved };
  }
}

/** @returns what it threw */
function attempt(step: () => void): unknown {
  try {
    step();
    return undefined;
  } catch (error) {
    return error;
  }
}
