/**
 * A thread's scratch is as large as it was laid out before there was any memory: kernels of every
 * method write to nothing behind it, and leave little of it unused; and what `plan` predicts is
 * what a run asks for.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KernelContext } from '../../host/abi/abi.generated.ts';
import { type FieldOf, setField } from '../../host/abi/records.ts';
import { plan, simulate } from '../../host/api/index.ts';
import { tileCut } from '../../host/engine/tile-cut.ts';
import { fillSlot, layOut } from '../../host/engine/wasm/memory.ts';
import { instantiate, loadKernels } from '../../host/engine/wasm/module.ts';
import type { PhantomSource } from '../../host/phantom/types.ts';
import { programFor } from '../../host/program/build.ts';
import { makePlan } from '../../host/run/plan.ts';
import { makeBuiltin } from '../../host/sequence/builtin/index.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import type { Timelines } from '../../host/timeline/types.ts';
import { inCoils } from '../../testing/coils.ts';
import { MOTIONS, movingScan } from '../../testing/moving-scans.ts';
import { phantomOf } from '../../testing/run.ts';
import { gradientEcho3d, radial, randomSpins, spiral, timelineOf } from '../../testing/timed-scans.ts';

const PAGE = 65536;
/** What scratch is filled with: a byte that kernels hardly leave in each of the last words. */
const UNTOUCHED = 0xa5;

/** Of what is laid out: methods share it, and lines of moving spins need less than their model. */
const LEAST_USED = 0.7;

interface Options {
  readonly tolerance?: number;
  readonly tileSize: number;
  readonly precision?: 'f64';
}

/** Left free behind each grid and behind what is stored of spins: more than any of them leaves. */
const GAP = 2 ** 20;

/**
 * Simulates the first tile with its scratch in pages of their own, and gaps in it. @returns
 * readouts by method, bytes that were laid out without gaps, those that were used, gaps there
 * should be and gaps that nothing was written to
 */
function firstTile(timelines: Timelines, source: PhantomSource, options: Options) {
  const made = makePlan(timelines, source, { precision: 'f32', engineBuild: '', version: 'test', ...options });
  const kernels = loadKernels();
  const program = programFor({ timelines, source, ...made });
  const layout = layOut({ timelines, source, ...made }, program, kernels, { threads: 1 });
  const memory = layout.make();
  const { buffer } = memory.memory;
  assert.equal(buffer.byteLength, PAGE * Math.ceil(layout.bytes / PAGE));
  const tile = tileCut(source, made.tileSize).spinsOf(0);
  fillSlot(source, buffer, memory.slots[0], tile, program.groups[tile.group]);

  const scratch = buffer.byteLength;
  const pages = (3 * scratch + 8 * GAP) / PAGE;
  const wider = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const bytes = new Uint8Array(wider.buffer);
  bytes.set(new Uint8Array(buffer));
  const exports = instantiate(kernels.module, wider);
  layout.fillTables({ ...memory, memory: wider }, exports);
  const laidOut = exports.scratchBytes(memory.job);
  const set = (field: FieldOf<typeof KernelContext>, value: number): void =>
    setField(wider.buffer, memory.job, KernelContext, field, value);
  const { gridBytes, pointBytes } = program.scratch;
  if (gridBytes > 0) set('gridBytes', gridBytes + GAP);
  if (pointBytes > 0) set('pointBytes', pointBytes + GAP / layout.sizes.capacity);
  const gaps = (gridBytes > 0 ? 2 : 0) + (pointBytes > 0 ? 1 : 0);
  const end = scratch + exports.scratchBytes(memory.job);
  assert.equal(end - scratch - laidOut, gaps * GAP);
  // What a model needs begins behind the last gap.
  set('coils', 0);
  set('isModelled', 0);
  const model = scratch + exports.scratchBytes(memory.job);
  set('coils', source.model?.coils ?? 0);
  set('isModelled', Number(program.isModelled));

  const pointer = bytes.length - 64;
  bytes.fill(UNTOUCHED, scratch, pointer);
  new DataView(wider.buffer).setUint32(pointer, scratch, true);
  set('scratch', pointer);
  exports.work(memory.job, 0, 0);
  assert.ok(
    bytes.subarray(end, pointer).every((byte) => byte === UNTOUCHED),
    'nothing behind the scratch',
  );
  const free = untouched(bytes.subarray(scratch, model)).filter((length) => length >= GAP);
  const used = end - scratch - free.reduce((sum, length) => sum + length, 0);
  return { methods: program.methods, laidOut, used, gaps, free: free.length };
}

/** Lengths of the stretches that nothing was written to. */
function untouched(bytes: Uint8Array): number[] {
  const lengths: number[] = [];
  let length = 0;
  for (const byte of bytes) {
    if (byte === UNTOUCHED) length++;
    else if (length > 0) {
      lengths.push(length);
      length = 0;
    }
  }
  return [...lengths, length];
}

/** A tile of a power of two, which divides the gap. */
const spins = randomSpins(256);
const still = phantomOf(spins);
const epi = (n: number) => [timelineOf(makeBuiltin('epi', { n }, DEFAULT_SCANNER))] as const;
const echoes = [timelineOf(gradientEcho3d(24, 96))] as const;
const spirals = [timelineOf(spiral(2, 512))] as const;
/** So many that lines are worth transforming on their own; all tiles are like the first. */
const MANY = 7424;
const many = phantomOf(randomSpins(MANY));
const moving = movingScan(gradientEcho3d(6, 96), many, MOTIONS.heart(MANY));
const LARGE = { tileSize: 32768, tolerance: 1e-4 };

const CASES: readonly (readonly [method: string, what: string, Timelines, PhantomSource, Options])[] = [
  ['nufft2d1', 'a train', epi(64), still, LARGE],
  ['nufft2d1', 'a train in five coils', epi(64), inCoils(spins, 5), LARGE],
  ['nufft1d1', 'lines', echoes, still, LARGE],
  ['nufft1d1', 'lines in three coils', echoes, inCoils(spins, 3), LARGE],
  ['nufft2d3', 'curves', spirals, still, LARGE],
  ['nufft2d3', 'curves in two coils', spirals, inCoils(spins, 2), LARGE],
  ['line', 'spokes', [timelineOf(radial(5, 257))], many, { tileSize: 256, tolerance: 1e-4 }],
  ['line', 'short spokes', [timelineOf(radial(5, 64))], many, { tileSize: 256, tolerance: 1e-5 }],
  ['line', 'lines of moving spins', moving.timelines, moving.source, { tileSize: 256, tolerance: 1e-4 }],
  ['matrix', 'lines', echoes, still, { tileSize: 256 }],
  ['direct', 'in f64, in three coils', echoes, inCoils(spins, 3), { tileSize: 256, precision: 'f64' }],
];

for (const [method, what, timelines, source, options] of CASES)
  test(`${method} keeps to the scratch that was laid out: ${what}`, () => {
    const { methods, laidOut, used, gaps, free } = firstTile(timelines, source, options);
    assert.ok(methods[method] > 0, JSON.stringify(methods));
    assert.equal(free, gaps, 'gaps that nothing was written to');
    assert.ok(used >= LEAST_USED * laidOut, `of ${laidOut} bytes laid out ${used} are used`);
  });

/** Memories that `work` makes [bytes]. */
async function memoriesOf(work: () => Promise<unknown>): Promise<number[]> {
  const made: number[] = [];
  const { Memory } = WebAssembly;
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      made.push(PAGE * descriptor.initial);
    }
  };
  try {
    await work();
  } finally {
    WebAssembly.Memory = Memory;
  }
  return made;
}

for (const [sequence, tolerance] of [
  ['epi', 1e-4],
  ['gre', undefined],
] as const)
  test(`a run asks for the memory that its plan predicts: ${sequence}`, async () => {
    const options = { threads: 1, sequenceParameters: { n: 16 }, ...(tolerance === undefined ? {} : { tolerance }) };
    const { memory } = await plan(sequence, 'sphere', options);
    const made = await memoriesOf(() => simulate(sequence, 'sphere', options));
    assert.equal(Math.max(...made), PAGE * Math.ceil(memory.kernels / PAGE));
  });
