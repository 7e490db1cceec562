/** From what the command line names to what an engine runs: shared by `simulate`, which runs it, and `plan`, which tells. */
import { makePlan, type Plan } from '../cluster/plan.ts';
import { grantedThreads } from '../common/environment.ts';
import type { Precision } from '../engine/types.ts';
import { wasmBuild } from '../engine/wasm/module.ts';
import type { PhantomSource } from '../phantom/types.ts';
import { compileTimeline } from '../timeline/compile.ts';
import { STRIDE, type Timeline } from '../timeline/types.ts';
import { type InputOptions, type Inputs, openInputs } from './inputs.ts';

export interface JobOptions extends InputOptions {
  readonly dtRf: number;
  readonly precision: Precision;
  readonly threads?: number;
  readonly tile?: number;
  readonly tolerance?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export interface Job extends Inputs {
  readonly phantom: PhantomSource;
  readonly timeline: Timeline;
  readonly plan: Plan;
  readonly threads: number;
  readonly build: string;
  readonly seconds: { readonly load: number; readonly compile: number };
}

/** @param quietChecks true on ranks that should not repeat warnings */
export async function openJob(
  sequenceName: string,
  phantomName: string,
  options: JobOptions,
  quietChecks: boolean,
): Promise<Job> {
  const begun = performance.now();
  const { scanner, sequence, phantom } = await openInputs(sequenceName, phantomName, options, quietChecks);
  const loaded = performance.now();
  const timeline = compileTimeline(sequence, { B0: scanner.B0, maxRfStep: options.dtRf });
  const build = wasmBuild();
  const plan = makePlan(timeline, phantom, {
    precision: options.precision,
    engineBuild: build,
    ...(options.tile === undefined ? {} : { tileSize: options.tile }),
    ...(options.tolerance === undefined ? {} : { tolerance: options.tolerance }),
  });
  const threads = options.threads ?? (isSmall(timeline, phantom) ? 1 : grantedThreads().threads);
  const seconds = { load: (loaded - begun) / 1e3, compile: (performance.now() - loaded) / 1e3 };
  return { scanner, sequence, phantom, timeline, plan, threads, build, seconds };
}

/** Spin·operations below which starting a worker (0.1 s) costs more than it saves. */
const SMALL_JOB = 2e8;

/** By counting, never by timing: samples at one operation, RF steps and segments at what they cost beside one. */
function isSmall({ sampleCount, rfSteps, ops }: Timeline, { spinCount }: PhantomSource): boolean {
  const perSpin = sampleCount + 20 * (ops.length / STRIDE.op) + 10 * (rfSteps.length / STRIDE.rfStep);
  return spinCount * perSpin < SMALL_JOB;
}
