/**
 * Every kernel against a slow direct sum in f64 that shares no code with it, in both precisions and
 * every build. Spin counts and tile sizes leave vectors, panels and tiles partly filled.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PULSE } from '../../host/abi/abi.generated.ts';
import { randomNumbers } from '../../host/numerics/random.ts';
import { pulseForms } from '../../host/program/pulses/stepped.ts';
import { exactIntervals } from '../../host/program/readouts/direct.ts';
import { adc, blockOf, hardPulse } from '../../host/sequence/designer.ts';
import { simulateSlowly } from '../../testing/reference.ts';
import { phantomOf, relativeError, simulateTimeline, spinsOf } from '../../testing/run.ts';
import { CASES, lines, randomSpins, shape, timelineOf, tip } from './fixture.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * f64: some hundred roundings of 1e-16 and phases of up to 10³ turns; the polynomials are good to
 * 1e-17. f32: the bound the project promises against f64.
 */
const BOUND = { f64: 2e-12, f32: 5e-6 };

for (const build of ['simd', 'relaxed', 'wide'] as const) {
  for (const [what, timeline] of Object.entries(CASES)) {
    test(`${what}, ${build}`, async () => {
      for (const count of [1, 7, 33, 100]) {
        const spins = randomSpins(count, { seed: count });
        const reference = simulateSlowly(timeline, spins, 1.5);
        for (const precision of ['f64', 'f32'] as const) {
          for (const tileSize of [24, 256]) {
            const signal = await simulateTimeline(timeline, spins, { precision, tileSize, build });
            const error = relativeError(signal, reference);
            assert.ok(error <= BOUND[precision], `${count} spins, ${precision}, tiles of ${tileSize}: ${error}`);
          }
        }
      }
    });
  }

  test(`pulses in which spins turn by any angle, ${build}`, async () => {
    // 14 kHz over a step of 45 µs: 0.6 of a turn, where the kernel for small angles would be
    // meaningless.
    const long = blockOf({ rf: hardPulse(0.3, 0.3 / (2 * Math.PI * 42.5774688e6 * 45e-6)) });
    const timeline = timelineOf(long, long, ...lines(1, 5));
    const relaxing = randomSpins(50, { reach: 2, offset: 14000 });
    const lasting = { ...relaxing, T1: relaxing.T1.map(() => 1e6), T2: relaxing.T2.map(() => 1e6) };
    for (const [form, spins] of [
      [PULSE.ANY, lasting],
      [PULSE.HELD, relaxing],
      [PULSE.HELD_F64, randomSpins(50, { reach: 2, offset: 40000 })],
    ] as const) {
      assert.deepEqual([...pulseForms(timeline, phantomOf(spins))], [form]);
      const reference = simulateSlowly(timeline, spins, 1.5);
      for (const precision of ['f64', 'f32'] as const) {
        const error = relativeError(await simulateTimeline(timeline, spins, { precision, build }), reference);
        // f32: positions of 2 m are 400 turns under these lines, of which f32 holds 1e-7 each.
        assert.ok(error <= (precision === 'f64' ? BOUND.f64 : 5e-5), `${precision}: ${error}`);
      }
    }
  });

  test(`curved readouts whose samples are turns apart, ${build}`, async () => {
    const wave = (amplitude: number, hertz: number) =>
      shape(2e-3, (t) => amplitude * Math.sin(2 * Math.PI * hertz * t));
    for (const [amplitude, reach, every] of [
      [0.008, 0.1, 16],
      [0.02, 0.25, 3],
      [0.25, 2, 1],
    ] as const) {
      const curve = blockOf({ gx: wave(amplitude, 700), gy: wave(amplitude, 900), adc: adc(200, 1e-5, 0) });
      const timeline = timelineOf(tip, curve);
      const spins = spinsOf([{ x: -0.53 * reach, y: 0.1 * reach, z: 0.75 * reach, T1: 0.8, T2: 0.08, offset: 110 }]);
      assert.equal(exactIntervals(timeline, phantomOf(spins))[0], every);
      const signal = await simulateTimeline(timeline, spins, { build });
      const error = relativeError(signal, simulateSlowly(timeline, spins, 1.5));
      assert.ok(error <= 1e-6, `${amplitude} T/m, ${reach} m: ${error}`);
    }
  });

  test(`off-resonance is scaled from the phantom's field to the scanner's, ${build}`, async () => {
    const timeline = timelineOf(tip, ...lines(2, 40));
    const spins = randomSpins(20);
    const scanned = { ...timeline, B0: 3 };
    const doubled = { ...spins, offResonance: spins.offResonance.map((rate) => 2 * rate) };
    const reference = simulateSlowly(timeline, doubled, 1.5);
    const signal = await simulateTimeline(scanned, spins, { precision: 'f64', build });
    assert.ok(relativeError(signal, reference) <= BOUND.f64);
  });
}

test('relaxation times from a microsecond to a century', async () => {
  const next = randomNumbers(5);
  const spins = spinsOf(
    Array.from({ length: 40 }, (_, n) => ({
      x: 0.1 * next(),
      T1: 10 ** (n / 2.6 - 6),
      T2: 10 ** ((39 - n) / 2.6 - 6),
      offset: 50,
    })),
  );
  const timeline = timelineOf(tip, ...lines(6, 50), tip, ...lines(2, 11));
  const reference = simulateSlowly(timeline, spins, 1.5);
  for (const precision of ['f64', 'f32'] as const) {
    const error = relativeError(await simulateTimeline(timeline, spins, { precision }), reference);
    assert.ok(error <= BOUND[precision], `${precision}: ${error}`);
  }
});

test('V8 compiles every kernel with its optimiser, vectors joined where it does that', () => {
  // What a tile does not reach is never compiled, and an optimiser that fails takes the process
  // with it.
  const script = `
    const { allowRelaxedSimd, allowWideSimd } = await import('./host/base/v8-flags.ts');
    allowRelaxedSimd();
    allowWideSimd();
    const { readFileSync } = await import('node:fs');
    for (const build of ['simd', 'relaxed']) new WebAssembly.Module(readFileSync(\`dist/wasm/\${build}.wasm\`));
  `;
  const flags = ['--no-liftoff', '--no-wasm-lazy-compilation', '--import', 'tsx', '--input-type=module', '-e', script];
  const { status, stderr } = spawnSync(process.execPath, flags, { cwd: ROOT, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});
