/**
 * Receive coils as other programs see them: loops against the closed form on their axis and a
 * quadrature of Biot and Savart's law, noise against the statistics that it should have, and BART's
 * ESPIRiT and SENSE on a scan of eight coils that skips every second line.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { GAMMA_BAR, MU_0 } from '../host/base/units.ts';
import { loopSensitivity } from '../host/fields/loops.ts';
import { readCfl } from '../host/formats/cfl.ts';
import { addNoise } from '../host/model/noise.ts';
import { adc, areaTrapezoid, blockOf, delayOf, flatTop, hardPulse, sequenceOf } from '../host/sequence/designer.ts';
import { writePulseq } from '../host/sequence/pulseq/write.ts';
import { DEFAULT_SCANNER } from '../host/sequence/scanner-types.ts';
import type { Sequence } from '../host/sequence/types.ts';
import { larmor } from '../testing/larmor.ts';
import { readoutOf, TWO_COIL_COVARIANCE } from '../testing/noise.ts';
import { temporaryFolder } from '../testing/temporary.ts';
import { compare, type Row, type Section } from './report.ts';

export const coils: Section = {
  title: 'Receive coils and noise',
  bounds: 'rounding for closed forms; four standard deviations of each estimate for noise',
  async rows() {
    return [...loopRows(), ...noiseRows()];
  },
};

/** On the axis B = μ0 a²/2(a² + z²)^{3/2}. */
function loopRows(): Row[] {
  const radius = 0.06;
  const z = Float64Array.from({ length: 50 }, (_, n) => 0.005 * n);
  const zero = new Float64Array(z.length);
  const [re, im] = [new Float64Array(z.length), new Float64Array(z.length)];
  loopSensitivity(
    { centre: [0, 0, 0], normal: [1, 0, 0], radius },
    { x: z, y: zero, z: zero },
    z.length,
    re,
    im,
    () => {},
  );
  const expected = z.map((d) => (MU_0 * radius ** 2) / (2 * (radius ** 2 + d ** 2) ** 1.5));
  return [compare('loop of 60 mm on its axis, 0 to 245 mm', re, expected, 1e-14)];
}

/** Deviations of estimates from 4·10⁵ samples in two coils, over their standard deviations. */
function noiseRows(): Row[] {
  const samples = 400_000;
  const signal = new Float64Array(4 * samples);
  addNoise(signal, 2, [readoutOf(0, samples, 1e-5)], { sigma: 1, atDwell: 1e-5, seed: 2026 }, TWO_COIL_COVARIANCE);
  const [a, b] = [signal.subarray(0, 2 * samples), signal.subarray(2 * samples)];
  const mean = (of: (n: number) => number): number => {
    let sum = 0;
    for (let n = 0; n < samples; n++) sum += of(2 * n);
    return sum / samples;
  };
  const deviation = (value: number, expected: number, spread: number): number =>
    Math.abs(value - expected) / (spread / Math.sqrt(samples));
  const rows: [what: string, value: number, expected: number, spread: number][] = [
    ['mean', mean((n) => a[n]), 0, 1],
    ['variance of the real part', mean((n) => a[n] ** 2), 1, Math.SQRT2],
    ['variance of the imaginary part', mean((n) => a[n + 1] ** 2), 1, Math.SQRT2],
    ['real against imaginary part', mean((n) => a[n] * a[n + 1]), 0, 1],
    ['fourth moment', mean((n) => a[n] ** 4), 3, Math.sqrt(96)],
    ['covariance of coils, real', mean((n) => (a[n] * b[n] + a[n + 1] * b[n + 1]) / 2), 0.3, 1],
    ['covariance of coils, imaginary', mean((n) => (a[n + 1] * b[n] - a[n] * b[n + 1]) / 2), 0.2, 1],
    ['one sample against the next', mean((n) => (n + 2 < 2 * samples ? a[n] * a[n + 2] : 0)), 0, 1],
  ];
  return rows.map(([what, value, expected, spread]) => ({
    what: `noise: ${what}, standard deviations off`,
    value: deviation(value, expected, spread),
    bound: 4,
  }));
}

const N = 64;
const FOV = 0.24;
/** Lines about the centre that are all there. */
const CALIBRATION = 24;

/**
 * Gradient echoes of fully relaxed spins: all lines, or every second one and those about the
 * centre.
 */
function lines(every: 1 | 2): Sequence {
  const dwell = 1e-5;
  const read = flatTop(1 / (GAMMA_BAR * FOV * dwell), N * dwell, DEFAULT_SCANNER);
  const back = areaTrapezoid((-read.amplitude * (read.flat + read.rise + dwell)) / 2, DEFAULT_SCANNER);
  const widest = areaTrapezoid(N / 2 / (GAMMA_BAR * FOV), DEFAULT_SCANNER);
  const blocks = Array.from({ length: N }, (_, line) => line - N / 2)
    .filter((line) => line % every === 0 || Math.abs(line) < CALIBRATION / 2)
    .flatMap((line) => [
      blockOf({ rf: hardPulse(Math.PI / 2, 10e-6, { delay: 1e-4 }) }),
      blockOf({ gx: back, gy: { ...widest, amplitude: (widest.amplitude * line) / (N / 2) } }),
      blockOf({ gx: read, adc: adc(N, dwell, read.rise) }),
      delayOf(30),
    ]);
  return sequenceOf(`lines ${every}`, blocks, { FOV: [FOV, FOV, 0.005] });
}

export const sense: Section = {
  title: 'SENSE by BART, eight coils',
  bounds:
    'maps of ESPIRiT from 24 lines are good to a few per cent at the edges of a head; the folded image is off by 10 %',
  missing: () => (spawnSync('bart', ['version']).error ? 'no bart on PATH: apt-get install bart' : undefined),
  async rows() {
    const folder = temporaryFolder();
    for (const every of [1, 2] as const) {
      writePulseq(join(folder, `r${every}.seq`), lines(every));
      const files = [`r${every}.seq`, 'head2d', '--set', 'phantom.voxel=2mm', '-o', `r${every}.cfl`];
      const run = await larmor(['simulate', ...files, '--coils', '8', '-q'], { folder });
      if (run.code !== 0) throw new Error(run.stderr);
    }
    const bart = (...args: string[]): void => {
      const { status, stderr } = spawnSync('bart', args, { cwd: folder, encoding: 'utf8' });
      if (status !== 0) throw new Error(`bart ${args.join(' ')}: ${stderr}`);
    };
    bart('ecalib', '-m', '1', '-r', String(CALIBRATION), 'r2', 'maps');
    for (const every of [1, 2]) {
      bart('pics', '-S', '-l2', '-r', '1e-4', '-i', '100', `r${every}`, 'maps', `image${every}`);
      bart('fft', '-i', '-u', '3', `r${every}`, `folded${every}`);
      bart('rss', '8', `folded${every}`, `rss${every}`);
    }
    const magnitude = (name: string): Float64Array => {
      const { data } = readCfl(join(folder, `${name}.cfl`));
      return Float64Array.from({ length: data.length / 2 }, (_, n) => Math.hypot(data[2 * n], data[2 * n + 1]));
    };
    const unfolded = compare('R = 2 against all lines, SENSE', magnitude('image2'), magnitude('image1'), 0.05);
    const folded = compare('', magnitude('rss2'), magnitude('rss1'), 0);
    return [unfolded, { what: 'that error over the folded image’s', value: unfolded.value / folded.value, bound: 0.4 }];
  },
};
