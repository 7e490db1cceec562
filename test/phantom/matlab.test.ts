/** The MAT-file reader against files MATLAB wrote and files scipy writes. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LarmorError } from '../../host/base/errors.ts';
import { type MatValue, matField, readMatlab } from '../../host/formats/matlab.ts';
import { caseFiles, cases, skipWithoutCases } from '../../testing/cases.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { requirePython } from '../../testing/tools.ts';

const folder = temporaryFolder();
const read = (path: string): Map<string, MatValue> => readMatlab(readFileSync(path), path);

test('label images of MATLAB', skipWithoutCases(), () => {
  const brain = read(cases('phantoms/brain2D.mat'));
  assert.deepEqual([...brain.keys()], ['axial', 'coronal', 'sagittal']);
  const axial = brain.get('axial');
  assert.ok(axial?.kind === 'numeric');
  assert.deepEqual(axial.dims, [434, 362]);
  const labels = [...new Set(axial.data)].sort((a, b) => a - b);
  assert.deepEqual(labels, [0, 23, 46, 70, 93, 116, 139, 162, 185, 209, 232, 255]);
});

test('waveforms of MATLAB: a cell of structs of structs', skipWithoutCases(), () => {
  for (const path of caseFiles('pulseq', '.mat')) {
    const sequence = read(path).get('sequence');
    assert.ok(sequence?.kind === 'cell' && sequence.cells.length === sequence.dims[0] * sequence.dims[1]);
    for (const block of sequence.cells) {
      for (const channel of ['rf', 'df', 'gx', 'gy', 'gz', 'adc']) {
        const [t, amplitude] = ['t', 'A'].map((name) => matField(matField(block, channel), name));
        assert.ok(t?.kind === 'numeric' && amplitude?.kind === 'numeric');
        assert.equal(t.data.length, amplitude.data.length);
      }
    }
  }
});

test('every kind of array scipy writes, plain and compressed', (t) => {
  const python = requirePython(t, ['scipy', 'numpy'], 'python3-scipy');
  if (!python) return;
  const program = `
import sys, numpy as np, scipy.io as io
cell = np.empty((1, 3), dtype=object)
cell[0, 0] = np.array([[1.5, 2.5]]); cell[0, 1] = 'text'; cell[0, 2] = np.zeros((0, 0))
data = {'f8': np.arange(6.).reshape(2, 3) + .5, 'f4': np.float32([[.25]]), 'i8': np.int64([[-2**40, 3]]),
  'u1': np.uint8([[1], [255]]), 'yes': np.array([[True, False]]), 'z': np.array([[1 + 2j, 3 - 4j]]),
  'word': 'Larmor é', 'cell': cell, 'deep': {'a': {'b': 7.0}, 'list': np.array([1., 2.])},
  'volume': np.arange(24, dtype='i2').reshape(2, 3, 4)}
for name, packed in [('plain', False), ('packed', True)]:
    io.savemat(sys.argv[1] + '/' + name + '.mat', data, do_compression=packed)`;
  const run = spawnSync(python, ['-c', program, folder], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  for (const name of ['plain', 'packed']) {
    const values = read(join(folder, `${name}.mat`));
    const numbers = (value: MatValue | undefined): number[] => (value?.kind === 'numeric' ? [...value.data] : []);
    assert.deepEqual(numbers(values.get('f8')), [0.5, 3.5, 1.5, 4.5, 2.5, 5.5]);
    assert.deepEqual(numbers(values.get('f4')), [0.25]);
    assert.deepEqual(numbers(values.get('i8')), [-(2 ** 40), 3]);
    assert.deepEqual(numbers(values.get('u1')), [1, 255]);
    assert.deepEqual(numbers(values.get('yes')), [1, 0]);
    const z = values.get('z');
    assert.ok(z?.kind === 'numeric' && z.imag);
    assert.deepEqual([...z.data, ...z.imag], [1, 3, 2, -4]);
    const word = values.get('word');
    assert.ok(word?.kind === 'char' && word.text === 'Larmor é');
    const cell = values.get('cell');
    assert.ok(cell?.kind === 'cell');
    assert.deepEqual(
      cell.cells.map((item) => item.kind),
      ['numeric', 'char', 'numeric'],
    );
    assert.deepEqual(numbers(matField(matField(values.get('deep'), 'a'), 'b')), [7]);
    const volume = values.get('volume');
    assert.ok(volume?.kind === 'numeric');
    assert.deepEqual(volume.dims, [2, 3, 4]);
    assert.equal(volume.data[1], 12);
  }
});

test('what is no level 5 file, or ends early, is refused in one line', skipWithoutCases(), () => {
  const refused = (bytes: Uint8Array, message: RegExp): void => {
    assert.throws(
      () => readMatlab(bytes, 'x.mat'),
      (error) => error instanceof LarmorError && error.exitCode === 65 && message.test(error.message),
    );
  };
  refused(new Uint8Array(10), /^x\.mat: too short for a MAT-file/);
  refused(new Uint8Array(200), /is not a MATLAB level 5 file; save it with -v7/);
  refused(readFileSync(cases('koma/column1d.signal.mat')), /is a MATLAB 7.3 file \(HDF5\); save it with -v7/);
  const whole = readFileSync(cases('phantoms/pelvis2D.mat'));
  for (const part of [0.1, 0.5, 0.99]) refused(whole.subarray(0, whole.length * part), /corrupt MAT-file/);
});
