/**
 * Phantoms of quantitative maps: formulas, partial volumes, defaults, and each entry that is wrong.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LarmorError } from '../../host/base/errors.ts';
import { parseFormula } from '../../host/phantom/expression.ts';
import { openPhantom } from '../../host/phantom/open.ts';
import { spinBlock } from '../../host/phantom/types.ts';
import { niftiMap } from '../../testing/phantom-files.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const folder = temporaryFolder();
const AFFINE = [
  [2, 0, 0, 10],
  [0, 2, 0, -20],
  [0, 0, 3, 5],
];
const map = (name: string, volumes: number, ...values: number[]): void =>
  writeFileSync(join(folder, name), niftiMap([2, 1, 1, volumes], AFFINE, Float32Array.from(values)));
map('pd.nii', 2, 0.8, 0, 0.2, 1);
map('t1.nii', 1, 1.25, 0);
map('off.nii', 1, 30, -50);
const $schema = 'https://github.com/mrx-org/nifti-phantoms/nifti-phantom-v1';
const water = { density: 'pd.nii[0]', T1: 't1.nii[0]', T2: 0.1 };

let made = 0;
function file(content: unknown): string {
  const path = join(folder, `${made++}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}
const phantom = (tissues: object, more: object = {}): string => file({ $schema, system: { B0: 3 }, tissues, ...more });

test('a spin for every voxel and tissue with density', async () => {
  const messages: string[] = [];
  const fat = { density: 'pd.nii[1]', T1: 0.35, dB0: { file: 'off.nii[0]', func: '(x - x_min) / 2 - 440' }, odd: 1 };
  const source = await openPhantom(phantom({ water, fat }), {}, { warn: (text) => messages.push(text) });
  assert.deepEqual([source.spinCount, source.B0], [3, 3]);
  const block = spinBlock(3);
  source.read(0, 3, block);
  const near = (column: Float32Array, ...want: number[]): void =>
    want.forEach((value, n) => {
      assert.ok(Math.abs(column[n] - value) < 1e-6 * Math.max(1, Math.abs(value)));
    });
  near(block.density, 0.8, 0.2, 1);
  near(block.T1, 1.25, 0.35, 0.35);
  // No T2: twice T1, with a warning.
  near(block.T2, 0.1, 0.7, 0.7);
  near(block.offResonance, 0, 2 * Math.PI * -400, 2 * Math.PI * -440);
  // RAS (10, −20, 5) mm is (−10, 20, 5) mm in LPS.
  near(block.x, -0.01, -0.01, -0.012);
  near(block.y, 0.02, 0.02, 0.02);
  near(block.z, 0.005, 0.005, 0.005);
  assert.equal(messages.length, 2);
  assert.match(messages[0], /tissue 'fat': odd: unknown, ignored/);
  assert.match(messages[1], /tissue 'fat' has no T2/);
});

test('formulas', () => {
  const value = (text: string): number => parseFormula(text, ['x', 'x_max'])({ x: 4, x_max: 10 });
  assert.deepEqual(['x - 440', '-x * 2 + 1', '2 / (x_max - x) / 2', '1e-3*x', '-(-x)', '.5 - - 2'].map(value), [
    -436,
    -7,
    1 / 6,
    0.004,
    4,
    2.5,
  ]);
  for (const text of ['', 'x +', '(x', 'x)', '2 x', 'y', 'x ** 2', '__import__("os")', 'x.real'])
    assert.throws(() => parseFormula(text, ['x']), SyntaxError, text);
});

test('each wrong entry is named', async () => {
  map('nan.nii', 1, Number.NaN, 1);
  writeFileSync(join(folder, 'other.nii'), niftiMap([3, 1, 1], AFFINE, Float32Array.of(1, 1, 1)));
  const fails = async (code: number, message: RegExp, path: string): Promise<void> =>
    assert.rejects(openPhantom(path, {}, { warn() {} }), (error) => {
      assert.ok(error instanceof LarmorError, String(error));
      assert.match(error.message, message);
      return error.exitCode === code;
    });
  await fails(65, /is not a phantom of maps/, file({ tissues: {} }));
  await fails(
    65,
    /version 2 of the format is not supported/,
    file({ $schema: $schema.replace('v1', 'v2'), tissues: {} }),
  );
  await fails(65, /units\.T1 is 'ms'; the format has s/, phantom({ water }, { units: { T1: 'ms' } }));
  await fails(65, /has no tissues/, phantom({}));
  await fails(65, /tissue 'water': has no density/, phantom({ water: { T1: 1 } }));
  await fails(66, /none\.nii: no such file/, phantom({ water: { ...water, T1: 'none.nii[0]' } }));
  await fails(65, /'t1\.nii' does not name a volume of a file/, phantom({ water: { ...water, T1: 't1.nii' } }));
  await fails(65, /t1\.nii has 1 volumes, no number 1/, phantom({ water: { ...water, T1: 't1.nii[1]' } }));
  await fails(
    65,
    /func 'x @ 2': '@ 2' cannot be read/,
    phantom({ water: { ...water, dB0: { file: 'off.nii[0]', func: 'x @ 2' } } }),
  );
  await fails(65, /other\.nii: differs in its voxel grid from/, phantom({ water: { ...water, T1: 'other.nii[0]' } }));
  await fails(65, /tissue 'water' voxel \(0, 0, 0\): T1 is NaN/, phantom({ water: { ...water, T1: 'nan.nii[0]' } }));
  await fails(65, /tissue 'water' voxel \(1, 0, 0\): T1 is 0/, phantom({ water: { ...water, density: 1 } }));
  await fails(65, /'reslice_to' is not supported/, phantom({ water }, { reslice_to: {} }));
  const two = { ...water, 'B1+': [1, 1] };
  await fails(65, /tissue 'fat' has 1 B1\+ channels, tissue 'water' 2/, phantom({ water: two, fat: water }));
});

test('a folder of quantitative maps', async () => {
  const place = temporaryFolder();
  const put = (name: string, ...values: number[]): void =>
    writeFileSync(join(place, name), niftiMap([2, 1, 1], AFFINE, Float32Array.from(values)));
  const open = (messages: string[] = []) => openPhantom(place, {}, { warn: (text) => messages.push(text) });
  put('sub-01_T2map.nii', 0.08, 0.1);
  await assert.rejects(open(), /is a directory without T1map\.nii\.gz/);
  put('sub-01_T1map.nii', 1200, Number.NaN);
  await assert.rejects(open(), /T1map\.nii: its median is 1\.20e\+3 s; give s, or a sidecar with "Units": "ms"/);
  writeFileSync(join(place, 'sub-01_T1map.json'), JSON.stringify({ Units: 'ms', MagneticFieldStrength: 7 }));
  put('sub-01_R2starmap.nii', 25, 0);
  put('sub-01_B0map.nii', -20, 0);
  writeFileSync(join(place, 'sub-01_TB1map.json'), JSON.stringify({ Units: 'percent' }));
  put('sub-01_TB1map.nii', 80, 100);
  const messages: string[] = [];
  const source = await open(messages);
  // The second voxel has no T1.
  assert.deepEqual([source.spinCount, source.B0, source.transmit!.channels], [1, 7, 1]);
  const block = spinBlock(1);
  source.read(0, 1, block);
  const want = { density: 1, T1: 1.2, T2: 0.08, T2s: 0.04, offResonance: -40 * Math.PI };
  for (const [name, value] of Object.entries(want))
    assert.ok(Math.abs(block[name as keyof typeof want][0] / value - 1) < 1e-6, name);
  const b = [new Float64Array(1), new Float64Array(1)];
  source.transmit!.read(0, 1, b);
  assert.ok(Math.abs(b[0][0] - 0.8) < 1e-7 && b[1][0] === 0);
  assert.match(messages.join(), /T2\* shorter than T2 has no effect/);
  put('sub-01_TB1map.nii', Number.NaN, 100);
  await assert.rejects(open(), /sub-01_TB1map\.nii: voxel \(0, 0, 0\) is NaN; replace it by a finite number/);
  // Where there is no spin it may be anything.
  put('sub-01_TB1map.nii', 80, Number.NaN);
  assert.equal((await open()).spinCount, 1);
  put('sub-02_T1map.nii', 1, 1);
  await assert.rejects(open(), /holds sub-01_T1map\.nii and sub-02_T1map\.nii/);
});
