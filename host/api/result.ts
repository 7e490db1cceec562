/**
 * Results of a finished run: raw data in every requested format, and the summary. Only rank 0 has
 * them.
 */
import { createHash } from 'node:crypto';
import packageJson from '../../package.json' with { type: 'json' };
import { warnings } from '../base/log.ts';
import type { Seconds } from '../base/units.ts';
import type { Engine } from '../engine/types.ts';
import { addNoise, covarianceFactor, type Noise, type NoiseRequest, noiseAdder, noiseOf } from '../model/noise.ts';
import { identityDigest } from '../phantom/identity.ts';
import { channelsOf } from '../phantom/types.ts';
import { writeRaw } from '../raw/index.ts';
import type { RawData } from '../raw/types.ts';
import { acquisitionFacts, actionsOf } from '../report/facts.ts';
import type { Provenance } from '../report/provenance.ts';
import type { RankReport, ScanCounts, Summary } from '../report/summary.ts';
import { piecesOf, type Sums } from '../run/sums.ts';
import type { Verification } from '../run/verify.ts';
import type { HeartSignal } from '../sequence/heart.ts';
import { applyReceivePhase } from '../timeline/receiver-phase.ts';
import { STRIDE } from '../timeline/types.ts';
import type { Job } from './job.ts';

/** What a run leaves on rank 0 before anything is made of it. */
export interface Simulated extends Pick<Engine, 'methods' | 'threads'> {
  readonly sums: Sums;
  readonly passes: number;
}

/** The received signal from the sums, [coils][samples][re, im]. */
export interface Received extends Pick<RawData, 'signal' | 'partOf'> {
  readonly coils: number;
  readonly noise: Noise | null;
}

/** Signals that are written. */
export const coilsOf = ({ mix, phantom }: Pick<Job, 'mix' | 'phantom'>): number => (mix ? 1 : channelsOf(phantom));

/**
 * Integers back to numbers, the receiver's phase, and noise where it is asked for.
 * @throws LarmorError 65
 */
export function receive(job: Job, finished: Sums, request: NoiseRequest | undefined): Received {
  const { whole } = finished;
  if (whole === undefined) return receiveParts(job, finished, request);
  const { timelines, plan, scanner, encoding } = job;
  const [timeline] = timelines;
  const unit = 2 ** -plan.scaleExponent;
  const sums = toNumbers(whole, unit);
  const signal = job.mix?.(sums) ?? sums;
  applyReceivePhase(timeline, signal);
  const coils = coilsOf(job);
  if (request === undefined) return { signal, coils, noise: null };
  const { sampleCount } = timeline;
  const partOf = (coil: number, first: number, count: number): Float64Array =>
    signal.subarray(2 * (coil * sampleCount + first), 2 * (coil * sampleCount + first + count));
  const noise = noiseOf(request, partOf, coils, encoding!.readouts);
  addNoise(signal, coils, encoding!.readouts, noise, scanner.receive?.noiseCovariance);
  return { signal, coils, noise };
}

/** The same of sums in files, part by part as writers ask for it. */
function receiveParts(job: Job, sums: Sums, request: NoiseRequest | undefined): Received {
  const { timelines, plan, scanner, encoding } = job;
  const { coils } = sums;
  const unit = 2 ** -plan.scaleExponent;
  const noiseless = (coil: number, first: number, count: number): Float64Array => {
    const part = toNumbers(sums.read(coil, first, count), unit);
    applyReceivePhase(timelines[0], part, first, count);
    return part;
  };
  const signal = new Float64Array(0);
  if (request === undefined) return { signal, partOf: noiseless, coils, noise: null };
  const { readouts } = encoding!;
  const noise = noiseOf(request, noiseless, coils, readouts);
  const covariance = scanner.receive?.noiseCovariance;
  const addTo = noiseAdder(readouts, noise, covariance && covarianceFactor('scanner', covariance, coils));
  const partOf = (coil: number, first: number, samples: number): Float64Array => {
    const part = noiseless(coil, first, samples);
    addTo(part, coil, first);
    return part;
  };
  return { signal, partOf, coils, noise };
}

function toNumbers(sums: BigInt64Array, unit: number): Float64Array {
  const numbers = new Float64Array(sums.length);
  for (let n = 0; n < sums.length; n++) numbers[n] = Number(sums[n]) * unit;
  return numbers;
}

/** Raw data with all of its signal in one array. */
export function wholeRaw({ partOf, ...raw }: RawData): RawData {
  if (partOf === undefined) return raw;
  const { coils, samples } = raw;
  const signal = new Float64Array(2 * coils * samples);
  for (let coil = 0; coil < coils; coil++) signal.set(partOf(coil, 0, samples), 2 * coil * samples);
  return { ...raw, signal };
}

const sincePeak =
  ({ peakBefore }: HeartSignal) =>
  (time: Seconds): Seconds =>
    time - (peakBefore(time) ?? Number.NaN);

/** The run's signal as raw-data formats hold it. */
export function rawDataOf(job: Job, { noise, ...received }: Received, provenance: Partial<Provenance>): RawData {
  const { timelines, plan, scanner, sequence, phantom } = job;
  const [timeline] = timelines;
  return {
    ...received,
    samples: timeline.sampleCount,
    noisy: noise !== null,
    precision: plan.precision,
    encoding: job.encoding!,
    sequenceName: sequence.name,
    phantomName: phantom.name,
    B0: scanner.B0,
    frequency: scanner.gammaBar * scanner.B0,
    ...(sequence.heart === undefined ? {} : { sincePeak: sincePeak(sequence.heart) }),
    provenance: { ...provenance },
  };
}

/** Writes every format asked for. @throws LarmorError 73 */
export function writeOutputs(outputs: readonly string[], raw: RawData): void {
  for (const path of outputs) writeRaw(path, raw);
}

/** What is simulated, counted. */
export function scanCounts(job: Job): ScanCounts {
  const { plan, spuriousEcho } = job;
  const [timeline] = job.timelines;
  return {
    spins: plan.spinCount,
    spuriousEcho: spuriousEcho?.level ?? 0,
    sliceError: spuriousEcho?.scale ?? 0,
    tiles: plan.tileCount,
    tileSize: plan.tileSize,
    samples: timeline.sampleCount,
    coils: coilsOf(job),
    segments: timeline.precessions.length / STRIDE.precession,
    rfSteps: timeline.rfSteps.length / STRIDE.rfStep,
  };
}

/** What is simulated, as `plan` and `simulate` describe it; on rank 0. */
export function inputFacts(
  job: Job,
): Pick<Provenance, 'sequence' | 'phantom' | 'scanner' | 't2prime' | 'heart' | 'initialMagnetization' | 'startTime'> {
  const { sequence, opened, scanner, t2prime, startTime } = job;
  const softDelays = (sequence.softDelays ?? []).map(({ name, value }) => [name, value] as const);
  return {
    sequence: {
      name: sequence.name,
      parameters: sequence.parameters ?? Object.fromEntries(softDelays),
      ...acquisitionFacts(sequence, job.encoding!),
    },
    phantom: {
      name: opened.name,
      parameters: opened.parameters ?? {},
      spins: opened.spinCount,
      B0: opened.B0,
      digest: identityDigest(opened),
      motions: actionsOf(opened),
    },
    scanner,
    t2prime,
    heart: sequence.heart?.name ?? null,
    initialMagnetization: opened.initial?.name ?? null,
    startTime,
  };
}

/** @param run how it was called, and when it started (ms since 1970) */
export function provenanceOf(
  job: Job,
  { sums, methods }: Simulated,
  perRank: readonly RankReport[],
  run: { readonly command: readonly string[]; readonly started: number; readonly noise: Noise | null },
): Provenance {
  const { plan } = job;
  const hash = createHash('sha256').update(String(plan.scaleExponent)).update('\0');
  for (const piece of piecesOf(sums)) hash.update(piece);
  return {
    command: run.command,
    version: packageJson.version,
    time: { start: new Date(run.started).toISOString(), end: new Date().toISOString() },
    ...inputFacts(job),
    precision: plan.precision,
    tolerance: plan.tolerance ?? null,
    dtRf: job.maxRfStep,
    noise: run.noise,
    engine: [...new Set(perRank.map((rank) => rank.engine))].sort().join(' + '),
    build: plan.parts.kernels!,
    methods,
    spuriousEcho: job.spuriousEcho?.level ?? 0,
    planHash: plan.hash,
    signalHash: hash.digest('hex'),
    warnings: warnings(),
  };
}

export function summarise(
  job: Job,
  { threads, passes }: Simulated,
  perRank: readonly RankReport[],
  provenance: Provenance,
  run: {
    readonly schedule: 'static' | 'dynamic';
    readonly tilesResumed: number;
    readonly outputs: readonly string[];
    readonly write: number;
    readonly total: number;
    readonly verification: Verification | undefined;
  },
): Summary {
  const { timelines, plan } = job;
  const [timeline] = timelines;
  const simulated = perRank.map(({ seconds }) => seconds.simulate);
  const longest = Math.max(...simulated);
  const mean = simulated.reduce((sum, seconds) => sum + seconds, 0) / simulated.length;
  const spins = Math.min(plan.spinCount, (plan.tileCount - run.tilesResumed / passes) * plan.tileSize);
  return {
    ...provenance,
    ...scanCounts(job),
    ranks: perRank.length,
    threads,
    schedule: run.schedule,
    reproducible: !job.mixed && perRank.every((rank) => rank.reproducible),
    seconds: {
      load: perRank[0].seconds.load,
      compile: job.seconds.compile,
      simulate: longest,
      reduce: perRank[0].seconds.reduce,
      write: run.write,
      total: run.total,
    },
    spinSamplesPerSecond: (spins * timeline.sampleCount) / Math.max(longest, 1e-9),
    tilesResumed: run.tilesResumed,
    ...(run.verification === undefined ? {} : { verification: run.verification }),
    imbalance: mean > 0 ? longest / mean - 1 : 0,
    perRank,
    peakMemory: perRank[0].peakMemory,
    // Warnings while writing came after the header was made.
    warnings: warnings(),
    outputs: run.outputs,
  };
}
