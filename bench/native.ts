/**
 * The opponents in C: built on the spot with the machine's compiler, fed through files, run on
 * demand. `kernels` is the same arithmetic as the WASM kernels at 128, 256 or 512 bits; `per-step`
 * is the algorithm of other simulators.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Excitation } from '../host/abi/abi.generated.ts';
import { type PhantomSource, type SpinBlock, spinBlock } from '../host/phantom/types.ts';
import { makeProgram } from '../host/program/build.ts';
import { excitationRecords, pulseForms, stepRecords } from '../host/program/pulses/stepped.ts';
import { exactIntervals } from '../host/program/readouts/direct.ts';
import { makePlan } from '../host/run/plan.ts';
import { OP, STRIDE, type Timeline } from '../host/timeline/types.ts';
import type { Contestant } from './harness.ts';

const SOURCES = fileURLToPath(new URL('native/', import.meta.url));
const FOLDER = fileURLToPath(new URL('../build/bench/', import.meta.url));
const COMMON = ['-O3', '-std=gnu11', '-fno-math-errno', '-Wno-psabi'];

export interface NativeBuild {
  readonly name: string;
  readonly path: string;
}

const WIDTHS = [
  { name: 'C 128 bit, no FMA', width: 16, flags: ['-msse4.2', '-mtune=native'], needs: 'sse4_2' },
  { name: 'C 128 bit', width: 16, flags: ['-mavx2', '-mfma', '-mtune=native'], needs: 'fma' },
  { name: 'C 256 bit', width: 32, flags: ['-mavx2', '-mfma', '-mtune=native'], needs: 'fma' },
  {
    name: 'C 512 bit',
    width: 64,
    flags: ['-mavx512f', '-mavx512vl', '-mavx512bw', '-mavx512dq', '-mfma', '-mtune=native'],
    needs: 'avx512dq',
  },
] as const;

/**
 * Builds of the kernels in C that this machine can run; other processors than x86 get one at their
 * own 128 bits.
 */
export function buildKernels(): NativeBuild[] {
  const sources = ['main.c', 'excitation.c', 'readout.c', 'matrix.c'];
  if (process.arch !== 'x64') return [compile('C 128 bit', sources, ['-DWIDTH=16'])].filter((build) => build !== null);
  const has = processorFlags();
  return WIDTHS.filter(({ needs }) => has.has(needs))
    .map(({ name, width, flags }) => compile(name, sources, [`-DWIDTH=${width}`, ...flags]))
    .filter((build) => build !== null);
}

export function buildPerStep(): NativeBuild | null {
  return compile('per-step C', ['per-step.c'], process.arch === 'x64' ? ['-march=native'] : ['-mcpu=native']);
}

function processorFlags(): ReadonlySet<string> {
  if (!existsSync('/proc/cpuinfo')) return new Set(['sse4_2']);
  const line = readFileSync('/proc/cpuinfo', 'utf8').match(/^flags\s*:(.*)$/m)?.[1] ?? '';
  return new Set(line.split(' '));
}

/**
 * Builds once per source, flags and processor: the name of the file says which, so that a folder
 * several machines share never holds another's build.
 * @returns null when there is no compiler, or none that takes these flags
 */
function compile(name: string, sources: readonly string[], flags: readonly string[]): NativeBuild | null {
  const compiler = process.env.CC ?? 'gcc';
  const options = [...COMMON, ...flags];
  const hash = createHash('sha256').update(JSON.stringify([compiler, options, cpus()[0]?.model]));
  for (const file of readdirSync(SOURCES).sort()) hash.update(readFileSync(join(SOURCES, file)));
  const label = name.replaceAll(/\W+/g, '-').toLowerCase();
  const path = join(FOLDER, `${label}-${hash.digest('hex').slice(0, 12)}`);
  if (existsSync(path)) return { name, path };
  mkdirSync(FOLDER, { recursive: true });
  const made = `${path}.${process.pid}`;
  const args = [...options, ...sources.map((source) => join(SOURCES, source)), '-lm', '-o', made];
  const { status } = spawnSync(compiler, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) return null;
  renameSync(made, path);
  return { name, path };
}

export interface NativeRun extends Contestant {
  /**
   * Ends the process. @returns what the last run computed: [samples][re, im] in units of density
   */
  signal(): Promise<Float64Array>;
}

/** Starts a build on a job file that holds these arrays, each behind its length. */
function start(
  build: NativeBuild,
  label: string,
  arrays: readonly ArrayLike<number>[],
): { child: ChildProcess; out: string; lines: AsyncIterator<string> } {
  const stem = join(FOLDER, `${label.replaceAll(/\W+/g, '-')}-${process.pid}`);
  const total = arrays.reduce((sum, array) => sum + 1 + array.length, 0);
  const numbers = new Float64Array(total);
  let at = 0;
  for (const array of arrays) {
    numbers[at++] = array.length;
    numbers.set(array, at);
    at += array.length;
  }
  writeFileSync(`${stem}.job`, numbers);
  const child = spawn(build.path, [`${stem}.job`, `${stem}.out`], { stdio: ['pipe', 'pipe', 'inherit'] });
  return { child, out: stem, lines: createInterface({ input: child.stdout! })[Symbol.asyncIterator]() };
}

function contestant(
  name: string,
  { child, out, lines }: ReturnType<typeof start>,
  toSignal: (bytes: Buffer) => Float64Array,
): NativeRun {
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    name,
    async run() {
      child.stdin!.write('run\n');
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`${name} ended with ${await ended}`);
      return Number(value);
    },
    async signal() {
      child.stdin!.end();
      const status = await ended;
      if (status !== 0) throw new Error(`${name} ended with ${status}`);
      const signal = toSignal(readFileSync(`${out}.out`));
      for (const end of ['job', 'out']) rmSync(`${out}.${end}`);
      return signal;
    },
  };
}

/** [8][spins] */
function columns(source: PhantomSource): Float32Array {
  const spins: SpinBlock = spinBlock(source.spinCount);
  source.read(0, source.spinCount, spins);
  return new Float32Array(spins.x.buffer);
}

/** Records as the kernels read them, byte for byte, whatever their fields are. */
const doubles = (list: { bytes(): Uint8Array<ArrayBuffer> }): Float64Array => new Float64Array(list.bytes().buffer);
/** [excitations][pulse, cosIn, sinIn, cosOut, sinOut]: what C knows of them. */
function excitationTable(timeline: Timeline): Float64Array {
  const { buffer } = excitationRecords(timeline).bytes();
  const records = new DataView(buffer);
  const known = ['pulse', 'cosIn', 'sinIn', 'cosOut', 'sinOut'] as const;
  return Float64Array.from(
    Array.from({ length: buffer.byteLength / Excitation.bytes }, (_, n) =>
      known.map((field) => records.getFloat64(Excitation.bytes * n + Excitation.fields[field][1], true)),
    ).flat(),
  );
}
/** Records of i32 alone. */
const integers = (list: { bytes(): Uint8Array<ArrayBuffer> }): Int32Array => new Int32Array(list.bytes().buffer);

/** [trajectories][first, samples, samples from one exactly phased to the next, or 0] */
function trajectoryTable(timeline: Timeline, source: PhantomSource): Int32Array {
  const table = Int32Array.from(timeline.trajectories);
  for (const [n, every] of exactIntervals(timeline, source).entries()) table[STRIDE.trajectory * n + 2] = every;
  return table;
}

/** The kernels in C on the program that the WASM kernels would get. */
export function nativeKernels(
  build: NativeBuild,
  timeline: Timeline,
  source: PhantomSource,
  tileSize: number,
): NativeRun {
  const program = makeProgram(timeline, source, { precision: 'f32', tileSize });
  if (program.operators.operators.length + program.cachedPrecessions.length > 0)
    throw new Error('a pulse or a precession is kept per spin, which C does not know');
  const forms = pulseForms(timeline, source);
  const { scaleExponent } = makePlan([timeline], source, { precision: 'f32', tileSize, engineBuild: '', version: '' });
  const { lines, buffers, longest } = program;
  const ratio = timeline.B0 / source.B0;
  const head = [source.spinCount, tileSize, lines, buffers, longest, timeline.sampleCount, 2 ** scaleExponent, ratio];
  const batches = program.batches.flatMap((own) => [
    ...[own.trajectory, own.buffer, own.lines, own.first, own.firstRun, own.lineRuns],
  ]);
  const arrays = [
    head,
    integers(program.ops),
    program.precessions,
    excitationTable(timeline),
    timeline.pulses,
    forms,
    doubles(stepRecords(timeline, source, forms)),
    integers(program.lineRuns),
    batches,
    program.firstSamples,
    trajectoryTable(timeline, source),
    timeline.samples,
    columns(source),
  ];
  return contestant(build.name, start(build, build.name, arrays), (bytes) =>
    Float64Array.from(
      new BigInt64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8),
      (sum) => Number(sum) * 2 ** -scaleExponent,
    ),
  );
}

/** As in per-step.c. */
const STEP = { precess: 0, rf: 1, sample: 2, turn: 3 } as const;

/** Where spins are at equally spaced times from 0 on. */
export interface Nodes {
  /** [s] */
  readonly spacing: number;
  /** [nodes][x, y, z][spins] */
  readonly places: Float32Array;
}

/**
 * The per-step algorithm on the same timeline: every sample, every RF step and every stretch
 * between is a time step.
 * @param nodes of moving spins; undefined: they are at rest
 */
export function perStep(build: NativeBuild, timeline: Timeline, source: PhantomSource, nodes?: Nodes): NativeRun {
  const head = [source.spinCount, timeline.gammaBar, timeline.sampleCount, timeline.B0 / source.B0];
  const arrays = [[...head, nodes?.spacing ?? 0], timeSteps(timeline), columns(source), nodes?.places ?? []];
  const job = start(build, build.name, arrays);
  return contestant(build.name, job, (bytes) =>
    Float64Array.from(new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8)),
  );
}

/** [steps][kind, dt, B1re, B1im, Gx, Gy, Gz, offset] */
export function timeSteps(timeline: Timeline): Float64Array {
  const { ops, precessions, excitations, pulses, rfSteps, readouts, trajectories, samples, gammaBar } = timeline;
  const steps: number[] = [];
  /** What of the precession to come the samples already had: [kx, ky, kz, dt]. */
  let ahead = [0, 0, 0, 0];
  const evolve = (kind: number, [kx, ky, kz, dt]: readonly number[]): void => {
    const per = dt === 0 ? 0 : 1 / (gammaBar * dt!);
    steps.push(kind, dt!, 0, 0, kx! * per, ky! * per, kz! * per, 0);
  };
  for (let op = 0; op < ops.length; op += STRIDE.op) {
    const index = ops[op + 1];
    if (ops[op] === OP.precess) {
      const left = ahead.map((value, i) => precessions[STRIDE.precession * index + i] - value);
      if (left[3] > 0) evolve(STEP.precess, left);
      ahead = left[3] > 0 ? [0, 0, 0, 0] : left.map((value) => -value);
    } else if (ops[op] === OP.excite) {
      const [pulse, phase] = [excitations[STRIDE.excitation * index], excitations[STRIDE.excitation * index + 1]];
      const [first, count, offset, duration] = pulses.subarray(STRIDE.pulse * pulse, STRIDE.pulse * (pulse + 1));
      const [c, s] = [Math.cos(phase), Math.sin(phase)];
      for (let n = first!; n < first! + count!; n++) {
        const [dt, re, im, gx, gy, gz] = rfSteps.subarray(STRIDE.rfStep * n, STRIDE.rfStep * (n + 1));
        steps.push(STEP.rf, dt!, re! * c - im! * s, re! * s + im! * c, gx!, gy!, gz!, offset!);
      }
      if (offset !== 0) steps.push(STEP.turn, 2 * Math.PI * offset! * duration!, 0, 0, 0, 0, 0, 0);
    } else {
      const trajectory = STRIDE.trajectory * readouts[STRIDE.readout * index + 1];
      let before = ahead.map((value) => -value);
      for (let k = 0; k < trajectories[trajectory + 1]; k++) {
        const at = STRIDE.sample * (trajectories[trajectory] + k);
        const here = Array.from(samples.subarray(at, at + STRIDE.sample));
        evolve(
          STEP.sample,
          here.map((value, i) => value - before[i]),
        );
        before = here;
      }
      ahead = before;
    }
  }
  return Float64Array.from(steps);
}

/** Time steps that one spin goes through in the per-step algorithm. */
export function stepCount(timeline: Timeline): number {
  return timeSteps(timeline).length / 8;
}
