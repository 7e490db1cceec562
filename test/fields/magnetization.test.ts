/**
 * Magnetisation at the end of the sequence: against exact profiles, with and without a signal, and
 * what is refused.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readNpy } from '../../host/formats/npy.ts';
import { cases, skipWithoutCases } from '../../testing/cases.ts';
import { errorLines, larmor } from '../../testing/larmor.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

test('profiles of a slice and of an adiabatic inversion, in sequences without ADC', skipWithoutCases(), async () => {
  for (const [name, B0] of [
    ['final-slice-a', 1.5],
    ['final-hs-a', 3],
  ] as const) {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 's.json'), JSON.stringify({ B0 }));
    const files = ['seq', 'phantom'].map((ending) => cases(`physics/${name}.${ending}`));
    const options = ['--scanner', 's.json', '--precision', 'f64', '--magnetization', 'm.npy', '-q'];
    const run = await larmor(['simulate', ...files, ...options], { folder });
    assert.equal(run.code, 0, run.stderr);
    assert.deepEqual(run.left, ['m.npy', 's.json']);
    const [got, want] = [readNpy(join(folder, 'm.npy')), readNpy(cases(`physics/${name}.M.npy`))];
    assert.deepEqual(got.shape, want.shape);
    const largest = got.data.reduce((most, value, n) => Math.max(most, Math.abs(value - want.data[n])), 0);
    assert.ok(largest < 1e-9, `${name}: ${largest}`);
  }
});

test('beside the signal: bits of any tile size, recovery after the last sample, and the frame of eddy currents', async () => {
  const folder = temporaryFolder();
  const eddy = { from: 'x', to: 'B0', amplitude: 1e-4, timeConstant: 0.05 };
  writeFileSync(join(folder, 's.json'), JSON.stringify({ gradients: { eddyCurrents: [eddy] } }));
  const magnetization = async (name: string, ...options: string[]): Promise<Float64Array> => {
    const args = [
      'simulate',
      'gre',
      'column',
      '--set',
      'n=4',
      '--set',
      'dummies=0',
      '-o',
      `${name}.mrd`,
      '-q',
      '--exact',
    ];
    const run = await larmor([...args, '--precision', 'f64', '--magnetization', `${name}.npy`, ...options], { folder });
    assert.equal(run.code, 0, run.stderr);
    return readNpy(join(folder, `${name}.npy`)).data;
  };
  const [plain, cut, turned] = await Promise.all([
    magnetization('plain'),
    magnetization('cut', '--tile', '7'),
    magnetization('turned', '--scanner', 's.json'),
  ]);
  assert.deepEqual(cut, plain);
  assert.ok(plain.some((value, n) => n % 3 === 2 && value !== 0));
  // A field common to all spins changes no length of theirs by more than what pulses feel of it,
  // and does turn them.
  const across = (m: Float64Array, n: number): number => Math.hypot(m[3 * n], m[3 * n + 1]);
  assert.ok(Math.abs(across(turned, 5) - across(plain, 5)) < 0.05);
  assert.notEqual(turned[0], plain[0]);
});

test('what cannot be written is refused', async () => {
  const fails = async (message: RegExp, ...options: string[]): Promise<void> => {
    const run = await larmor(['simulate', 'fid', 'sphere', '-o', 'x.npy', '--magnetization', ...options]);
    assert.equal(run.code, 2, run.stderr);
    assert.match(errorLines(run)[0], message);
    assert.deepEqual([errorLines(run).length, run.left], [1, []]);
  };
  await Promise.all([
    fails(/only \.npy can be written/, 'm.txt'),
    fails(/is not saved in checkpoints/, 'm.npy', '--checkpoint', 'c'),
    fails(/--t2prime ensemble cannot be combined/, 'm.npy', '--t2prime', 'ensemble'),
    fails(/x\.npy/, 'x.npy'),
  ]);
});
