/**
 * T2′: weights of offsets, factors of many different rates, and the scans that one factor cannot
 * describe.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { withEnsemble } from '../../host/model/t2prime.ts';
import { withAnalytic } from '../../host/model/t2prime-analytic.ts';
import { modelColumns } from '../../host/phantom/columns.ts';
import { openPhantom } from '../../host/phantom/open.ts';
import { type PhantomSource, spinBlock } from '../../host/phantom/types.ts';
import { cases, skipWithoutCases } from '../../testing/cases.ts';
import { errorLines, larmor } from '../../testing/larmor.ts';
import { writeHdf5 } from '../../testing/phantom-files.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const folder = temporaryFolder();
/** A phantom of as many spins as T2* are given, all with T2 = 0.1 s. */
async function phantom(T2s: number[]): Promise<PhantomSource> {
  const column = (value: number): { data: Float64Array } => ({ data: new Float64Array(T2s.length).fill(value) });
  const path = await writeHdf5(join(folder, `${T2s.length}.phantom`), {
    'position/x': column(0.01),
    'contrast/ρ': column(2),
    'contrast/T1': column(1),
    'contrast/T2': column(0.1),
    'contrast/T2s': { data: Float64Array.from(T2s) },
  });
  return openPhantom(path, {}, { usesT2s: true });
}

test('offsets with their weights dephase as the Lorentzian does', async () => {
  const [duration, T2s] = [0.04, 0.02];
  const source = withEnsemble(await phantom([T2s, 0.1]), duration, 1.5);
  const offsets = source.spinCount / 2;
  assert.equal(offsets % 2, 1);
  const block = spinBlock(source.spinCount);
  // In two reads, the second of which begins inside a spin's offsets.
  source.read(0, 10, block);
  const rest = spinBlock(source.spinCount - 10);
  source.read(10, source.spinCount - 10, rest);
  for (const name of ['density', 'offResonance'] as const) block[name].set(rest[name], 10);
  const rate = 1 / T2s - 1 / 0.1;
  for (const t of [0.004, 0.01, 0.02, 0.035]) {
    let sum = 0;
    for (let n = 0; n < offsets; n++) sum += block.density[n] * Math.cos(block.offResonance[n] * t);
    assert.ok(Math.abs(sum / 2 - Math.exp(-rate * t)) < 3e-3, `${sum / 2} at ${t}`);
  }
  // A spin without T2′ keeps all its density in one of them.
  assert.deepEqual(
    [...block.density.subarray(offsets)].filter((value) => value !== 0),
    [2],
  );
  assert.ok(block.offResonance.every((value) => Math.abs(value) <= source.bounds.maxOffResonance));
});

test('many different rates share a few channels to 1e-6', async () => {
  const rates = Array.from({ length: 200 }, (_, n) => 1 + 0.9 * n);
  const source = await phantom(rates.map((rate) => 1 / (rate + 10)));
  const times = Float64Array.from([0, 0.003, 0.02, 0.06]);
  const { source: received, mix } = withAnalytic(source, times);
  const { coils } = received.model!;
  assert.ok(coils > 4 && coils < 40, `${coils}`);
  const block = spinBlock(200, { extra: modelColumns(received.model).total });
  received.read(0, 200, block);
  for (const spin of [0, 77, 199]) {
    const signal = new Float64Array(2 * coils * times.length);
    for (let p = 0; p < coils; p++)
      for (let n = 0; n < times.length; n++) signal[2 * (p * times.length + n)] = block.extra![2 * p][spin];
    const factors = mix(signal);
    for (const [n, time] of times.entries())
      assert.ok(Math.abs(factors[2 * n] - Math.exp(-(1 / block.T2s[spin] - 1 / block.T2[spin]) * time)) < 1e-6);
  }
});

test('analytic refuses scans of several pathways', skipWithoutCases(), async () => {
  const fails = async (name: string, message: RegExp): Promise<void> => {
    const args = ['seq', 'phantom'].map((ending) => cases(`physics/${name}.${ending}`));
    const run = await larmor(['simulate', ...args, '--t2prime', 'analytic', '-o', 'x.npy']);
    assert.equal(run.code, 65, run.stderr);
    assert.match(errorLines(run)[0], message);
    assert.deepEqual([errorLines(run).length, run.left], [1, []]);
  };
  await Promise.all([
    fails(
      't2p-ste-a',
      /pulse 2: excites while magnetisation of an earlier pulse is still transverse.*use --t2prime ensemble/,
    ),
    fails('t2p-bssfp-a', /pulse 2: excites while magnetisation of an earlier pulse is still transverse/),
  ]);
});
