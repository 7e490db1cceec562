/**
 * Receiver noise: the stream against published answers and another implementation's, its
 * statistics, and the command that adds it.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { LarmorError } from '../../host/base/errors.ts';
import { readNpy } from '../../host/formats/npy.ts';
import { addNoise, covarianceFactor, noiseAdder, noiseOf } from '../../host/model/noise.ts';
import { cholesky } from '../../host/numerics/cholesky.ts';
import { philox } from '../../host/numerics/philox.ts';
import { readRaw } from '../../host/raw/index.ts';
import { cases, skipWithoutCases } from '../../testing/cases.ts';
import { larmor } from '../../testing/larmor.ts';
import { readoutOf, TWO_COIL_COVARIANCE } from '../../testing/noise.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

test('Philox gives the published answers', () => {
  // Random123's known-answer file: zeros, ones, digits of π.
  const known: [number[], [number, number], number[]][] = [
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [Array(4).fill(0xffffffff), [0xffffffff, 0xffffffff], [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ];
  for (const [counter, key, expected] of known) {
    const words = Uint32Array.from(counter);
    philox(words, ...key);
    assert.deepEqual([...words], expected);
  }
});

test('correlated noise is that of the reference', skipWithoutCases(), () => {
  const { physics, correlatedNoise } = JSON.parse(readFileSync(cases('physics/noise-a.json'), 'utf8'));
  const { seed, sigma, atDwell, dwell, covariance } = physics.noise;
  const signal = new Float64Array(2 * 2 * 16);
  addNoise(signal, 2, [readoutOf(0, 16, dwell)], { sigma, atDwell, seed }, covariance);
  const expected: number[] = correlatedNoise.value.flat(2);
  // The reference agrees with 40 digits to 9e-16 of one standard deviation.
  for (const [n, value] of expected.entries()) assert.ok(Math.abs(signal[n] - value) < 1e-15, `${n}: ${signal[n]}`);
});

test('parts of a signal get the noise of the whole, in any order of coils', () => {
  const noise = { sigma: 0.3, atDwell: 2e-6, seed: 2 ** 40 + 3 };
  const readouts = [
    readoutOf(0, 20_000, 1e-6),
    { ...readoutOf(20_000, 1, 2e-6), role: 'noise' as const },
    readoutOf(20_001, 700, 3e-6),
  ];
  const samples = 20_701;
  const values = (): Float64Array => Float64Array.from({ length: 4 * samples }, (_, n) => Math.sin(n));
  for (const covariance of [undefined, TWO_COIL_COVARIANCE]) {
    const [whole, parts] = [values(), values()];
    addNoise(whole, 2, readouts, noise, covariance);
    const add = noiseAdder(readouts, noise, covariance && covarianceFactor('test', covariance, 2));
    for (let first = 0; first < samples; first += 777)
      for (const coil of first % 2 === 0 ? [0, 1] : [1, 0]) {
        const at = coil * samples + first;
        add(parts.subarray(2 * at, 2 * (at + Math.min(777, samples - first))), coil, first);
      }
    assert.deepEqual(parts, whole);
  }
});

test('mean, covariance, kurtosis and bandwidth are those of circular white noise', () => {
  const samples = 40_000;
  const covariance = TWO_COIL_COVARIANCE;
  const signal = new Float64Array(4 * samples);
  const readouts = [readoutOf(0, samples / 2, 1e-5), readoutOf(samples / 2, samples / 2, 2.5e-6)];
  addNoise(signal, 2, readouts, { sigma: 2, atDwell: 1e-5, seed: 7 }, covariance);
  const at = (coil: number, n: number): [number, number] => {
    const i = 2 * (coil * samples + n);
    return [signal[i], signal[i + 1]];
  };
  for (const [half, variance] of [
    [0, 4],
    [1, 16],
  ] as const) {
    let [mean, square, fourth, circular, re, im] = [0, 0, 0, 0, 0, 0];
    const count = samples / 2;
    for (let n = half * count; n < (half + 1) * count; n++) {
      const [a, b] = at(0, n);
      const [c, d] = at(1, n);
      mean += a + b;
      square += a * a + b * b;
      fourth += a ** 4 + b ** 4;
      circular += a * b;
      re += a * c + b * d;
      im += b * c - a * d;
    }
    // Four standard deviations of each estimate.
    const error = 4 / Math.sqrt(2 * count);
    assert.ok(Math.abs(mean / (2 * count) / Math.sqrt(variance)) < error, `mean ${mean}`);
    assert.ok(Math.abs(square / (2 * count) / variance - 1) < Math.SQRT2 * error, `variance ${square / 2 / count}`);
    assert.ok(Math.abs(fourth / (2 * count) / variance ** 2 - 3) < Math.sqrt(96) * error, 'kurtosis');
    assert.ok(Math.abs(circular / count / variance) < Math.SQRT2 * error, 'real and imaginary part');
    // E[n₀ n₁*] = 2σ²Ψ₀₁, real and imaginary part alike.
    assert.ok(Math.abs(re / (2 * count) / variance - 0.3) < error, `covariance ${re / 2 / count / variance}`);
    assert.ok(Math.abs(im / (2 * count) / variance - 0.2) < error, `covariance ${im / 2 / count / variance}`);
  }
});

test('prewhitening by the Cholesky factor gives the unit matrix back', () => {
  const covariance = [
    [
      [2, 0],
      [0.3, 0.2],
      [0, -0.4],
    ],
    [
      [0.3, -0.2],
      [0.8, 0],
      [0.1, 0],
    ],
    [
      [0, 0.4],
      [0.1, 0],
      [1.5, 0],
    ],
  ] as const;
  const factor = cholesky(covariance)!;
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) {
      let [re, im] = [0, 0];
      for (let k = 0; k < 3; k++) {
        const [a, b, c, d] = [
          factor[2 * (3 * i + k)],
          factor[2 * (3 * i + k) + 1],
          factor[2 * (3 * j + k)],
          factor[2 * (3 * j + k) + 1],
        ];
        re += a * c + b * d;
        im += b * c - a * d;
      }
      assert.ok(Math.hypot(re - covariance[i][j][0], im - covariance[i][j][1]) < 1e-15);
    }
  assert.equal(
    cholesky([
      [
        [1, 0],
        [2, 0],
      ],
      [
        [2, 0],
        [1, 0],
      ],
    ]),
    undefined,
  );
});

test('a ratio is that of the largest sample, and readouts that measure noise hold noise alone', () => {
  const signal = Float64Array.of(1, 0, 3, 4, 100, 0, 100, 0);
  const readouts = [readoutOf(0, 2, 4e-6), readoutOf(2, 2, 1e-5, 'noise')];
  const noise = noiseOf(
    { snr: 50, seed: 3 },
    (_, first, count) => signal.subarray(2 * first, 2 * (first + count)),
    1,
    readouts,
  );
  assert.deepEqual(noise, { sigma: 0.1, atDwell: 4e-6, seed: 3 });
  const alone = new Float64Array(8);
  addNoise(alone, 1, readouts, noise, undefined);
  addNoise(signal, 1, readouts, noise, undefined);
  assert.deepEqual(signal.subarray(4), alone.subarray(4));
  assert.ok(Math.abs(signal[2] - alone[2] - 3) < 1e-15);
});

test('a covariance that noise cannot have is an error', () => {
  const noise = { sigma: 1, atDwell: null, seed: 1 };
  const add = (covariance: [number, number][][], coils: number) => () =>
    addNoise(new Float64Array(2 * coils), coils, [readoutOf(0, 1, 1e-5)], noise, covariance);
  const wrong = (message: RegExp) => (error: unknown) =>
    error instanceof LarmorError && error.exitCode === 65 && message.test(error.message);
  assert.throws(
    add(
      [
        [
          [1, 0],
          [2, 0],
        ],
        [
          [2, 0],
          [1, 0],
        ],
      ],
      2,
    ),
    wrong(/not positive definite/),
  );
  assert.throws(add([[[1, 0]]], 2), wrong(/for 1 coils, but there are 2/));
});

test('the command adds it, with the same bits for the same seed', async () => {
  const where = temporaryFolder();
  const run = async (name: string, ...more: string[]) => {
    const args = ['simulate', 'fid', 'column', '--set', 'samples=64', '-o', name, '--json', ...more];
    const { code, stdout, stderr } = await larmor(args, { folder: where });
    assert.equal(code, 0, stderr);
    return { summary: JSON.parse(stdout), signal: readNpy(`${where}/${name.replace(/\.mrd$/, '.npy')}`).data };
  };
  const quiet = await run('quiet.npy');
  const noisy = await run('noisy.npy', '--noise', '0.5@1e-5', '--seed', '7', '-o', 'noisy.mrd');
  const again = await run('again.npy', '--noise', '0.5@1e-5', '--seed', '7');
  const other = await run('other.npy', '--noise', '0.5@1e-5', '--seed', '8');
  assert.equal(quiet.summary.noise, null);
  assert.deepEqual(noisy.summary.noise, { sigma: 0.5, atDwell: 1e-5, seed: 7 });
  assert.equal(noisy.summary.signalHash, quiet.summary.signalHash, 'the hash is that of the noiseless sums');
  assert.deepEqual(noisy.signal, again.signal);
  assert.notDeepEqual(noisy.signal, other.signal);
  const { acquisitions, xml } = await readRaw(`${where}/noisy.mrd`);
  assert.deepEqual(Float32Array.from(noisy.signal), acquisitions[0].data);
  assert.match(xml, /<name>larmor_noise<\/name>/);
  assert.match(xml, /<relativeReceiverNoiseBandwidth>1</);
  const ratio = (await run('ratio.npy', '--snr', '20')).summary.noise;
  const largest = Math.max(
    ...Array.from({ length: 64 }, (_, n) => Math.hypot(quiet.signal[2 * n], quiet.signal[2 * n + 1])),
  );
  assert.ok(Math.abs(ratio.sigma * 20 - largest) < 1e-6 * largest);
  assert.equal(ratio.seed, 1);
});

test('wrong noise options are usage errors', async () => {
  for (const [options, message] of [
    [['--noise', '-1'], /give a positive number/],
    [['--noise', '0'], /give a positive number/],
    [['--noise', '1@'], /give a positive number/],
    [['--noise', '1@3'], /dwell time/],
    [['--noise', 'NaN'], /give a positive number/],
    [['--noise', '1@1us@2us'], /give a positive number/],
    [['--snr', '0'], /from 1e-6/],
    [['--snr', '10', '--noise', '1'], /cannot be used with/],
    [['--noise', '1', '--seed', '-1'], /whole number/],
    [['--noise', '1', '--seed', '1.5'], /whole number/],
  ] as const) {
    const { code, stderr } = await larmor(['simulate', 'fid', 'column', ...options]);
    assert.equal(code, 2, options.join(' '));
    assert.match(stderr, message);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
  }
});
