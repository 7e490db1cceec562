/**
 * Cases of the fuzzer of the command: scanner files and what they name, maps, and the values of
 * options.
 */
import { gzipSync } from 'node:zlib';
import { npyHeader } from '../../host/formats/npy.ts';
import { niftiMap } from '../../testing/phantom-files.ts';
import { seqText } from '../sequence/seq-text.ts';
import { type Case, figure, raw, scan, short } from './case.ts';

/** Twenty spins along x. */
const line = ['column', '--set', 'voxel=10mm'];

/** Voxels of 50 mm about the isocentre, 5 along x, which cover the column. */
function map(value: (n: number) => number, volumes = 1, complex = false): Buffer {
  const affine = [50, 50, 50].map((step, row) =>
    [0, 1, 2].map((at) => (at === row ? step : 0)).concat(row === 0 ? -100 : -25),
  );
  const size = [5, 2, 2, ...(volumes > 1 ? [volumes] : [])];
  const count = 20 * volumes * (complex ? 2 : 1);
  return niftiMap(
    size,
    affine,
    Float32Array.from({ length: count }, (_, n) => value(n)),
    complex,
  );
}

const near1 = (n: number): number => 0.9 + 0.02 * (n % 7);
const loops = {
  coils: [
    { centre: [0.15, 0.02, 0], normal: [-1, 0, 0], radius: 0.06 },
    { centre: [-0.15, 0, 0], normal: [1, 0, 0.1], radius: 0.06 },
  ],
  noiseCovariance: [
    [
      [1, 0],
      [0.3, 0.2],
    ],
    [
      [0.3, -0.2],
      [0.8, 0],
    ],
  ],
};

/** A scanner file, what it names, and what is started with it. */
function scanner(name: string, content: object, files: Case['files'] = {}): Case {
  return {
    ...{ name: `scanner: ${name}`, files: { 's.json': JSON.stringify(content), ...files } },
    commands: [
      ['simulate', 'epi', ...line, ...short, '--scanner', '%/s.json', ...raw],
      ['simulate', 'epi', ...line, ...short, '--scanner', '%/s.json', '--noise', '0.1', '-o', '%/out.mrd', '-q'],
      ['plan', 'epi', ...line, ...short, '--scanner', '%/s.json'],
      ['info', 'epi', ...short, '--scanner', '%/s.json', '--json'],
      ['sequence', 'make', 'epi', ...short, '--scanner', '%/s.json', '-o', '%/out.seq', '-q'],
      ['plot', 'sequence', 'epi', ...short, '--scanner', '%/s.json', ...figure],
    ],
  };
}

const scanners: readonly Case[] = [
  scanner('limits', { B0: 3, B1: 2e-5, Gmax: 0.08, Smax: 200, gradRaster: 1e-5, rfDeadTime: 1e-4, gammaBar: 42.577e6 }),
  scanner('loops', { B0: 3, receive: loops }),
  scanner('array', { receive: { array: { coils: 3, radius: 0.2, length: 0.2 } } }),
  scanner(
    'maps',
    { receive: { magnitude: 'm.nii', phase: 'p.nii' }, transmit: { file: 'b1.nii.gz' }, b0Map: 'b0.nii' },
    {
      'm.nii': map(near1, 2),
      'p.nii': map((n) => n % 3, 2),
      'b1.nii.gz': gzipSync(map(near1, 1, true)),
      'b0.nii': map((n) => 20 * (n % 5)),
    },
  ),
  scanner(
    'maps of BART',
    {
      receive: { file: 'maps.cfl', fov: [0.4, 0.4, 0.4] },
      transmit: { file: 'b1.npy', fov: [0.4, 0.4, 0.4], centre: [0, 0, 0] },
    },
    {
      'maps.cfl': Buffer.from(Float32Array.from({ length: 64 }, near1).buffer),
      'maps.hdr': '# Dimensions\n4 2 2 2\n',
      'b1.npy': Buffer.concat([
        npyHeader('<c8', '(1, 2, 2, 4)'),
        Buffer.from(Float32Array.from({ length: 32 }, near1).buffer),
      ]),
    },
  ),
  scanner('gradients', {
    B0: 0.5,
    gradients: {
      concomitant: true,
      eddyCurrents: [
        { from: 'x', to: 'x', amplitude: 0.01, timeConstant: 0.002 },
        { from: 'y', to: 'B0', amplitude: 6e-5, timeConstant: 0.03 },
      ],
    },
    delays: { x: 6e-6, rf: 2e-6, adc: 4e-6 },
  }),
  scanner(
    'impulse response',
    { gradients: { girf: 'g.json' } },
    {
      'g.json': JSON.stringify({
        freq: [0, 500, 1000],
        H: {
          xx: [
            [1, 0],
            [0.999, -0.001],
            [0.998, -0.002],
          ],
          B0x: [
            [0, 0],
            [0, 1e-6],
            [0, 2e-6],
          ],
        },
      }),
    },
  ),
  scanner(
    'Siemens coefficients',
    { gradients: { nonlinearity: 'c.grad' } },
    { 'c.grad': '0.25 m = R0, lnorm = 4\n 1 A( 3, 0) -0.09 z\n2 B(3, 1) 0.02 y\n' },
  ),
  scanner(
    'GE coefficients',
    { gradients: { nonlinearity: 'c.coef' } },
    { 'c.coef': 'alpha_z 3 0 -0.09\nBeta_y 3 1 0.02\n' },
  ),
];

const maps: readonly Case[] = [
  {
    name: 'coils of loops',
    files: { 'c.json': JSON.stringify(loops) },
    commands: [scan(line, '--coils', '%/c.json', '--snr', '#', '--seed', '#')],
  },
  {
    name: 'coil maps',
    files: { 'c.nii': map(near1, 3, true) },
    commands: [scan(line, '--coils', '%/c.nii', '--noise', '#')],
  },
  { name: 'B1 map', files: { 'b.nii': map(near1) }, commands: [scan(line, '--b1-map', '%/b.nii')] },
  {
    name: 'B0 map',
    files: { 'b.nii.gz': gzipSync(map((n) => 10 * (n % 9))) },
    commands: [scan(line, '--b0-map', '%/b.nii.gz', '--coils', '2')],
  },
  {
    name: 'susceptibility',
    files: { 'chi.nii': map((n) => (n % 4) - 9) },
    commands: [
      ['phantom', 'field', '%/chi.nii', '-o', '%/out.nii', '-q'],
      ['phantom', 'field', '%/chi.nii', '-o', '%/out.nii.gz', '--b0', '#', '--b0-dir', '0,#,1', '--outside', '#', '-q'],
    ],
  },
];

const values: readonly Case[] = [
  ...[
    ['--noise', '#'],
    ['--snr', '#', '--seed', '#'],
    ['--coils', '#'],
    ['--dt-rf', '#'],
    ['--tolerance', '#'],
    ['--spins-per-voxel', '#'],
    ['--spins-per-voxel', 'auto'],
    ['--tile', '#'],
    ['--heart-rate', '#'],
    ['--watchdog', '#'],
    ['--magnetization', '%/out-m.npy'],
    ['--set', 'flip=#', '--set', 'te=#'],
    ['--set', 'thickness=#', '--set', 'tr=#'],
    ['--set', 'voxel=#', '--set', 'T2=#'],
  ].map((options): Case => ({ name: options[0], files: {}, commands: [scan(line, ...options)] })),
  {
    ...{ name: 'figures', files: {} },
    commands: [
      ['plot', 'sequence', 'gre', ...short, '--from', '#', '--to', '#', ...figure],
      ['plot', 'sequence', 'gre', ...short, '--tr', '#', '-o', '%/out.png', '-q'],
      ['plot', 'kspace', 'epi', '--set', 'n=#', ...figure],
      ['plot', 'phantom', 'grid', '--set', 'n=#', ...figure],
      ['sequence', 'make', 'se', '--set', 'n=#', '--set', 'fov=#', '-o', '%/out.seq', '-q'],
    ],
  },
  {
    ...{ name: 'magnetisation', files: { 'a.seq': seqText() } },
    commands: [['simulate', '%/a.seq', 'column', '--magnetization', '%/out.npy', '--precision', 'f64', '-q']],
  },
];

export const optionCases: readonly Case[] = [...scanners, ...maps, ...values];
