/**
 * Signals of the WebGPU engine against the slow f64 yardstick, on both software drivers: other
 * compilers, other word lengths of SIMD, and one of them with a poor built-in sine. Bounds are the
 * project's promise for f32.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SpinBlock } from '../../host/phantom/types.ts';
import { makeBuiltin } from '../../host/sequence/builtin/index.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import { compileTimeline } from '../../host/timeline/compile.ts';
import type { Timeline } from '../../host/timeline/types.ts';
import { simulateSlowly } from '../../testing/reference.ts';
import { phantomOf, relativeError, toSignal } from '../../testing/run.ts';
import { everything, some } from '../../testing/some.ts';
import { hardPulse, type Part, spiral, straight, timelineOf } from '../../testing/timelines.ts';
import { DRIVERS, type Driver, gpuEngine, requireAdapter, scatteredSpins } from './gpu.ts';

interface Case {
  readonly name: string;
  readonly bound: number;
  readonly timeline: Timeline;
  readonly spins: SpinBlock;
  /** Default 128. */
  readonly tileSize?: number;
  /** Field that the off-resonance belongs to [T], default 1.5; the scanner's is 1.5. */
  readonly B0?: number;
  /** What it tests is the host's work, so one driver will do: the faster. */
  readonly driver?: Driver['name'];
}

const builtin = (name: string, settings: Record<string, string>): Timeline =>
  compileTimeline(makeBuiltin(name, settings, DEFAULT_SCANNER), { B0: 1.5, maxRfStep: 5e-5 });

/**
 * A different pulse every time, so that none is folded: 600 steps in all, with slice gradient,
 * offset and phase.
 */
function pulseTrain(): Timeline {
  const parts: Part[] = [];
  for (let n = 0; n < 12; n++) {
    const step = (m: number) =>
      [1e-5, 4e-6 * Math.sin(0.1 * m + n), 2e-6 * Math.cos(0.05 * m), 1e-3, -2e-3, 8e-3] as const;
    parts.push({ pulse: Array.from({ length: 50 }, (_, m) => step(m)), offset: 700 - 100 * n, phase: 0.4 * n * n });
    parts.push({ precess: [20, -10, -200, 1e-3] }, straight(16, [4, 3, 0, 1e-5]), { precess: [5, 5, 5, 2e-3] });
  }
  return timelineOf(parts);
}

/**
 * Gradients that change within the pulse, angles beyond half a turn per step, and one pulse that
 * comes five times.
 */
function roughPulses(): Timeline {
  const step = (m: number) =>
    [2e-5, 6e-6 * Math.cos(m), 5e-6, 2e-2 * Math.sin(m), 3e-2 * Math.cos(2 * m), 1e-3 * m] as const;
  const pulse = { pulse: Array.from({ length: 40 }, (_, m) => step(m)), offset: 300 };
  const parts: Part[] = [];
  for (let n = 0; n < 5; n++)
    parts.push({ ...pulse, phase: n }, { precess: [3, 2, 1, 4e-3] }, straight(20, [7, -5, 2, 2e-5]));
  return timelineOf(parts);
}

/** Three hundred short lines after a pulse each: more than one range of the walk holds. */
function manyLines(): Timeline {
  const one = (n: number): Part[] => [
    { ...hardPulse(0.3), phase: 2 * n },
    { precess: [10, n - 150, 30, 3e-3] },
    straight(5, [9, 0, 0, 1e-5]),
    { precess: [-55, 150 - n, 300, 2e-3] },
  ];
  return timelineOf(Array.from({ length: 300 }, (_, n) => one(n)).flat());
}

const CASES: readonly Case[] = [
  {
    name: 'FID (one line by recurrence)',
    bound: 3e-6,
    timeline: builtin('fid', { samples: '700' }),
    spins: scatteredSpins(300, 0.1),
  },
  {
    name: 'EPI (lines of two waveforms as matrix products)',
    bound: 3e-6,
    timeline: builtin('epi', { n: '33' }),
    spins: scatteredSpins(300, 0.1),
  },
  {
    name: 'spoiled GRE (a kept pulse of 2000 steps)',
    bound: 3e-6,
    timeline: builtin('gre', { n: '12', dummies: '4' }),
    spins: scatteredSpins(90, 0.02),
  },
  {
    name: 'spiral, interleaves that differ (direct)',
    bound: 3e-6,
    timeline: timelineOf(
      [0, 1, 2].flatMap((n) => [hardPulse(1), spiral(900, 250, 20, 2 * n), { precess: [0, 0, 300, 0.02] as const }]),
    ),
    spins: scatteredSpins(300, 0.1),
  },
  {
    name: 'spiral, repeated (direct, as a matrix product)',
    bound: 3e-6,
    timeline: timelineOf(
      Array.from({ length: 9 }, () => [
        hardPulse(0.5),
        spiral(333, 250, 12),
        { precess: [0, 0, 300, 0.02] as const },
      ]).flat(),
    ),
    spins: scatteredSpins(300, 0.1),
  },
  {
    name: 'several ranges',
    bound: 3e-6,
    timeline: manyLines(),
    spins: scatteredSpins(100, 0.1),
    driver: 'llvmpipe',
  },
  {
    name: 'several sections of tables (readouts of 800 000 samples)',
    bound: 3e-6,
    timeline: timelineOf(
      [0, 1, 2].flatMap((n) => [hardPulse(1), spiral(800_000, 250, 900, n), { precess: [50, 0, 0, 0.01] as const }]),
    ),
    spins: scatteredSpins(2, 0.1, () => ({ T2: 2 })),
    tileSize: 2,
    driver: 'llvmpipe',
  },
  { name: 'train of 600 RF steps', bound: 5e-6, timeline: pulseTrain(), spins: scatteredSpins(200, 0.05) },
  { name: 'rough pulses, folded', bound: 5e-6, timeline: roughPulses(), spins: scatteredSpins(200, 0.04) },
  {
    name: 'far from the centre: k = 5000/m after 1 s',
    bound: 5e-6,
    timeline: timelineOf([
      hardPulse(Math.PI / 2),
      { precess: [5000, -6000, 7000, 1] },
      spiral(200, 300, 5),
      straight(200, [3, 5, 0, 1e-5]),
    ]),
    spins: scatteredSpins(300, 0.25, (n) => ({ T2: 0.8, offset: 200 * Math.cos(n) })),
    B0: 2.9,
  },
];

/**
 * Every driver compiles for seconds: every day SwiftShader, the slower one, has some cases and
 * llvmpipe the others.
 */
const ofSwiftShader = some(
  CASES.filter(({ driver }) => driver !== 'llvmpipe'),
  4,
);
const casesOf = (name: Driver['name']): readonly Case[] =>
  name === 'SwiftShader' ? ofSwiftShader : CASES.filter((one) => everything || !ofSwiftShader.includes(one));

for (const driver of DRIVERS) {
  describe(driver.name, { concurrency: 1 }, () => {
    for (const { name, bound, timeline, spins, tileSize = 128, B0 = 1.5 } of casesOf(driver.name)) {
      test(name, async (t) => {
        const adapter = await requireAdapter(t, driver);
        if (!adapter) return;
        const { engine, plan } = await gpuEngine(adapter, timeline, phantomOf(spins, B0), tileSize);
        try {
          assert.equal(await engine.run(0, plan.tileCount), plan.tileCount);
          const error = relativeError(toSignal(engine.sums, plan), expected(timeline, spins, B0));
          t.diagnostic(`relative error ${error.toExponential(1)}`);
          assert.ok(error <= bound, `relative error ${error} > ${bound}`);
        } finally {
          await engine.close();
        }
      });
    }
  });
}

/** The yardstick is the same for both drivers. */
const known = new Map<string, Float64Array>();
function expected(timeline: Timeline, spins: SpinBlock, B0: number): Float64Array {
  const key = `${timeline.sampleCount} ${timeline.ops.length} ${timeline.rfSteps.length}`;
  const slow = known.get(key) ?? simulateSlowly(timeline, spins, B0);
  known.set(key, slow);
  return slow;
}
