/**
 * One command that says what a GPU does for Larmor, in under 8 minutes: builds, lists and probes
 * the adapters, checks every kernel against the slow f64 yardstick, then times every kernel for
 * 10^5, 10^6 and 10^7 spins against the card's FP32 peak and against the WASM engine on this
 * machine's cores.
 *
 *     node --import tsx bench/gpu.ts [--gpu N|NAME] [--peak TFLOPS] [--spins 1e5,1e6,1e7]
 *         [--json FILE] [--small] [--no-build]
 *
 * --small is for drivers in software: hundreds of spins, short sequences. docs/how-to/gpu.md works
 * out what to expect.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { grantedThreads } from '../host/base/environment.ts';
import type { Engine, EngineJob } from '../host/engine/types.ts';
import { makeWasmEngine } from '../host/engine/wasm/engine.ts';
import {
  type AdapterDescription,
  chooseAdapter,
  listAdapters,
  makeWebgpuEngine,
  probeAdapter,
} from '../host/engine/webgpu/index.ts';
import { spinBlock } from '../host/phantom/types.ts';
import { makePlan, type Plan } from '../host/run/plan.ts';
import { simulateSlowly } from '../testing/reference.ts';
import { relativeError, toSignal } from '../testing/run.ts';
import { endlessPhantom, type Work, works } from './gpu-work.ts';

/**
 * FP32 peak of cards by a part of their names [TFLOP/s], outside tensor units, from the makers'
 * data sheets.
 */
const PEAKS: readonly (readonly [name: string, tflops: number])[] = [
  ['H200', 67],
  ['H100 PCIe', 51],
  ['H100', 67],
  ['A100', 19.5],
  ['L40S', 91.6],
  ['V100', 15.7],
  ['RTX 4090', 82.6],
  ['RTX 3090', 35.6],
  ['RTX 2070', 7.5],
  ['MI300X', 163.4],
  ['MI250X', 23.9],
  ['Arc A770', 19.7],
];

/** A job is left out when the one before, scaled up, says that it would take longer [s]. */
const LONGEST = 15;
const REPEATS = 3;
const CHECKED_SPINS = 150;
/** Promise of the engine; RF trains have the wider one. */
const BOUNDS = { spin·samples: 3e-6, spin·steps: 5e-6 } as const;

const { values: options } = parseArgs({
  options: {
    gpu: { type: 'string' },
    peak: { type: 'string' },
    spins: { type: 'string' },
    json: { type: 'string' },
    small: { type: 'boolean', default: false },
    'no-build': { type: 'boolean', default: false },
  },
});
const counts = (options.spins ?? (options.small ? '1e3,4e3' : '1e5,1e6,1e7')).split(',').map(Number);
const say = (text: string): void => console.log(text);

function jobFor({ timeline }: Work, spinCount: number): EngineJob & Plan {
  const source = endlessPhantom(spinCount);
  const timelines = [timeline] as const;
  return {
    timelines,
    source,
    ...makePlan(timelines, source, { precision: 'f32', engineBuild: 'bench', version: '0' }),
  };
}

/**
 * Best of a few runs [s], one if they are long. A first tile is not counted: some drivers compile a
 * kernel when it first runs.
 */
async function time(engine: Engine, job: EngineJob): Promise<number> {
  await engine.run(0, 1);
  let best = Number.POSITIVE_INFINITY;
  for (let n = 0; n < REPEATS && (n === 0 || best < LONGEST / 4); n++) {
    const start = performance.now();
    await engine.run(0, job.tileCount);
    best = Math.min(best, (performance.now() - start) / 1000);
  }
  return best;
}

/** Relative error of a kernel on this card, on few spins of a short job. */
async function check(adapter: AdapterDescription, work: Work): Promise<number> {
  const job = jobFor(work, CHECKED_SPINS);
  const engine = await makeWebgpuEngine(job, { adapter: adapter.index, allowSoftware: true });
  try {
    await engine.run(0, job.tileCount);
    const spins = spinBlock(CHECKED_SPINS);
    job.source.read(0, CHECKED_SPINS, spins);
    return relativeError(toSignal(engine.sums, job), simulateSlowly(work.timeline, spins, 1.5));
  } finally {
    await engine.close();
  }
}

interface Row {
  readonly work: string;
  readonly spins: number;
  readonly seconds: number;
  /** spin·samples or spin·steps per second. */
  readonly rate: number;
  readonly unit: string;
  /** Share of the paper limit, which is the card's multiply-adds per second over `operations`. */
  readonly share: number;
  /** How often the rate of the WASM engine on this machine's threads. */
  readonly againstWasm: number;
}

if (
  !options['no-build'] &&
  spawnSync(process.execPath, ['scripts/build.mjs'], { stdio: ['ignore', 'ignore', 'inherit'] }).status !== 0
)
  throw new Error('the build failed');
const started = performance.now();
const adapters = await listAdapters();
for (const { index, name, driver, software, limits } of adapters)
  say(
    `${index} ${name}, ${driver}${software ? ', software' : ''}, bindings up to ${Math.round(limits.maxStorageBufferBindingSize / 2 ** 20)} MiB`,
  );
const adapter = chooseAdapter(adapters, options.gpu, options.small);
const probe = await probeAdapter(adapter);
const peak = options.peak ? Number(options.peak) : PEAKS.find(([part]) => adapter.name.includes(part))?.[1];
const fmaPerSecond = peak === undefined ? probe.rate : (peak * 1e12) / 2;
say(
  `\n${adapter.name}: ${(2e-12 * probe.rate).toPrecision(3)} TFLOP/s measured, ${peak === undefined ? 'peak not known: shares are of the measured rate' : `${peak} TFLOP/s by data sheet`}`,
);
say(`sine off by ${probe.sine.toExponential(1)}, decay by ${probe.decay.toExponential(1)}\n`);

const errors: Record<string, number> = {};
for (const work of works(0.125)) {
  const error = await check(adapter, work);
  errors[work.name] = error;
  say(
    `${work.name.padEnd(20)} relative error ${error.toExponential(1)}${error <= BOUNDS[work.unit] ? '' : '  TOO LARGE'}`,
  );
  if (error > BOUNDS[work.unit]) process.exitCode = 1;
}

const { threads } = grantedThreads();
const rows: Row[] = [];
say(
  `\n${'job'.padEnd(20)} ${'spins'.padStart(8)} ${'seconds'.padStart(9)} ${'rate per second'.padStart(22)} ${'of paper limit'.padStart(15)} ${`× WASM, ${threads} threads`.padStart(18)}`,
);
for (const work of works(options.small ? 0.125 : 1)) {
  const wasmJob = jobFor(work, counts[0]);
  const wasm = await makeWasmEngine(wasmJob, { threads });
  const wasmRate = (wasmJob.source.spinCount * work.perSpin) / (await time(wasm, wasmJob));
  await wasm.close();
  let perSpin = 0;
  for (const spins of counts) {
    if (perSpin * spins > LONGEST) {
      say(
        `${work.name.padEnd(20)} ${spins.toExponential(0).padStart(8)}   left out: about ${Math.round(perSpin * spins)} s`,
      );
      continue;
    }
    const job = jobFor(work, spins);
    const engine = await makeWebgpuEngine(job, { adapter: adapter.index, allowSoftware: true });
    const seconds = await time(engine, job);
    await engine.close();
    perSpin = seconds / spins;
    const rate = (spins * work.perSpin) / seconds;
    const row: Row = {
      work: work.name,
      spins,
      seconds,
      rate,
      unit: work.unit,
      share: (rate * work.operations) / fmaPerSecond,
      againstWasm: rate / wasmRate,
    };
    rows.push(row);
    say(
      `${work.name.padEnd(20)} ${spins.toExponential(0).padStart(8)} ${seconds.toFixed(4).padStart(9)} ${`${rate.toExponential(2)} ${work.unit}`.padStart(22)} ${`${(100 * row.share).toFixed(1)} %`.padStart(15)} ${row.againstWasm.toPrecision(2).padStart(18)}`,
    );
  }
}
say(`\n${((performance.now() - started) / 1000).toFixed(0)} s in all`);
if (options.json)
  writeFileSync(
    options.json,
    `${JSON.stringify({ host: hostname(), node: process.version, adapter, probe, fmaPerSecond, threads, errors, rows }, null, 2)}\n`,
  );
