/**
 * Input that is read and has no effect: one warning through the built command, naming the file;
 * what has an effect has it.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readNpy } from '../../host/formats/npy.ts';
import { larmorSync } from '../../testing/larmor.ts';
import { niftiFile, writeHdf5 } from '../../testing/phantom-files.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { COMPLETE, seqText } from '../sequence/seq-text.ts';

const command = fileURLToPath(new URL('../../dist/larmor.js', import.meta.url));
const where = temporaryFolder();
const at = (name: string): string => join(where, name);

const larmor = (...args: readonly string[]) => larmorSync(args, where);

/** The warnings of a run that goes well, each printed once and listed in its summary. */
function warningsOf(...args: readonly string[]): readonly string[] {
  const { code, stdout, stderr } = larmor('simulate', ...args, '-o', 'out.npy', '--json');
  assert.equal(code, 0, stderr);
  const { warnings } = JSON.parse(stdout);
  const printed = stderr.split('\n').filter((line) => line.startsWith('larmor: warning: '));
  assert.deepEqual(
    printed,
    warnings.map((text: string) => `larmor: warning: ${text}`),
  );
  return warnings;
}

const sound = {
  gradients: '',
  adc: '[ADC]\n1 8 25000 200 0 0 0 0 0\n',
  rf: '[RF]\n1 200 1 2 0 500 100 0 0 0 0 e\n',
  shapes: '[SHAPES]\nshape_id 1\nnum_samples 1000\n1\n0\n0\n997\n\nshape_id 2\nnum_samples 1000\n0\n0\n998\n',
};
/** A pulse and a readout, the pulse's block with the extension list of that number. */
function seq(name: string, extensions: string, head = 1): string {
  const blocks = `[BLOCKS]\n1 150 1 0 0 0 0 ${extensions === '' ? 0 : head}\n2 100 0 0 0 0 1 0\n`;
  writeFileSync(at(name), seqText({ ...sound, blocks, extensions }));
  return name;
}
const time = (values: readonly number[]) => ({ data: Float64Array.from(values) });
const spins = (more = {}) => ({
  'position/x': time([0, 0.01]),
  'contrast/T1': time([1, 1]),
  'contrast/T2': time([0.1, 0.1]),
  ...more,
});
await writeHdf5(at('plain.phantom'), spins());

test('a phantom without surprises gives no warning', () => {
  assert.deepEqual(warningsOf(seq('plain.seq', ''), 'plain.phantom'), []);
});

test('T2* shorter than T2, and datasets that nobody knows', async () => {
  await writeHdf5(at('t2s.phantom'), spins({ 'contrast/T2s': time([0.05, 0.05]) }));
  const [t2s, ...more] = warningsOf('plain.seq', 't2s.phantom');
  assert.match(t2s, /^t2s\.phantom: T2\* shorter than T2 has no effect/);
  assert.equal(more.length, 0);
  await writeHdf5(
    at('more.phantom'),
    spins({ 'contrast/Dλ1': time([0, 1]), 'contrast/T2s': time([0.1, 0.2]), 'odd/a': time([1]) }),
  );
  assert.deepEqual(warningsOf('plain.seq', 'more.phantom'), ['more.phantom: odd, contrast/Dλ1: unknown, ignored']);
});

test('definitions that are no decimal numbers', () => {
  const blocks = '[BLOCKS]\n1 150 1 0 0 0 0 0\n2 100 0 0 0 0 1 0\n';
  const definitions = `${COMPLETE.definitions}FOV nan 0.2 0\nMatrix 0x10 16 1\nTE 0.005 1e-2\nTR 20ms\n`;
  writeFileSync(at('numbers.seq'), seqText({ ...sound, blocks, definitions, extensions: '' }));
  const told = warningsOf('numbers.seq', 'plain.phantom').filter((text) => text.includes('definition'));
  assert.deepEqual(
    told.map((text) => text.split(' has no')[0]),
    ["FOV 'nan 0.2 0'", "Matrix '0x10 16 1'", "TR '20ms'"].map((what) => `numbers.seq: the definition ${what}`),
  );
});

test('triggers, and shims of several channels', () => {
  const triggers = '[EXTENSIONS]\n1 2 1 0\nextension TRIGGERS 2\n1 1 3 0 100\n';
  assert.deepEqual(warningsOf(seq('trigger.seq', triggers), 'plain.phantom'), [
    'trigger.seq: block 1: an output trigger has no effect on a simulation',
  ]);
  const shims = '[EXTENSIONS]\n1 3 1 0\nextension RF_SHIMS 3\n1 2 1 0 0.5 3.14\n';
  assert.match(
    warningsOf(seq('shims.seq', shims), 'plain.phantom')[0],
    /^shims\.seq: block 1: RF_SHIMS of 2 channels have no effect/,
  );
});

test('the shim of one channel weights the pulse: flip angle and conjugated phase', () => {
  const signal = (name: string): readonly [number, number] => {
    assert.deepEqual(warningsOf(name, 'plain.phantom'), []);
    const { data } = readNpy(at('out.npy'));
    return [data[0], data[1]];
  };
  const shim = '[EXTENSIONS]\n1 3 1 0\nextension RF_SHIMS 3\n1 1 0.5 0.7\n';
  const [re, im] = signal(seq('shim1.seq', shim));
  const [re0, im0] = signal('plain.seq');
  const flip = JSON.parse(larmor('info', 'plain.seq', '--json').stdout).flipAngle;
  const ratio = Math.hypot(re, im) / Math.hypot(re0, im0);
  assert.ok(Math.abs(ratio - Math.sin(flip / 2) / Math.sin(flip)) < 1e-4, `${ratio}`);
  const turn = Math.atan2(im * re0 - re * im0, re * re0 + im * im0);
  assert.ok(Math.abs(turn + 0.7) < 1e-4, `${turn}`);
  assert.ok(Math.abs(JSON.parse(larmor('info', 'shim1.seq', '--json').stdout).flipAngle - flip / 2) < 1e-9);
});

test('a signal that is zero in every sample', () => {
  writeFileSync(
    at('silent.seq'),
    seqText({ ...sound, blocks: '[BLOCKS]\n1 100 0 0 0 0 1 0\n', rf: '', shapes: '', extensions: '' }),
  );
  assert.match(warningsOf('silent.seq', 'plain.phantom').at(-1)!, /the signal is zero in every sample/);
});

const table = { tissues: { 1: { density: 1, T1: 1, T2: 0.1 } } };
const image = (name: string): string => {
  writeFileSync(at(`${name}.nii`), niftiFile([2, 2, 1], Uint8Array.of(0, 1, 1, 0)));
  return `${name}.nii`;
};

test('a tissue table of another field, and its T2s', () => {
  const phantom = image('labels');
  writeFileSync(at('labels.json'), JSON.stringify(table));
  writeFileSync(at('3t.json'), '{"B0": 3}');
  assert.deepEqual(warningsOf('plain.seq', phantom), []);
  assert.match(
    warningsOf('plain.seq', phantom, '--scanner', '3t.json')[0],
    /^labels\.json: the tissues are those of 1\.5 T, but the scanner has 3 T/,
  );
  writeFileSync(at('t2s.json'), JSON.stringify({ tissues: { 1: { density: 1, T1: 1, T2: 0.1, T2s: 0.05 } } }));
  assert.match(
    warningsOf('plain.seq', phantom, '--set', 'tissues=t2s.json')[0],
    /^t2s\.json: T2s shorter than T2 \(labels 1\)/,
  );
});

test("a DICOM converter's JSON beside an image is not taken for a tissue table", () => {
  const phantom = image('scan');
  writeFileSync(at('scan.json'), '{"Manufacturer": "Siemens", "EchoTime": 0.003}');
  const { code, stderr } = larmor('simulate', 'plain.seq', phantom);
  assert.equal(code, 66);
  assert.match(
    stderr,
    /scan\.json: the JSON file beside the label image is not a tissue table.*--set tissues=FILE\.json/,
  );
});

test('options without the one that they need, a heart signal without triggers, and T2* that is T2', () => {
  const options = ['--seed', '3', '--checkpoint-interval', '5s', '--heart-rate', '1Hz', '--t2prime', 'analytic'];
  assert.deepEqual(warningsOf('plain.seq', 'plain.phantom', ...options), [
    'heart rate 1 Hz: no block of plain.seq has an input trigger, so none waits; only the physiology time stamps of ISMRMRD follow it',
    'plain.phantom: no T2* is shorter than T2; --t2prime analytic changes nothing',
    '--seed has no effect without --noise or --snr',
    '--checkpoint-interval has no effect without --checkpoint',
  ]);
  assert.deepEqual(warningsOf('plain.seq', 'plain.phantom', '--seed', '3', '--snr', '9'), []);
});

test('a noise covariance without noise, and one of coils that are replaced', () => {
  const receive = { array: { coils: 1 }, noiseCovariance: [[[1, 0]]] };
  writeFileSync(at('psi.json'), JSON.stringify({ receive }));
  assert.deepEqual(warningsOf('plain.seq', 'plain.phantom', '--scanner', 'psi.json'), [
    'psi.json: receive.noiseCovariance has no effect without --noise or --snr',
  ]);
  assert.deepEqual(warningsOf('plain.seq', 'plain.phantom', '--scanner', 'psi.json', '--coils', '1', '--snr', '9'), [
    'psi.json: receive.noiseCovariance has no effect: --coils replaces the coils that it belongs to',
  ]);
});

test('maps of B1 and of coils in per cent', () => {
  const cube = niftiFile([4, 4, 4], new Uint8Array(64).fill(100), [100, 100, 100], [-150, -150, -150]);
  writeFileSync(at('percent.nii'), cube);
  const told = warningsOf('plain.seq', 'plain.phantom', '--b1-map', 'percent.nii', '--coils', 'percent.nii');
  assert.match(told[0], /percent\.nii: reaches 100, which is implausible; B1\+ is relative to the nominal field, 1/);
  assert.match(told[1], /percent\.nii: reaches 100, which is implausible; sensitivities/);
  assert.equal(told.length, 2);
});

test('a key that no scanner has is an error with the likely one', () => {
  writeFileSync(at('later.json'), '{"Gmx": 0.04}');
  assert.match(larmor('info', 'plain.seq', '--scanner', 'later.json').stderr, /unknown key 'Gmx'; did you mean Gmax\?/);
});

test('.cfl says which BART command reads it', () => {
  const grid = larmor('simulate', 'epi', 'plain.phantom', '--set', 'n=8', '-o', 'g.cfl');
  assert.match(grid.stderr, /g\.cfl: read it with: bart fft -i -u 7 g g_image/);
  const free = larmor('simulate', 'plain.seq', 'plain.phantom', '-o', 'f.cfl');
  assert.match(free.stderr, /f\.cfl: read it with: bart /);
});

test('a message comes once, also from several ranks', (t) => {
  const mpirun = spawnSync('mpirun.openmpi', ['--version']);
  if (mpirun.status !== 0) return t.skip('needs Open MPI (openmpi-bin)');
  copyFileSync(at('trigger.seq'), at('again.seq'));
  const run = ['--allow-run-as-root', '--oversubscribe', '--bind-to', 'none', '-np', '2'];
  const args = ['simulate', 'again.seq', 't2s.phantom'];
  const { stderr, status } = spawnSync('mpirun.openmpi', [...run, process.execPath, command, ...args, '-o', 'm.npy'], {
    encoding: 'utf8',
    cwd: where,
  });
  assert.equal(status, 0, stderr);
  assert.equal(stderr.match(/output trigger/g)?.length, 1, stderr);
  assert.equal(stderr.match(/T2\* shorter/g)?.length, 1, stderr);
});
