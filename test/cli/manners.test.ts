/**
 * Manners of the built command: units, wrong names answered with right ones, help, and one JSON
 * object from each command.
 */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { larmorSync } from '../../testing/larmor.ts';
import { niftiFile, writeTable } from '../../testing/phantom-files.ts';
import { some } from '../../testing/some.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { seqFolder, seqText } from '../sequence/seq-text.ts';

const where = temporaryFolder();

const larmor = (...args: readonly string[]) => larmorSync(args, where);

const facts = (...args: readonly string[]) => JSON.parse(larmor('info', ...args, '--json').stdout);

test('times, lengths and angles take units; a bare number is in SI', () => {
  const one = facts('gre', '--set', 'te=8ms', '--set', 'fov=200mm', '--set', 'flip=30deg', '--set', 'tr=0.05');
  assert.deepEqual([one.TE, one.TR, one.fov], [[0.008], 0.05, [0.2, 0.2, 0.005]]);
  assert.ok(Math.abs(one.flipAngle - Math.PI / 6) < 1e-6);
  const other = facts('gre', '--set', 'te=8000us', '--set', 'fov=20cm', '--set', `flip=${Math.PI / 6}`);
  assert.deepEqual([other.TE, other.fov, other.flipAngle], [[0.008], [0.2, 0.2, 0.005], one.flipAngle]);
  assert.deepEqual(one.warnings, []);
});

const refused: readonly (readonly [args: string, line: RegExp])[] = [
  ['simulate GRE', /no sequence 'GRE'; did you mean gre\?/],
  ['simulate gre Head2D', /no phantom 'Head2D'; did you mean head2d\?/],
  ['simulate sphere', /'sphere' is a phantom, but a sequence is expected/],
  ['simulate epi gre', /'gre' is a sequence, but a phantom is expected/],
  ['simulate brain.phantom scan.seq', /'brain.phantom' is a phantom, but a sequence is expected/],
  ['simulate epi raw.mrd', /'raw.mrd' is raw data, but a phantom is expected/],
  ['reconstruct scan.seq', /'scan.seq' is a sequence, but raw data is expected/],
  [
    'plot sequence raw.cfl -o a.svg',
    /'raw.cfl' is data for BART, but a sequence is expected here; give the .mrd or .h5/,
  ],
  ['simulate gre raw.npy -o a.mrd', /'raw.npy' is an array for NumPy, but a phantom is expected here/],
  ['report gre.html -o a.html', /'gre.html' is a report, but raw data is expected here; open it in a browser/],
  ['view gre.png', /'gre.png' is a picture, but a sequence is expected here; open it with a viewer/],
  ['reconstruct table.csv -o a.png', /'table.csv' is a table, but raw data is expected here/],
  ['phantom make gre -o x.phantom', /'gre' is a sequence, but a phantom is expected/],
  ['info epy', /did you mean epi\?/],
  ['simulat', /unknown command 'simulat' \(Did you mean simulate\?\)/],
  ['simulate --tolerence 1e-4', /unknown option '--tolerence' \(Did you mean --tolerance\?\)/],
  ['simulate gre --set Flip=30deg', /neither gre nor head2d has a parameter 'Flip'; did you mean flip\?/],
  ['simulate gre --set TR=', /neither gre nor head2d has a parameter 'TR'; did you mean tr\?/],
  ['simulate gre --set tr=', /gre: tr= has no value; .*for example tr=20ms/],
  ['simulate gre --set te=5mm', /te=5mm is not a number with one of the units s, ms, us, ns, min or h/],
  ['simulate gre --set flip=30', /flip=30 is more than 180deg; write flip=30deg if degrees are meant/],
  ['simulate gre --set te=30ms --set tr=20ms', /tr=20ms is too short; the shortest possible is [\d.]+ms/],
  ['simulate fid --set sequence.sample=9', /fid has no parameter 'sample'; did you mean samples\?/],
  ['simulate epi --dt-rf 5mm', /--dt-rf <time>.*from 1e-9 to 1 s/],
  ['reconstruct raw.mrd -o -', /-o -: an image cannot be written to standard output/],
  ['phantom make sphere -o -', /-o -: a phantom cannot be written to standard output/],
  ['phantom make sphere -o sphere.h5', /sphere.h5: not a phantom format that can be written; end it in .phantom/],
  ['sequence waveforms fid -o fid.png', /fid.png: waveforms are written as JSON/],
];

for (const [args, line] of some(refused, 2)) {
  test(`larmor ${args}: exit 2, one line`, () => {
    const { code, stdout, stderr } = larmor(...args.split(' '));
    assert.deepEqual([code, stdout], [2, ''], stderr);
    assert.match(stderr, line);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  });
}

test('raw data and sequences for other programs are refused by what they are for', () => {
  const at = (name: string): string => join(where, name);
  for (const name of ['raw.mat', 'raw.cfl', 'raw.npy', 'scan.json']) writeFileSync(at(name), '{}');
  const files = [
    [['view', at('raw.mat')], /raw.mat: is written for MATLAB.*; give the .mrd or .h5 of the same run/],
    [['plot', 'image', at('raw.mat'), '-o', at('a.svg')], /raw.mat: is written for MATLAB/],
    [['report', at('raw.mat'), '-o', at('a.html')], /raw.mat: is written for MATLAB/],
    [['info', at('raw.cfl')], /raw.cfl: is written for BART/],
    [['view', at('raw.npy')], /raw.npy: holds the signal alone/],
    [
      ['simulate', at('scan.json'), 'sphere'],
      /scan.json: is JSON, which Larmor exports for other programs.*; give the .seq/,
    ],
  ] as const;
  for (const [args, line] of some<(typeof files)[number]>(files, 2)) {
    const { code, stderr } = larmor(...args);
    assert.equal(code, 65, stderr);
    assert.match(stderr, line);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  }
});

test('a phantom is judged by its format before its settings, and by its size', () => {
  const at = (name: string): string => join(where, name);
  writeFileSync(at('head.img'), 'voxels');
  const pair = larmor('simulate', 'fid', at('head.img'), '--set', 'tissues=t.json');
  assert.equal(pair.code, 2);
  assert.match(pair.stderr, /head.img: unsupported phantom format '.img'; give/);
  writeTable(at('metres.json'), [1]);
  writeFileSync(at('metres.nii'), niftiFile([2, 1, 1], Uint8Array.of(1, 1), [4000, 4000, 4000], [-4000, 0, 0]));
  const metres = larmor('plan', 'fid', at('metres.nii'), '-q');
  assert.equal(metres.code, 0, metres.stderr);
  assert.match(metres.stderr, /metres.nii: reaches \d(\.\d)? m from the isocentre; check the unit/);
});

test('implausible values are taken, with a warning that names the likely unit', () => {
  const cases = [
    ['gre', 'te=5', /te=5 is 5s, which is implausible; write te=5ms if milliseconds are meant/],
    ['gre', 'tr=20', /tr=20 is 20s, which is implausible; write tr=20ms/],
    ['fid', 'flip=2', /flip=2 is 114\.592deg; write flip=2deg if degrees are meant/],
    ['sphere', 'radius=50', /radius=50 is 50m, which is implausible; write radius=50mm/],
    ['gre', 'te=4s', /te=4s is 4s, which is implausible; expected at most 2s/],
  ] as const;
  for (const [name, setting, line] of some(
    cases.filter(([name]) => name !== 'sphere'),
    2,
  )) {
    const { code, stdout, stderr } = larmor('info', name, '--set', setting, '--json');
    assert.equal(code, 0, stderr);
    assert.match(stderr, line);
    assert.match(JSON.parse(stdout).warnings[0], line);
  }
  // A ball of 50 m has more spins than can be: the warning comes first and says why.
  assert.match(larmor('info', 'sphere', '--set', 'radius=5', '--set', 'voxel=1').stderr, /radius=5 is 5m.*radius=5mm/);
});

test('a soft delay takes a unit, and an implausible one a warning', () => {
  const path = seqFolder()(
    seqText({
      blocks: '[BLOCKS]\n1 100 1 0 0 0 0 0\n2 500 0 0 0 0 1 1\n',
      gradients: '',
      extensions: '[EXTENSIONS]\n1 5 1 0\nextension DELAYS 5\n1 0 0 1 TE\n',
    }),
  );
  assert.deepEqual(facts(path, '--set', 'TE=20ms').softDelays, [{ name: 'TE', value: 0.02 }]);
  assert.match(larmor('info', path, '--set', 'TE=50').stderr, /TE=50 is 50s, which is implausible; write TE=50ms/);
  assert.match(larmor('info', path, '--set', 'te=1').stderr, /no soft delay te; did you mean TE\?/);
});

test('times of a file in milliseconds are named as implausible', () => {
  const definitions =
    '[DEFINITIONS]\nBlockDurationRaster 1e-05\nGradientRasterTime 1e-05\nRadiofrequencyRasterTime 1e-06\nAdcRasterTime 1e-07\n';
  const withTR = (TR: string): string =>
    seqFolder()(
      seqText({
        definitions: `${definitions}TR ${TR}\n`,
        blocks: '[BLOCKS]\n1 100 1 0 0 0 0 0\n2 100 0 0 0 0 1 0\n',
        gradients: '',
        extensions: '',
        rf: '[RF]\n1 250 1 2 0 50 100 0 0 0 0 e\n',
      }),
    );
  assert.match(facts(withTR('5000')).warnings.join('\n'), /TR is 5000s, which is implausible; .*\(5s\?\)/);
  assert.match(facts(withTR('1e-4')).warnings.join('\n'), /TE \([\d.]+us\) is longer than TR \(100us\)/);
  assert.doesNotMatch(facts(withTR('5')).warnings.join('\n'), /T[ER] /);
});

test('a setting given twice: the last one counts, with a warning', () => {
  const { stderr, stdout } = larmor('info', 'fid', '--set', 'samples=5', '--set', 'samples=7', '--json');
  assert.equal(JSON.parse(stdout).samples, 7);
  assert.match(stderr, /--set samples is given more than once; the last value, 7, is used/);
});

test('every command takes --json and -q, and its help has exit codes', () => {
  const commands = [
    'simulate',
    'plan',
    'info',
    'list',
    'reconstruct',
    'doctor',
    'sequence waveforms',
    'sequence make',
    'sequence convert',
    'phantom make',
    ...['sequence', 'kspace', 'phantom', 'signal', 'image'].map((subject) => `plot ${subject}`),
  ];
  for (const name of some(commands, 3)) {
    const { code, stdout } = larmor(...name.split(' '), '--help');
    assert.equal(code, 0, name);
    for (const text of ['--json', '-q, --quiet', 'Exit codes:']) assert.ok(stdout.includes(text), `${name}: ${text}`);
  }
  assert.match(larmor('--help').stdout, /Examples:/);
});

test('commands that write files say with --json what they wrote', () => {
  const object = (...args: readonly string[]) => {
    const { code, stdout, stderr } = larmor(...args, '--json');
    assert.deepEqual([code, stderr], [0, ''], args.join(' '));
    return JSON.parse(stdout);
  };
  assert.deepEqual(object('phantom', 'make', 'sphere', '-o', 's.phantom').outputs, ['s.phantom']);
  assert.deepEqual(object('sequence', 'waveforms', 'fid', '-o', 'f.json').outputs, ['f.json']);
  assert.equal(larmor('simulate', 'gre', 's.phantom', '--set', 'n=8', '-o', 'g.mrd', '-q').code, 0);
  const made = object('reconstruct', 'g.mrd', '-o', 'g.png');
  assert.deepEqual([made.raw, made.outputs, made.image.matrix], ['g.mrd', ['g.png'], [8, 8, 1]]);
  for (const name of ['s.phantom', 'f.json', 'g.png']) assert.ok(existsSync(join(where, name)), name);
});

test('-o - writes waveforms to standard output', () => {
  const { code, stdout } = larmor('sequence', 'waveforms', 'fid', '-o', '-');
  assert.equal(code, 0);
  assert.equal(JSON.parse(stdout).blocks.length, facts('fid').blocks);
});

test('a sequence file without an ending is read', () => {
  copyFileSync(seqFolder()(seqText()), join(where, 'scan'));
  assert.equal(larmor('sequence', 'waveforms', 'scan', '-o', 'scan.json').code, 0);
});

test('--engine auto leaves nothing of the drivers in the log', () => {
  // Enough operations for a GPU to be looked for.
  const { code, stderr } = larmor('plan', 'epi', 'head3d');
  assert.equal(code, 0, stderr);
  assert.equal(stderr, '');
});
