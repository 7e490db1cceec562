/**
 * Every way a run can be refused, as the user meets it: the exit code, one line that names the
 * place, and nothing left behind. What the readers refuse is tested file by file elsewhere; here
 * each goes through the whole command.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { errorLines, larmor } from '../../testing/larmor.ts';
import { type Hdf5Dataset, writeHdf5 } from '../../testing/phantom-files.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { seqText } from '../sequence/seq-text.ts';

const inputs = temporaryFolder();
const at = (name: string): string => join(inputs, name);
const seq = (name: string, changes: Readonly<Record<string, string>>): string => {
  writeFileSync(at(name), seqText(changes));
  return at(name);
};
const phantom = (name: string, change: Readonly<Record<string, Hdf5Dataset>>): Promise<string> =>
  writeHdf5(at(name), {
    'position/x': { data: Float64Array.of(0, 0.01) },
    'contrast/T1': { data: Float64Array.of(1, 1) },
    'contrast/T2': { data: Float64Array.of(0.1, 0.1) },
    ...change,
  });
const T1 = (value: number): Record<string, Hdf5Dataset> => ({ 'contrast/T1': { data: Float64Array.of(1, value) } });
const T2 = (value: number): Record<string, Hdf5Dataset> => ({ 'contrast/T2': { data: Float64Array.of(1, value) } });

/** One block pulse and one readout: nothing to complain of. */
const sound = {
  blocks: '[BLOCKS]\n1 100 1 0 0 0 0 0\n2 100 0 1 0 0 1 0\n',
  rf: '[RF]\n1 2500 1 2 0 50 100 0 0 0 0 e\n',
  extensions: '',
  gradients: '',
  adc: '[ADC]\n1 8 25000 200 0 0 0 0 0\n',
};
writeFileSync(at('empty.seq'), '');
const whole = seqText(sound);
writeFileSync(at('truncated.seq'), whole.slice(0, whole.indexOf('shape_id 2') + 15));
mkdirSync(at('folder.seq'));
const none = new Float64Array(0);

const cases: readonly (readonly [what: string, code: number, line: RegExp, args: readonly string[]])[] = [
  ['a missing sequence', 66, /missing\.seq: no such file/, [at('missing.seq'), 'column']],
  ['a missing phantom', 66, /missing\.h5: no such file/, ['fid', at('missing.h5')]],
  ['a directory', 66, /folder\.seq: is a directory/, [at('folder.seq'), 'column']],
  ['an empty file', 65, /empty\.seq/, [at('empty.seq'), 'column']],
  ['a truncated sequence', 65, /truncated\.seq/, [at('truncated.seq'), 'column']],
  [
    'a shape that does not exist',
    65,
    /shape\.seq:\d+: .*9/,
    [seq('shape.seq', { ...sound, rf: '[RF]\n1 2500 9 2 0 50 100 0 0 0 0 e\n' }), 'column'],
  ],
  [
    'a negative duration',
    65,
    /negative\.seq:\d+: .*-100/,
    [seq('negative.seq', { ...sound, blocks: '[BLOCKS]\n1 -100 1 0 0 0 0 0\n2 100 0 1 0 0 1 0\n' }), 'column'],
  ],
  [
    'NaN in a shape',
    65,
    /nan\.seq:\d+/,
    [
      seq('nan.seq', {
        ...sound,
        shapes: '[SHAPES]\nshape_id 1\nnum_samples 3\n1\nnan\n1\n\nshape_id 2\nnum_samples 3\n0\n0\n0\n',
      }),
      'column',
    ],
  ],
  [
    'an RF pulse during the ADC',
    65,
    /overlap\.seq, block 1: the readout and the RF pulse overlap/,
    [
      seq('overlap.seq', {
        ...sound,
        blocks: '[BLOCKS]\n1 100 1 0 0 0 1 0\n',
        adc: '[ADC]\n1 8 25000 120 0 0 0 0 0\n',
      }),
      'column',
    ],
  ],
  [
    'a gradient past the scanner, --strict',
    65,
    /steep\.seq.*--strict/,
    [seq('steep.seq', { ...sound, trap: '[TRAP]\n1 9000000 100 300 100 0\n' }), 'column', '--strict'],
  ],
  [
    'no spins',
    65,
    /none\.phantom/,
    [
      'fid',
      await phantom('none.phantom', {
        'position/x': { data: none },
        'contrast/T1': { data: none },
        'contrast/T2': { data: none },
      }),
    ],
  ],
  ['T1 of 0', 65, /zero\.phantom spin 1: T1 is 0/, ['fid', await phantom('zero.phantom', T1(0))]],
  ['T2 of NaN', 65, /nan\.phantom spin 1: T2 is NaN/, ['fid', await phantom('nan.phantom', T2(Number.NaN))]],
  [
    'T1 of Infinity',
    65,
    /infinite\.phantom spin 1: T1 is Infinity/,
    ['fid', await phantom('infinite.phantom', T1(Number.POSITIVE_INFINITY))],
  ],
  [
    'HDF5 that holds no phantom',
    65,
    /other\.h5: is not a phantom/,
    ['fid', await writeHdf5(at('other.h5'), { 'a/b': { data: Float64Array.of(1) } })],
  ],
  [
    'an output folder that does not exist',
    73,
    /nowhere.*out\.mrd/,
    ['fid', 'column', '-o', join(inputs, 'nowhere', 'out.mrd')],
  ],
  ['an output that is no raw data', 2, /out\.jpg/, ['fid', 'column', '-o', 'out.jpg']],
  ['an unknown option', 2, /unknown option '--fast'/, ['fid', 'column', '--fast']],
  ['a tile of 0', 2, /--tile/, ['fid', 'column', '--tile', '0']],
  ['an unknown sequence', 2, /there is no sequence 'fidd'/, ['fidd']],
  ['an unknown parameter', 2, /sampels/, ['fid', 'column', '--set', 'sequence.sampels=3']],
];

for (const [what, code, line, args] of cases) {
  test(`${what}: exit ${code}`, async () => {
    const outcome = await larmor(['simulate', ...args]);
    assert.equal(outcome.code, code, outcome.stderr);
    const [message, ...more] = errorLines(outcome);
    assert.match(message, line);
    // Commander adds where help is; nobody else has a second line, and nobody a stack.
    assert.ok(more.length === 0 || (code === 2 && /--help/.test(more.join(''))), outcome.stderr);
    assert.doesNotMatch(outcome.stderr, /\n\s+at /);
    assert.equal(outcome.stdout, '');
    assert.deepEqual(outcome.left, []);
  });
}

test('a gradient past the scanner is warned of, and played, without --strict', async () => {
  const outcome = await larmor(['simulate', at('steep.seq'), 'column', '-o', 'out.npy']);
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.match(outcome.stderr, /warning: .*steep\.seq: block 2/);
  assert.deepEqual(outcome.left, ['out.npy']);
});

test('a disk that fills up: exit 73, what stood there stays', async (t) => {
  const disk = temporaryFolder();
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status !== 0) {
    t.skip('mounting a small disk needs root');
    return;
  }
  try {
    writeFileSync(join(disk, 'out.npy'), 'before');
    const outcome = await larmor(['simulate', 'fid', 'column', '--set', 'samples=100000', '-o', 'out.npy'], {
      folder: disk,
    });
    assert.equal(outcome.code, 73, outcome.stderr);
    assert.match(errorLines(outcome).at(-1) ?? '', /out\.npy: .*no space left/);
    assert.deepEqual(outcome.left, ['out.npy']);
  } finally {
    spawnSync('umount', [disk]);
  }
});
