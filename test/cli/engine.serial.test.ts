/**
 * `--engine` and `--gpu` from outside, on SwiftShader, a Vulkan in software: what is chosen, what
 * is refused, what the summary says of it; several GPUs, and GPUs beside threads, under mpirun.
 * VK_DRIVER_FILES shows each process the drivers of the test and no others.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readNpy } from '../../host/formats/npy.ts';
import type { Summary } from '../../host/report/summary.ts';
import { DIST, type Ended, type Launch, missing, run, transcript } from '../../testing/launch.ts';
import { relativeError } from '../../testing/run.ts';
import { everything, some } from '../../testing/some.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { DRIVERS, requireAdapter } from '../webgpu/gpu.ts';

const swiftShader = fileURLToPath(new URL('../../build/swiftshader/', import.meta.url));
const ICD = join(swiftShader, 'vk_swiftshader_icd.json');
/** 16 tiles of 64 spins. */
const SCAN = ['epi', 'grid', '--set', 'sequence.n=16', '--tile', '64'];
const NAME = 'SwiftShader Device (Subzero)';

interface Done extends Ended {
  readonly summary: Summary;
  readonly signal: Float64Array;
}

type More = Partial<Pick<Launch, 'family' | 'ranks' | 'odd' | 'wrapper' | 'environment'>> & { readonly cwd?: string };

function start(args: readonly string[], { cwd = temporaryFolder(), environment, ...more }: More = {}) {
  return run(args, { cwd, environment: { VK_DRIVER_FILES: ICD, XDG_RUNTIME_DIR: '/tmp', ...environment }, ...more });
}

async function simulate(_t: TestContext, args: readonly string[], more: More = {}): Promise<Done> {
  const cwd = temporaryFolder();
  const whole = (own: readonly string[]): string[] => ['simulate', ...SCAN, '--json', '-o', 'out.npy', ...own];
  const odd = more.odd === undefined ? {} : { odd: { args: whole(more.odd.args ?? []) } };
  const ended = await start(whole(args), { ...more, ...odd, cwd });
  assert.equal(ended.code, 0, transcript(ended));
  const summary = JSON.parse(ended.stdout) as Summary;
  return { ...ended, summary, signal: readNpy(join(cwd, 'out.npy')).data };
}

async function refused(_t: TestContext, args: readonly string[], message: RegExp, more: More = {}): Promise<void> {
  const cwd = temporaryFolder();
  const ended = await start(['simulate', ...SCAN, '-o', 'out.npy', ...args], { ...more, cwd });
  assert.equal(ended.code, 2, transcript(ended));
  assert.match(ended.stderr, message);
  assert.deepEqual(readdirSync(cwd), []);
}

let exact: Promise<Done> | undefined;
/** The signal of the f64 engine. */
const f64 = (t: TestContext): Promise<Done> => (exact ??= simulate(t, ['--engine', 'wasm', '--precision', 'f64']));

type Loading = Done & { readonly dawn: boolean };

let one: Promise<Loading> | undefined;
/** One rank on the GPU. */
const alone = (t: TestContext): Promise<Loading> =>
  (one ??= loading(t, ['--engine', 'webgpu', '--gpu', 'swiftshader']));

/** A run, and whether it loads Dawn, as its dynamic linker writes down. */
async function loading(t: TestContext, args: readonly string[]): Promise<Loading> {
  const log = temporaryFolder();
  const done = await simulate(t, args, { environment: { LD_DEBUG: 'files', LD_DEBUG_OUTPUT: join(log, 'linker') } });
  const files = readdirSync(log).map((name) => readFileSync(join(log, name), 'latin1'));
  assert.ok(
    files.some((text) => text.includes('libc.so')),
    'the linker writes',
  );
  return { ...done, dawn: files.some((text) => text.includes('dawn.node')) };
}

describe('one process', () => {
  test('webgpu: the signal of f64, the device and why, a warning that it is software', async (t) => {
    if (!(await requireAdapter(t, DRIVERS[0]))) return;
    const { summary, signal, stderr } = await alone(t);
    assert.equal(summary.engine, 'webgpu');
    assert.match(summary.build, /^webgpu@.* on SwiftShader/);
    assert.equal(summary.reproducible, true);
    assert.equal(summary.perRank[0].device, `${NAME} (--gpu swiftshader)`);
    assert.match(stderr, /warning: SwiftShader.* is a software adapter, slower than --engine wasm/);
    // Dawn has no switch for what it writes itself; of a driver within its limits it writes
    // nothing.
    for (const line of stderr.trimEnd().split('\n')) assert.match(line, /^(larmor: |\S+Z \d+ of 16 tiles)/);
    const error = relativeError(signal, (await f64(t)).signal);
    t.diagnostic(`error ${error.toExponential(1)}`);
    // Issue 5: readouts within 3e-6 of f64.
    assert.ok(error < 3e-6, `${error}`);
  });

  test('webgpu without --gpu, and --gpu without --engine, insist on a GPU too', async (t) => {
    if (!(await requireAdapter(t, DRIVERS[0]))) return;
    const ways = [
      [['--engine', 'webgpu'], 'rank 0 of its node'],
      [['--gpu', '0'], '--gpu 0'],
    ] as const;
    for (const [args, reason] of some(ways, 2)) {
      const { summary } = await simulate(t, args);
      assert.equal(summary.engine, 'webgpu');
      assert.equal(summary.perRank[0].device, `${NAME} (${reason})`);
      assert.equal(summary.signalHash, (await alone(t)).summary.signalHash);
    }
  });

  test('what a person reads names the GPU and why it was taken', async (t) => {
    if (!(await requireAdapter(t, DRIVERS[0]))) return;
    const ended = await start(['simulate', ...SCAN, '--gpu', '0', '-o', 'out.npy']);
    assert.equal(ended.code, 0, transcript(ended));
    assert.ok(ended.stderr.includes(`\nGPU: ${NAME} (--gpu 0)\n`), ended.stderr);
    assert.doesNotMatch(ended.stderr, /last bits/);
  });

  test('auto: a small job stays on the processor and loads no Dawn', async (t) => {
    if (!(await requireAdapter(t, DRIVERS[0]))) return;
    const { summary, stderr, dawn } = await loading(t, ['--engine', 'auto']);
    assert.equal(summary.engine, 'wasm');
    assert.doesNotMatch(stderr, /warning|GPU|Dawn/);
    assert.equal(dawn, false);
    assert.equal((await alone(t)).dawn, true, 'the test would see it');
  });

  test('a GPU that is not there: exit 2, and what there is', async (t) => {
    if (!(await requireAdapter(t, DRIVERS[0]))) return;
    for (const gpu of some(['H200', '7'], 2))
      await refused(t, ['--gpu', gpu], new RegExp(`--gpu ${gpu}: there is no such GPU; there are 0: SwiftShader`));
  });

  test('what contradicts itself: exit 2', async (t) => {
    await refused(t, ['--engine', 'wasm', '--gpu', '0'], /--gpu and --engine wasm contradict each other/);
    await refused(t, ['--engine', 'webgpu', '--precision', 'f64'], /GPUs compute in f32.*use --engine wasm/);
    await refused(t, ['--gpu', '0', '--precision', 'f64'], /GPUs compute in f32/);
    await refused(t, ['--gpu', '0', '--tolerance', '1e-4'], /exact forms alone; use --engine wasm for --tolerance/);
    await refused(t, ['--engine', 'cuda'], /Allowed choices are auto, wasm, webgpu/);
  });

  test('no driver: exit 2 with how to get one; auto does without', async (t) => {
    if (!(await requireAdapter(t, DRIVERS[0]))) return;
    const environment = { VK_DRIVER_FILES: '/nonexistent/icd.json', VK_ADD_DRIVER_FILES: '' };
    await refused(t, ['--engine', 'webgpu'], /no GPU is visible.*libvulkan1.*ICD file/, { environment });
    await refused(t, ['--gpu', '0'], /no GPU is visible/, { environment });
    const { summary } = await simulate(t, ['--engine', 'auto'], { environment });
    assert.equal(summary.engine, 'wasm');
  });

  test('no package webgpu: exit 2 with the line that installs it', () => {
    const cwd = temporaryFolder();
    // Where no node_modules stands above.
    cpSync(DIST, join(cwd, 'dist'), { recursive: true, filter: (path) => basename(path) !== 'hdf5.js' });
    const simulateThere = (...args: string[]) =>
      spawnSync(process.execPath, [join(cwd, 'dist/larmor.js'), 'simulate', ...SCAN, '-o', 'out.npy', ...args], {
        cwd,
        encoding: 'utf8',
      });
    const { status, stderr } = simulateThere('--engine', 'webgpu');
    assert.equal(status, 2, stderr);
    assert.match(stderr, /the package webgpu, which is not installed; npm install webgpu@[\d.]+ .*--engine wasm/);
    assert.equal(simulateThere().status, 0);
  });

  test('plan: engine and build of the GPU, the hash that the run has', async (t) => {
    if (!(await requireAdapter(t, DRIVERS[0]))) return;
    const ended = await start(['plan', ...SCAN, '--engine', 'webgpu', '--json']);
    assert.equal(ended.code, 0, transcript(ended));
    const plan = JSON.parse(ended.stdout);
    assert.equal(plan.engine, 'webgpu');
    assert.match(plan.build, /SwiftShader/);
    assert.ok(plan.seconds.simulate > 0);
    assert.equal(plan.planHash, (await alone(t)).summary.planHash);
  });
});

describe('ranks', { skip: missing('openmpi', 2) }, () => {
  const drivers = temporaryFolder();
  /**
   * A driver of its own, whose one GPU has another name if `like` is given: as long as the real
   * one, which it overwrites.
   */
  const driver = (name: string, like?: string): string => {
    const file = join(drivers, `${name}.so`);
    let library = readFileSync(join(swiftShader, 'libvk_swiftshader.so'), 'latin1');
    if (like !== undefined) library = library.replace('SwiftShader Device', like);
    writeFileSync(file, library, 'latin1');
    const text = JSON.stringify({ file_format_version: '1.0.0', ICD: { library_path: file, api_version: '1.0.5' } });
    writeFileSync(join(drivers, `${name}.json`), text);
    return join(drivers, `${name}.json`);
  };
  const two = { family: 'openmpi', ranks: 2 } as const;
  const webgpu = ['--engine', 'webgpu'];
  const devices = ({ summary }: Done) => summary.perRank.map(({ device }) => device);

  test('two GPUs of different names: each rank takes its own, and the sums are those of one', async (t) => {
    if (!(await requireAdapter(t, DRIVERS[0]))) return;
    const environment = {
      VK_DRIVER_FILES: [driver('first'), driver('other', 'SwiftShader Second')].join(delimiter),
    };
    const done = await simulate(t, webgpu, { ...two, environment });
    const names = devices(done).map((device) => device?.slice(0, NAME.length));
    assert.deepEqual(names.sort(), [NAME, 'SwiftShader Second (Subzero)']);
    assert.doesNotMatch(done.stderr, /share one GPU/);
    assert.equal(done.summary.signalHash, (await alone(t)).summary.signalHash);
    // To Larmor they are two models, which need not agree in the last bits.
    assert.equal(done.summary.reproducible, false);
    assert.match(done.stderr, /2 kinds of engine/);
  });

  test('two GPUs of one name, each rank shown its own: the bits of one rank', async (t) => {
    if (!(await requireAdapter(t, DRIVERS[0]))) return;
    for (const rank of [0, 1]) driver(`rank-${rank}`);
    // What SLURM's constraint of devices and its variable amount to.
    const wrapper = join(drivers, 'bind.sh');
    const lines = [
      '#!/bin/sh',
      'export CUDA_VISIBLE_DEVICES=$OMPI_COMM_WORLD_LOCAL_RANK',
      `export VK_DRIVER_FILES=${drivers}/rank-$OMPI_COMM_WORLD_LOCAL_RANK.json`,
      'exec "$@"',
    ];
    writeFileSync(wrapper, `${lines.join('\n')}\n`);
    chmodSync(wrapper, 0o755);
    const done = await simulate(t, webgpu, { ...two, wrapper });
    assert.deepEqual(devices(done), [`${NAME} (CUDA_VISIBLE_DEVICES=0)`, `${NAME} (CUDA_VISIBLE_DEVICES=1)`]);
    assert.doesNotMatch(done.stderr, /share one GPU/);
    assert.equal(done.summary.reproducible, true);
    assert.equal(done.summary.planHash, (await alone(t)).summary.planHash);
    assert.equal(done.summary.signalHash, (await alone(t)).summary.signalHash);
    assert.deepEqual([...done.signal], [...(await alone(t)).signal]);
  });

  test('two GPUs of one name shown to all: WebGPU opens the first, ranks are told, --gpu 1 is refused', async (t) => {
    if (!(await requireAdapter(t, DRIVERS[0]))) return;
    const environment = { VK_DRIVER_FILES: [driver('twin-0'), driver('twin-1')].join(delimiter) };
    const done = await simulate(t, webgpu, { ...two, environment });
    assert.match(done.stderr, /2 GPUs here are called SwiftShader.*opens none but the first; let each process/);
    assert.match(done.stderr, /ranks 0, 1 share one GPU/);
    assert.equal(done.summary.signalHash, (await alone(t)).summary.signalHash);
    await refused(t, ['--gpu', '1'], /--gpu 1: 2 GPUs here are called SwiftShader/, { environment });
  });

  // Every day the test above has it.
  test('more ranks than GPUs: those that share one are told', { skip: !everything }, async (t) => {
    if (!(await requireAdapter(t, DRIVERS[0]))) return;
    const done = await simulate(t, webgpu, two);
    assert.match(done.stderr, /ranks 0, 1 share one GPU of .* \(SwiftShader.*--gpus-per-task=1/);
    assert.equal(done.summary.signalHash, (await alone(t)).summary.signalHash);
  });

  test('a GPU on one rank, threads on the other: the signal of both, not reproducible', async (t) => {
    if (!(await requireAdapter(t, DRIVERS[0]))) return;
    const dynamic = ['--schedule', 'dynamic'];
    const odd = { args: ['--engine', 'wasm', ...dynamic] };
    const { summary, signal, stderr } = await simulate(t, [...webgpu, '--gpu', '0', ...dynamic], { ...two, odd });
    assert.deepEqual(
      summary.perRank.map(({ engine }) => engine),
      ['webgpu', 'wasm'],
    );
    assert.equal(summary.engine, 'wasm + webgpu');
    assert.equal(summary.reproducible, false);
    assert.match(stderr, /ranks run 2 kinds of engine/);
    const tiles = summary.perRank.map((rank) => rank.tiles);
    t.diagnostic(`tiles ${tiles.join(' + ')}`);
    assert.ok(tiles[0] > 0 && tiles[1] > 0 && tiles[0] + tiles[1] === summary.tiles);
    const error = relativeError(signal, (await f64(t)).signal);
    t.diagnostic(`error ${error.toExponential(1)}`);
    assert.ok(error < 5e-6, `${error}`);
  });
});
