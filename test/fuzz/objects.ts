/**
 * Cases of the fuzzer of the command: spins that move, hearts that beat, phantoms of quantitative
 * maps.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { caseFiles } from '../../testing/cases.ts';
import { LARMOR } from '../../testing/launch.ts';
import { niftiMap, writeHdf5 } from '../../testing/phantom-files.ts';
import { seqText } from '../sequence/seq-text.ts';
import { type Case, figure, raw, scan, short } from './case.ts';

const TRACK = 'time, x, z, yaw\n0, 0, 0, 0\n0.005, 0.001, 0.002, 3\n0.03, 0, -0.001, 5\n';
const rows = [0, 1, 2, 3].map((spin) => [0, 0.002 * spin, 0.01]);
const curve = { t: [0, 0.004, 0.02], t_unit: [0, 1, 0], periodic: true, periods: [1, 1.5] };
const actions = {
  motions: [
    {
      action: { type: 'HeartBeat', circumferential_strain: -0.1, radial_strain: 0.05, longitudinal_strain: 0.1 },
      time: curve,
      spins: '1:2:3',
    },
    { action: { type: 'Rotate', pitch: 5, roll: -3, yaw: 10, center: [0.01, 0, 0] }, time: curve },
    {
      action: {
        type: 'FlowPath',
        dx: rows,
        dy: rows,
        dz: rows,
        spin_reset: rows.map((_, n) => [0, 0, Number(n === 2)]),
      },
      time: { t: [0, 0.03], t_unit: [0, 1] },
    },
    {
      action: { type: 'Translate', dx: 0.001, dy: -0.002, dz: 0.003 },
      time: { t: [0.001, 0.05], t_unit: [0, 1] },
      spins: [2, 4],
    },
  ],
};

async function motions(folder: string): Promise<Case[]> {
  const column = (...values: number[]) => ({ data: Float64Array.from(values) });
  const rest = await writeHdf5(join(folder, 'rest.phantom'), {
    ...{ 'position/x': column(-0.03, -0.01, 0.01, 0.03), 'position/y': column(0.01, 0.02, -0.02, 0.01) },
    ...{
      'contrast/T1': column(1, 1, 1, 1),
      'contrast/T2': column(0.1, 0.1, 0.1, 0.1),
      'contrast/T2s': column(0.05, 0.05, 0.05, 0.05),
    },
  });
  writeFileSync(join(folder, 'm.json'), JSON.stringify(actions));
  const moving = join(folder, 'moving.phantom');
  spawnSync(process.execPath, [
    LARMOR,
    'phantom',
    'make',
    rest,
    '--motion',
    join(folder, 'm.json'),
    '-o',
    moving,
    '-q',
  ]);
  const still = readFileSync(rest);
  const given = (name: string, content: string): Case => ({
    ...{ name: `motion: ${name}`, files: { [name]: content, 'rest.phantom': still }, damaged: [name] },
    commands: [
      scan(['%/rest.phantom'], '--motion', `%/${name}`),
      scan(['%/rest.phantom'], '--motion', `%/${name}`, '--coils', '2'),
      ['phantom', 'make', '%/rest.phantom', '--motion', `%/${name}`, '-o', '%/out.phantom', '-q'],
      ['plan', 'epi', '%/rest.phantom', ...short, '--motion', `%/${name}`],
    ],
  });
  // Both layouts, as the other program writes them, where they are at hand.
  const foreign = caseFiles('motion', '.phantom').filter((path) => !/brain/.test(path));
  const files = [moving, ...foreign].map((path): Case => {
    const name = basename(path);
    return {
      ...{ name: 'moving phantom', files: { [name]: readFileSync(path) } },
      commands: [
        scan([`%/${name}`]),
        ['info', `%/${name}`],
        ['phantom', 'make', `%/${name}`, '-o', '%/out.phantom', '-q'],
        ['plot', 'phantom', `%/${name}`, ...figure],
      ],
    };
  });
  const track = {
    time: [0, 0.01, 0.03],
    translation: rows.slice(1),
    rotation: rows.slice(1).reverse(),
    center: [0, 0, 0.05],
    periodic: true,
  };
  return [
    given('track.csv', TRACK),
    given('track.json', JSON.stringify({ track })),
    given('actions.json', JSON.stringify(actions)),
    ...files,
    {
      ...{ name: "T2'", files: { 'rest.phantom': still } },
      commands: ['analytic', 'ensemble'].map((how) => scan(['%/rest.phantom'], '--t2prime', how)),
    },
  ];
}

const triggered = seqText({
  rf: '[RF]\n1 200 1 2 0 500 100 0 0 0 0 e\n',
  adc: '[ADC]\n1 8 25000 200 0 0 0 0 0\n',
  gradients: '',
  shapes: '[SHAPES]\nshape_id 1\nnum_samples 1000\n1\n0\n0\n997\n\nshape_id 2\nnum_samples 1000\n0\n0\n998\n',
  blocks: '[BLOCKS]\n1 20 0 0 0 0 0 1\n2 150 1 0 0 0 0 0\n3 100 0 0 0 0 1 0\n4 100 0 0 0 0 0 2\n5 100 0 0 0 0 1 0\n',
  extensions: '[EXTENSIONS]\n1 1 1 0\n2 1 2 0\nextension TRIGGERS 1\n1 2 1 0 100\n2 2 1 500 100\n',
});
const hearts: readonly Case[] = [
  ['p.txt', '# seconds\n0.2\n\n1.1  # second beat\n2\n'],
  ['p.json', '{"first": 0.1, "intervals": [0.8, 0.9]}'],
  ['q.json', '{"peaks": [0.1, 0.9, 1.8]}'],
  ['r.json', '{"rate": 1.1, "first": 0.1}'],
].map(([name, content]) => ({
  ...{ name: `R peaks: ${name}`, files: { [name]: content, 'a.seq': triggered } },
  commands: [
    ['simulate', '%/a.seq', 'column', '--r-peaks', `%/${name}`, ...raw],
    ['simulate', '%/a.seq', 'column', '--heart-rate', '#', ...raw],
  ],
}));

const grid = (...values: number[]): Buffer =>
  niftiMap(
    [2, 1, 1],
    [
      [2, 0, 0, 10],
      [0, 2, 0, -20],
      [0, 0, 3, 5],
    ],
    Float32Array.from(values),
  );
const overMaps = (phantom: string): Case['commands'] => [
  ['simulate', 'fid', phantom, ...raw],
  ['simulate', 'fid', phantom, '--t2prime', 'ensemble', ...raw],
  ['info', phantom, '--json'],
  ['plan', 'fid', phantom],
  ['phantom', 'make', phantom, '-o', '%/out.phantom', '-q'],
  ['plot', 'phantom', phantom, ...figure],
];
const quantitative: readonly Case[] = [
  {
    name: 'phantom of maps',
    files: {
      'a.json': JSON.stringify({
        $schema: 'https://github.com/mrx-org/nifti-phantoms/nifti-phantom-v1',
        units: { gyro: 'MHz/T', B0: 'T', T1: 's', T2: 's', "T2'": 's', dB0: 'Hz', 'B1+': 'rel' },
        system: { gyro: 42.5764, B0: 3 },
        tissues: {
          water: { density: 'pd.nii[0]', T1: 't1.nii[0]', T2: 0.1, "T2'": 0.05, 'B1+': [1] },
          fat: { density: 0.5, T1: 0.37, T2: 0.125, dB0: { file: 'off.nii.gz[0]', func: '(x - x_min) / 2 - 440' } },
        },
      }),
      'pd.nii': grid(0.8, 0.2),
      't1.nii': grid(1.25, 0.8),
      'off.nii.gz': gzipSync(grid(30, -50)),
    },
    commands: overMaps('%/a.json'),
  },
  {
    name: 'folder of maps',
    files: {
      'sub-01_T1map.nii': grid(1200, 900),
      'sub-01_T1map.json': JSON.stringify({ Units: 'ms', MagneticFieldStrength: 7 }),
      'sub-01_T2map.nii.gz': gzipSync(grid(0.08, 0.1)),
      'sub-01_R2starmap.nii': grid(25, 20),
      'sub-01_B0map.nii': grid(-20, 5),
      'sub-01_TB1map.nii': grid(80, 100),
      'sub-01_TB1map.json': JSON.stringify({ Units: 'percent' }),
    },
    commands: overMaps('%'),
  },
];

/** @param folder for what is made on the way */
export async function objectCases(folder: string): Promise<Case[]> {
  return [...(await motions(folder)), ...hearts, ...quantitative];
}
