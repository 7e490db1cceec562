/**
 * The WebGPU engine: reads tiles on the calling thread, batch after batch, while a worker keeps the
 * GPU busy with the one before. Which tiles share a batch changes no bit of the sums: see
 * `shaders/sums.ts`.
 */
import { EXIT, type ExitCode, LarmorError, usage } from '../../base/errors.ts';
import { COLUMN_NAMES } from '../../phantom/columns.ts';
import { SPIN_BYTES, spinBlock } from '../../phantom/types.ts';
import type { Engine, EngineJob } from '../types.ts';
import { toUnits } from '../units.ts';
import { type AdapterDescription, chooseAdapter } from './adapters.ts';
import { buildName } from './kernels.ts';
import { listAdapters, startWorker } from './thread.ts';

export interface WebgpuOptions {
  /** Index in `listAdapters()`, or part of a name; default: the first real GPU. */
  readonly adapter?: number | string;
  /** Whether a software adapter may be used if there is no real one and none was requested. */
  readonly allowSoftware: boolean;
  /**
   * Most tiles of a batch; default: as many as fit its memory and a few seconds. Affects no bits.
   */
  readonly batchTiles?: number;
}

export interface WebgpuEngine extends Engine {
  readonly name: 'webgpu';
  readonly adapter: AdapterDescription;
  /** Tiles of a batch; a `run` of fewer leaves the device partly idle. */
  readonly batchTiles: number;
  /** Stops immediately: the device is destroyed, and a running `run` rejects with DeviceLost. */
  abandon(): void;
}

/**
 * The device was lost (driver reset, out of memory, removed): tiles from `firstTile` on are not in
 * the sums, those before are. The caller can simulate them with another engine; such a run is not
 * reproducible.
 */
export class DeviceLost extends Error {
  override readonly name = 'DeviceLost';
  readonly firstTile: number;
  readonly reason: string;
  constructor(adapter: string, firstTile: number, reason: string) {
    super(`the GPU ${adapter} was lost before tile ${firstTile} was done: ${reason}`);
    this.firstTile = firstTile;
    this.reason = reason;
  }
}

/** Batches in progress: one on the card, one queued. */
const BATCHES_UNDER_WAY = 2;

/** Starts the GPU's thread on a job. @throws LarmorError when the device cannot take it */
async function startJob(job: EngineJob, adapter: AdapterDescription, sums: SharedArrayBuffer, options: WebgpuOptions) {
  const { tileSize, tileCount, scaleExponent, source } = job;
  const [timeline] = job.timelines;
  const worker = startWorker({
    ...{ kind: 'run', adapter, sums },
    job: {
      ...{ timeline, tileSize, tileCount, scaleExponent },
      bounds: source.bounds,
      fieldRatio: timeline.B0 / source.B0,
      ...(options.batchTiles ? { batchTiles: options.batchTiles } : {}),
    },
  });
  const ready = await worker.next();
  if (ready.kind === 'failed') throw new LarmorError(ready.exitCode as ExitCode, ready.message);
  if (ready.kind === 'lost')
    throw new LarmorError(EXIT.internal, `the GPU ${adapter.name} was lost before it was ready: ${ready.reason}`);
  if (ready.kind !== 'ready') throw new LarmorError(EXIT.internal, `the GPU thread began with '${ready.kind}'`);
  return { worker, batchTiles: ready.batchTiles, tileStride: ready.tileStride };
}

/**
 * Reads tiles side by side into a batch, each padded to `tileStride` with spins that have no
 * signal.
 */
function readTiles(
  { source, tileSize }: EngineJob,
  batch: SharedArrayBuffer,
  [first, tiles]: readonly [number, number],
  tileStride: number,
): void {
  const stride = batch.byteLength / SPIN_BYTES;
  for (let n = 0; n < tiles; n++) {
    const firstSpin = (first + n) * tileSize;
    const count = Math.min(tileSize, source.spinCount - firstSpin);
    const at = 4 * n * tileStride;
    const spins = spinBlock(count, { buffer: batch, byteOffset: at, stride });
    source.read(firstSpin, count, spins);
    toUnits(spins.density, count, source);
    const padding = spinBlock(tileStride - count, { buffer: batch, byteOffset: at + 4 * count, stride });
    for (const name of COLUMN_NAMES) padding[name].fill(0);
    for (const column of [padding.T1, padding.T2]) column.fill(1);
  }
}

/**
 * @throws LarmorError 2 for f64, without the package or a driver, for an adapter that is not there,
 * for a tile too large; 70 when the device gives no memory
 */
export async function makeWebgpuEngine(job: EngineJob, options: WebgpuOptions): Promise<WebgpuEngine> {
  const [timeline] = job.timelines;
  if (job.precision === 'f64')
    throw usage('GPUs compute in f32 here (WGSL has no f64)', 'use --engine wasm for --precision f64');
  const adapter = chooseAdapter(await listAdapters(), options.adapter, options.allowSoftware);
  const shared = new SharedArrayBuffer(16 * timeline.sampleCount);
  const { worker, batchTiles, tileStride } = await startJob(job, adapter, shared, options);

  const slots = Array.from(
    { length: BATCHES_UNDER_WAY },
    () => new SharedArrayBuffer(SPIN_BYTES * batchTiles * tileStride),
  );
  let finished = 0;
  let begun = 0;
  let pausing = false;
  /** Why the engine can do no more. */
  let broken: unknown;

  const simulate = async (first: number, end: number): Promise<number> => {
    /** Tiles of the batches under way, oldest first. */
    const underWay: number[] = [];
    let next = first;
    let done = first;
    for (;;) {
      while (next < end && !pausing && underWay.length < BATCHES_UNDER_WAY) {
        const tiles = Math.min(batchTiles, end - next);
        const slot = slots[begun++ % BATCHES_UNDER_WAY];
        readTiles(job, slot, [next, tiles], tileStride);
        worker.send({ kind: 'batch', spins: slot, tiles });
        underWay.push(tiles);
        next += tiles;
      }
      if (underWay.length === 0) return done;
      const answer = await worker.next();
      if (answer.kind === 'notFinite') throw notFinite(job, done + answer.tile);
      if (answer.kind === 'lost') throw new DeviceLost(adapter.name, done, answer.reason);
      if (answer.kind === 'failed') throw new DeviceLost(adapter.name, done, answer.message);
      const tiles = underWay.shift()!;
      done += tiles;
      finished += tiles;
    }
  };

  return {
    name: 'webgpu',
    reproducible: true,
    build: buildName(adapter),
    threads: 1,
    methods: {},
    adapter,
    batchTiles,
    sums: new BigInt64Array(shared),
    get finished() {
      return finished;
    },

    async run(first, count) {
      if (broken) throw broken;
      pausing = false;
      try {
        return await simulate(first, first + count);
      } catch (error) {
        broken = error;
        throw error;
      }
    },

    pause() {
      pausing = true;
    },

    abandon: () => worker.send({ kind: 'abandon' }),
    close: () => worker.close(),
  };
}

function notFinite({ source, tileSize }: EngineJob, tile: number): LarmorError {
  const last = Math.min((tile + 1) * tileSize, source.spinCount) - 1;
  return new LarmorError(
    EXIT.internal,
    `the signal of tile ${tile} (spins ${tile * tileSize} to ${last} of ${source.name}) is not finite, or exceeds the sum of its densities; nothing was written`,
  );
}
