/**
 * A whole simulation in this process, as `larmor simulate` runs it, without files and MPI: sequence
 * → timeline → plan → WASM engine → signal with the receiver's phase. Tests and validation ask for
 * physics through it, and for spins by `phantomOf`.
 */

import type { Engine, EngineJob } from '../host/engine/types.ts';
import { makeWasmEngine } from '../host/engine/wasm/engine.ts';
import { type KernelBuild, wasmBuild } from '../host/engine/wasm/module.ts';
import { surveyOf } from '../host/phantom/bounds.ts';
import { COLUMN_NAMES } from '../host/phantom/columns.ts';
import { type Model, type PhantomSource, type SpinBlock, spinBlock } from '../host/phantom/types.ts';
import type { Precision } from '../host/program/types.ts';
import { makePlan, type Plan } from '../host/run/plan.ts';
import type { Sequence } from '../host/sequence/types.ts';
import { compileTimeline } from '../host/timeline/compile.ts';
import { applyReceivePhase } from '../host/timeline/receiver-phase.ts';
import type { Timeline, Timelines } from '../host/timeline/types.ts';

export interface RunOptions {
  readonly precision?: Precision;
  /** Default 1: the calling thread. */
  readonly threads?: number;
  readonly tileSize?: number;
  readonly tolerance?: number;
  /** Longest RF step [s]; default 50 µs. */
  readonly maxRfStep?: number;
  /** Field of the scanner [T]; default 1.5. */
  readonly B0?: number;
  readonly build?: KernelBuild;
  readonly accumulatorBytes?: number;
  readonly onMagnetization?: EngineJob['onMagnetization'];
}

/** [samples][re, im], in units of the spins' density, receive phase applied. */
export async function simulate(
  sequence: Sequence,
  phantom: PhantomSource | SpinBlock,
  options: RunOptions = {},
): Promise<Float64Array> {
  return simulateCompiled(compiled(sequence, options), phantom, options);
}

/** A sequence's timeline, for several phantoms or several ways to simulate them. */
export function compiled(sequence: Sequence, { B0 = 1.5, maxRfStep = 50e-6 }: RunOptions = {}): Timeline {
  return compileTimeline(sequence, { B0, maxRfStep });
}

/** The result of `simulate` for the sequence of this timeline. */
export async function simulateCompiled(
  timeline: Timeline,
  phantom: PhantomSource | SpinBlock,
  options: RunOptions = {},
): Promise<Float64Array> {
  const signal = await simulateTimeline(timeline, phantom, options);
  applyReceivePhase(timeline, signal);
  return signal;
}

/** The signals of spins simulated one by one, one after the other. */
export async function simulateEach(
  timeline: Timeline,
  spins: readonly Spin[],
  options: RunOptions = {},
): Promise<Float64Array> {
  const signals: Float64Array[] = [];
  for (const spin of spins) signals.push(await simulateCompiled(timeline, spinsOf([spin]), options));
  return Float64Array.from(signals.flatMap((signal) => [...signal]));
}

/**
 * The same of a timeline; [samples][re, im] without the receive phase, as `simulateSlowly` gives
 * it.
 */
export async function simulateTimeline(
  timeline: Timeline | Timelines,
  phantom: PhantomSource | SpinBlock,
  options: RunOptions = {},
): Promise<Float64Array> {
  const { engine, plan } = await engineFor(timeline, phantom, options);
  try {
    await engine.run(0, plan.tileCount);
    return toSignal(engine.sums, plan);
  } finally {
    await engine.close();
  }
}

/** An engine ready to run, for tests of the engine itself; the caller closes it. */
export async function engineFor(
  timeline: Timeline | Timelines,
  phantom: PhantomSource | SpinBlock,
  { precision = 'f32', threads = 1, tileSize, tolerance, build, accumulatorBytes, onMagnetization }: RunOptions = {},
): Promise<{ engine: Engine; plan: Plan; source: PhantomSource }> {
  const source = 'spinCount' in phantom ? phantom : phantomOf(phantom);
  const timelines = 'ops' in timeline ? ([timeline] as const) : timeline;
  const plan = makePlan(timelines, source, {
    precision,
    engineBuild: wasmBuild(build),
    version: 'test',
    ...(tileSize === undefined ? {} : { tileSize }),
    ...(tolerance === undefined ? {} : { tolerance }),
  });
  const engine = await makeWasmEngine(
    { timelines, source, ...plan, ...(onMagnetization === undefined ? {} : { onMagnetization }) },
    { threads, ...(build ? { build } : {}), ...(accumulatorBytes === undefined ? {} : { accumulatorBytes }) },
  );
  return { engine, plan, source };
}

export function toSignal(sums: BigInt64Array, { scaleExponent }: Plan): Float64Array {
  return Float64Array.from(sums, (sum) => Number(sum) * 2 ** -scaleExponent);
}

/** Spins in memory as a phantom, unchecked: a test may use spins that files may not contain. */
export function phantomOf(spins: SpinBlock, B0 = 1.5, model?: Model): PhantomSource {
  const read: PhantomSource['read'] = (first, count, into) => {
    for (const key of COLUMN_NAMES) into[key].set(spins[key].subarray(first, first + count));
    for (const [n, column] of (spins.extra ?? []).entries())
      into.extra?.[n]?.set(column.subarray(first, first + count));
  };
  const spinCount = spins.x.length;
  const bounds = surveyOf(spinCount, read).bounds;
  const identity = `in memory, ${spinCount} spins`;
  return {
    name: 'spins',
    spinCount,
    B0,
    bounds,
    identity,
    residentBytes: 0,
    read,
    close: () => {},
    ...(model === undefined ? {} : { model }),
  };
}

/**
 * One spin; defaults: at the origin, density 1, on resonance, T1 and T2 so long that they have no
 * effect.
 */
export interface Spin {
  readonly x?: number;
  readonly y?: number;
  readonly z?: number;
  readonly density?: number;
  readonly T1?: number;
  readonly T2?: number;
  /** Hz */
  readonly offset?: number;
}

export function spinsOf(list: readonly Spin[]): SpinBlock {
  const spins = spinBlock(list.length);
  for (const [n, { x = 0, y = 0, z = 0, density = 1, T1 = 1e9, T2 = 1e9, offset = 0 }] of list.entries()) {
    spins.x[n] = x;
    spins.y[n] = y;
    spins.z[n] = z;
    spins.density[n] = density;
    spins.T1[n] = T1;
    spins.T2[n] = T2;
    spins.T2s[n] = T2;
    spins.offResonance[n] = 2 * Math.PI * offset;
  }
  return spins;
}

/** ‖a − b‖ / ‖b‖ */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new RangeError(`${a.length} numbers against ${b.length}`);
  let [difference, norm] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    norm += b[i] ** 2;
  }
  return Math.sqrt(difference / norm);
}

/** Largest |a − b| of a sample over Σ|ρ|. */
export function errorOfDensity(a: Float64Array, b: Float64Array, { density }: SpinBlock): number {
  let largest = 0;
  for (let n = 0; n < a.length; n += 2) largest = Math.max(largest, Math.hypot(a[n] - b[n], a[n + 1] - b[n + 1]));
  return largest / density.reduce((sum, value) => sum + Math.abs(value), 0);
}
