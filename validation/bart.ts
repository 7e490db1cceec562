/**
 * Against k-space that another program computes in closed form: BART's modified Shepp–Logan phantom
 * (`bart phantom -k -t`) at the places our sequence samples, and spins on a lattice inside the same
 * ten ellipses. Nothing is fitted: BART's scale follows from the ellipses' areas. What is left is
 * the lattice, so the error falls with its spacing.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SpinBlock, spinBlock } from '../host/phantom/types.ts';
import { makeBuiltin } from '../host/sequence/builtin/index.ts';
import { encode } from '../host/sequence/encoding.ts';
import { DEFAULT_SCANNER } from '../host/sequence/scanner-types.ts';
import type { Sequence } from '../host/sequence/types.ts';
import { relativeError, simulate } from '../testing/run.ts';
import { temporaryFolder } from '../testing/temporary.ts';
import { compare, type Row, type Section } from './report.ts';

const FOV = 0.24;
const RADIANS = Math.PI / 180;

/**
 * Toft's modified Shepp–Logan phantom: intensity, half axes, centre (a, b), angle [°], in half
 * fields of view. BART looks at it turned: a runs along +y, b along −x.
 */
const ELLIPSES = [
  [1, 0.69, 0.92, 0, 0, 0],
  [-0.8, 0.6624, 0.874, 0, -0.0184, 0],
  [-0.2, 0.11, 0.31, 0.22, 0, -18],
  [-0.2, 0.16, 0.41, -0.22, 0, 18],
  [0.1, 0.21, 0.25, 0, 0.35, 0],
  [0.1, 0.046, 0.046, 0, 0.1, 0],
  [0.1, 0.046, 0.046, 0, -0.1, 0],
  [0.1, 0.046, 0.023, -0.08, -0.605, 0],
  [0.1, 0.023, 0.023, 0, -0.606, 0],
  [0.1, 0.023, 0.046, 0.06, -0.605, 0],
] as const;

/** Intensity at (x, y) in half fields of view. */
function intensity(x: number, y: number): number {
  let sum = 0;
  for (const [value, axisA, axisB, centreA, centreB, angle] of ELLIPSES) {
    const [a, b] = [y - centreA, -x - centreB];
    const [c, s] = [Math.cos(angle * RADIANS), Math.sin(angle * RADIANS)];
    if (((c * a + s * b) / axisA) ** 2 + ((c * b - s * a) / axisB) ** 2 <= 1) sum += value;
  }
  return sum;
}

/**
 * Spins on `side`² points over the field of view, those of no intensity left out; their densities
 * add up to the area.
 */
function lattice(side: number): SpinBlock {
  const places: [number, number, number][] = [];
  for (let j = 0; j < side; j++) {
    for (let i = 0; i < side; i++) {
      const [x, y] = [(2 * i + 1) / side - 1, (2 * j + 1) / side - 1];
      const value = intensity(x, y);
      if (Math.abs(value) > 1e-9) places.push([x, y, value]);
    }
  }
  const spins = spinBlock(places.length);
  for (const [n, [x, y, value]] of places.entries()) {
    spins.x[n] = (x * FOV) / 2;
    spins.y[n] = (y * FOV) / 2;
    spins.density[n] = value * (2 / side) ** 2;
  }
  spins.T1.fill(1e9);
  spins.T2.fill(1e9);
  return spins;
}

/** k of every sample in cycles per field of view, [samples][x, y, z]. */
function trajectory(sequence: Sequence): number[] {
  const encoding = encode(sequence, DEFAULT_SCANNER);
  return encoding.readouts.flatMap((_, n) => Array.from(encoding.trajectory(n), (k) => k * FOV));
}

/**
 * What BART says at these places; its value at k = 0 scaled to the phantom's area, times i as 90°
 * about +x leaves it.
 */
function bartSignal(k: readonly number[]): Float64Array {
  const folder = temporaryFolder();
  try {
    const samples = k.length / 3 + 1;
    const places = Float32Array.from({ length: 6 * samples }, (_, n) =>
      n % 2 === 0 ? ([0, 0, 0, ...k][n / 2] as number) : 0,
    );
    writeFileSync(join(folder, 'k.hdr'), `# Dimensions\n3 ${samples} 1\n`);
    writeFileSync(join(folder, 'k.cfl'), places);
    const { status, stderr } = spawnSync('bart', ['phantom', '-k', '-t', join(folder, 'k'), join(folder, 's')]);
    if (status !== 0) throw new Error(`bart phantom: ${stderr}`);
    const bytes = readFileSync(join(folder, 's.cfl'));
    const values = Array.from({ length: 2 * samples }, (_, n) => bytes.readFloatLE(4 * n));
    const area = ELLIPSES.reduce((sum, [value, a, b]) => sum + Math.PI * value * a * b, 0);
    const scale = area / values[0];
    return Float64Array.from({ length: 2 * (samples - 1) }, (_, n) =>
      n % 2 === 0 ? -values[n + 3] * scale : values[n + 1] * scale,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const bart: Section = {
  title: 'BART, analytic k-space of the Shepp–Logan phantom',
  bounds:
    'a lattice of spacing h misplaces an ellipse’s edge by up to h/2: the error falls as h to the power 1.4 or so',
  missing: () => (spawnSync('bart', ['version']).error ? 'no bart on PATH: apt-get install bart' : undefined),
  async rows(some) {
    const sequence = makeBuiltin('epi', { n: 64, fov: FOV }, DEFAULT_SCANNER);
    const reference = bartSignal(trajectory(sequence));
    const rows: Row[] = [];
    const errors: number[] = [];
    const lattices = [
      [256, 5e-2],
      [512, 1.8e-2],
      [1024, 6.5e-3],
    ] as const;
    for (const [side, bound] of some(lattices, 2)) {
      const signal = await simulate(sequence, lattice(side));
      errors.push(relativeError(signal, reference));
      rows.push(compare(`EPI 64 × 64, spins ${FOV * 1000} mm / ${side} apart, f32`, signal, reference, bound));
    }
    rows.push({ what: 'error at 1024 over error at 256', value: errors.at(-1)! / errors[0], bound: 0.16 });
    return rows;
  },
};
