/** `larmor simulate`: sequence + phantom → raw data. */
import { createHash } from 'node:crypto';
import { joinCluster } from '../cluster/communicator.ts';
import { type RunResult, runTiles } from '../cluster/run.ts';
import { listenForStop } from '../cluster/stop.ts';
import { EXIT, LarmorError } from '../common/errors.ts';
import { info } from '../common/log.ts';
import { GAMMA_BAR } from '../common/units.ts';
import type { Engine } from '../engine/types.ts';
import { makeWasmEngine } from '../engine/wasm/engine.ts';
import { checkWritable, rawWriterFor, writeRaw } from '../raw/index.ts';
import { type Summary, summaryLines } from '../report/summary.ts';
import { encode } from '../sequence/encoding.ts';
import { applyReceivePhase } from '../timeline/receive.ts';
import { STRIDE } from '../timeline/types.ts';
import { type Job, type JobOptions, openJob } from './job.ts';
import { showProgress } from './progress.ts';

export interface SimulateOptions extends JobOptions {
  readonly output?: readonly string[];
}

export async function simulate(sequenceName: string, phantomName: string, options: SimulateOptions): Promise<void> {
  const begun = performance.now();
  const outputs = options.output ?? ['raw.mrd'];
  for (const path of outputs) rawWriterFor(path);
  const cluster = joinCluster();
  const root = cluster.rank === 0;
  const job = await openJob(sequenceName, phantomName, options, !root);
  const { timeline, phantom, plan } = job;
  if (root)
    for (const path of outputs)
      checkWritable(path, { coils: 1, samples: timeline.sampleCount, precision: plan.precision });

  const engine = await makeWasmEngine({ timeline, source: phantom, ...plan }, { threads: job.threads });
  const stop = listenForStop();
  const hide = showProgress(plan.tileCount, () => engine.finished, options.quiet === true || !root);
  let result: RunResult;
  try {
    result = await runTiles(cluster, engine, plan, stop);
  } finally {
    hide();
    await engine.close();
    phantom.close();
    stop.release();
  }
  if (!result.complete) {
    cluster.leave();
    throw new LarmorError(
      EXIT.stopped,
      `stopped by ${stop.signal ?? 'another rank'} before the last tile; nothing was written`,
    );
  }
  if (root) {
    const wrote = performance.now();
    write(job, engine, outputs);
    const now = performance.now();
    const summary = summarise(job, engine, result, outputs, { write: (now - wrote) / 1e3, total: (now - begun) / 1e3 });
    if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
    else for (const line of summaryLines(summary)) info(line);
  }
  cluster.leave();
}

/** Integers back to numbers, the receiver's phase, and out in every format asked for. */
function write(job: Job, engine: Engine, outputs: readonly string[]): void {
  const { timeline, plan, scanner, sequence, phantom } = job;
  const unit = 2 ** -plan.scaleExponent;
  const signal = new Float64Array(engine.sums.length);
  for (let n = 0; n < signal.length; n++) signal[n] = Number(engine.sums[n]!) * unit;
  applyReceivePhase(timeline, signal);
  const raw = {
    signal,
    coils: 1,
    samples: timeline.sampleCount,
    precision: plan.precision,
    encoding: encode(sequence, scanner),
    sequenceName: sequence.name,
    phantomName: phantom.name,
    B0: scanner.B0,
    frequency: GAMMA_BAR * scanner.B0,
  };
  for (const path of outputs) writeRaw(path, raw);
}

function summarise(
  job: Job,
  engine: Engine,
  { perRank }: RunResult,
  outputs: readonly string[],
  spent: { write: number; total: number },
): Summary {
  const { timeline, phantom, plan } = job;
  const { simulate: simulated, reduce } = perRank[0]!.seconds;
  const hash = createHash('sha256').update(String(plan.scaleExponent)).update('\0').update(engine.sums);
  return {
    sequence: job.sequence.name,
    phantom: phantom.name,
    spins: plan.spinCount,
    tiles: plan.tileCount,
    tileSize: plan.tileSize,
    samples: timeline.sampleCount,
    segments: timeline.segments.length / STRIDE.segment,
    rfSteps: timeline.rfSteps.length / STRIDE.rfStep,
    ranks: perRank.length,
    threads: engine.threads,
    precision: plan.precision,
    engine: engine.name,
    build: engine.build,
    reproducible: true,
    planHash: plan.hash,
    seconds: { ...job.seconds, simulate: simulated, reduce, ...spent },
    spinSamplesPerSecond:
      (plan.spinCount * timeline.sampleCount) / Math.max(...perRank.map((rank) => rank.seconds.simulate), 1e-9),
    tilesResumed: 0,
    perRank,
    peakMemory: process.resourceUsage().maxRSS * 1024,
    signalHash: hash.digest('hex'),
    outputs,
  };
}
