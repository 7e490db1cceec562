/** What a finished run leaves: raw data in every format asked for, and the summary. Rank 0 alone has any of it. */
import { createHash } from 'node:crypto';
import type { Verification } from '../cluster/verify.ts';
import { GAMMA_BAR } from '../common/units.ts';
import type { Engine } from '../engine/types.ts';
import { writeRaw } from '../raw/index.ts';
import type { RankReport, Summary } from '../report/summary.ts';
import { applyReceivePhase } from '../timeline/receive.ts';
import { STRIDE } from '../timeline/types.ts';
import type { Job } from './job.ts';

/** Integers back to numbers, the receiver's phase, and out in every format asked for. @throws LarmorError 73 */
export function writeOutputs(job: Job, engine: Engine, outputs: readonly string[]): void {
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
    encoding: job.encoding!,
    sequenceName: sequence.name,
    phantomName: phantom.name,
    B0: scanner.B0,
    frequency: GAMMA_BAR * scanner.B0,
  };
  for (const path of outputs) writeRaw(path, raw);
}

export function summarise(
  job: Job,
  engine: Engine,
  perRank: readonly RankReport[],
  run: {
    readonly schedule: 'static' | 'dynamic';
    readonly tilesResumed: number;
    readonly outputs: readonly string[];
    readonly write: number;
    readonly total: number;
    readonly verification: Verification | undefined;
  },
): Summary {
  const { timeline, phantom, plan } = job;
  const hash = createHash('sha256').update(String(plan.scaleExponent)).update('\0').update(engine.sums);
  const simulated = perRank.map(({ seconds }) => seconds.simulate);
  const longest = Math.max(...simulated);
  const mean = simulated.reduce((sum, seconds) => sum + seconds, 0) / simulated.length;
  const spins = Math.min(plan.spinCount, (plan.tileCount - run.tilesResumed) * plan.tileSize);
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
    schedule: run.schedule,
    precision: plan.precision,
    engine: [...new Set(perRank.map((rank) => rank.engine))].sort().join(' + '),
    build: plan.parts.kernels!,
    reproducible: !job.mixed && perRank.every((rank) => rank.reproducible),
    planHash: plan.hash,
    seconds: {
      load: perRank[0]!.seconds.load,
      compile: job.seconds.compile,
      simulate: longest,
      reduce: perRank[0]!.seconds.reduce,
      write: run.write,
      total: run.total,
    },
    spinSamplesPerSecond: (spins * timeline.sampleCount) / Math.max(longest, 1e-9),
    tilesResumed: run.tilesResumed,
    ...(plan.tolerance === undefined ? {} : { tolerance: plan.tolerance }),
    ...(run.verification === undefined ? {} : { verification: run.verification }),
    imbalance: mean > 0 ? longest / mean - 1 : 0,
    perRank,
    peakMemory: perRank[0]!.peakMemory,
    signalHash: hash.digest('hex'),
    outputs: run.outputs,
  };
}
