/**
 * Small files that ask for much, and names that are no files: through the whole command, each ends
 * in one line that names the number and the limit, within seconds and without the memory.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import * as h5 from 'h5wasm/node';
import { errorLines, larmor } from '../../testing/larmor.ts';
import { niftiFile, writeHdf5, writeTable } from '../../testing/phantom-files.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { seqText } from '../sequence/seq-text.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(at(name), content);
  return at(name);
};
const tissues = writeTable(at('tissues.json'), [1], { voxelSize: 0.001 });
const one = { extensions: '', gradients: '', trap: '' };
const shapes = (samples: number, code: string): string =>
  `[SHAPES]\nshape_id 1\nnum_samples ${samples}\n${code}\n${samples - 2}\n\nshape_id 2\nnum_samples ${samples}\n0\n0\n${samples - 2}\n`;

/** An image that its header says to be large, of zeros. */
function niftiBomb(): Buffer {
  const image = Buffer.concat([niftiFile([1, 1, 1], new Uint8Array(0)), Buffer.alloc(2 ** 22)]);
  [640, 640, 640].forEach((extent, n) => {
    image.writeInt16LE(extent, 42 + 2 * n);
  });
  return gzipSync(image);
}

/** A level 5 MAT-file with one compressed variable that inflates to 256 MiB. */
function matBomb(): Buffer {
  const header = Buffer.alloc(128, 32);
  header.writeUInt16LE(0x0100, 124);
  header.write('IM', 126);
  const packed = deflateSync(Buffer.alloc(2 ** 28));
  const tag = Buffer.alloc(8);
  tag.writeUInt32LE(15, 0);
  tag.writeUInt32LE(packed.length, 4);
  return Buffer.concat([header, tag, packed]);
}

async function linked(name: string, link: (target: h5.File) => void): Promise<string> {
  await writeHdf5(at('elsewhere.h5'), { x: { data: Float64Array.of(1, 2, 3) } });
  const made = new h5.File(at(name), 'w');
  link(made);
  made.close();
  return at(name);
}

for (const name of ['pipe.seq', 'pipe.h5', 'pipe.nii', 'pipe.mat', 'pipe.json', 'pipe.mrd'])
  spawnSync('mkfifo', [at(name)]);
const image = file('image.nii', niftiFile([1, 1, 1], Uint8Array.of(1)));

const cases: readonly (readonly [what: string, code: number, line: RegExp, args: readonly string[]])[] = [
  [
    'a readout of 2·10⁹ samples',
    65,
    /2000000000 samples would take .* the limit for a file of \d+ bytes is 448 MiB; .*LARMOR_MEMORY/,
    [
      file(
        'adc.seq',
        seqText({
          ...one,
          blocks: '[BLOCKS]\n1 300000000 0 0 0 0 1 0\n',
          adc: '[ADC]\n1 2000000000 1000 100 0 0 0 0 0\n',
        }),
      ),
      'column',
    ],
  ],
  [
    'a pulse of 2·10⁹ different samples',
    65,
    /runs of shape 1 would take .* the limit/,
    [
      file(
        'ramp.seq',
        seqText({ ...one, blocks: '[BLOCKS]\n1 300000000 1 0 0 0 0 0\n', shapes: shapes(2e9, '1e-9\n1e-9') }),
      ),
      'column',
    ],
  ],
  [
    'a pulse that takes 10⁹ steps',
    65,
    /RF steps of a pulse would take .* the limit/,
    [
      file(
        'strong.seq',
        seqText({
          ...one,
          rf: '[RF]\n1 100 1 0 2 50 100 0 0 0 0 e\n',
          blocks: '[BLOCKS]\n1 100000100 1 0 0 0 0 0\n2 100 0 0 0 0 1 0\n',
          adc: '[ADC]\n1 8 25000 20 0 0 0 0 0\n',
          shapes: '[SHAPES]\nshape_id 1\nnum_samples 2\n0\n1\n\nshape_id 2\nnum_samples 2\n0\n900000000\n',
        }),
      ),
      'column',
    ],
  ],
  [
    'a compressed image of 262 million voxels',
    65,
    /262144000 voxels would take 250 MiB, the limit/,
    ['fid', file('bomb.nii.gz', niftiBomb()), '--set', `tissues=${tissues}`],
  ],
  [
    'a compressed variable of 256 MiB',
    65,
    /a compressed variable would take 192 MiB, the limit/,
    ['fid', file('bomb.mat', matBomb()), '--set', `tissues=${tissues}`],
  ],
  [
    'an external link',
    65,
    /refers to another file, '.*elsewhere\.h5'; copy its data/,
    [
      'fid',
      await linked('external.phantom', (made) => {
        made.create_group('position');
        made.create_external_link(at('elsewhere.h5'), '/x', 'position/x');
      }),
    ],
  ],
  [
    'a group that lies in another file',
    65,
    /refers to another file/,
    ['fid', await linked('group.phantom', (made) => made.create_external_link(at('elsewhere.h5'), '/', 'position'))],
  ],
  ['a pipe for a sequence', 66, /pipe\.seq: is a pipe/, [at('pipe.seq'), 'column']],
  ['a pipe for HDF5', 66, /pipe\.h5: is a pipe/, ['fid', at('pipe.h5')]],
  ['a pipe for an image', 66, /pipe\.nii: is a pipe/, ['fid', at('pipe.nii'), '--set', `tissues=${tissues}`]],
  ['a pipe for a MAT-file', 66, /pipe\.mat: is a pipe/, ['fid', at('pipe.mat'), '--set', `tissues=${tissues}`]],
  ['a pipe for tissues', 66, /pipe\.json: is a pipe/, ['fid', image, '--set', `tissues=${at('pipe.json')}`]],
  ['a pipe for the scanner', 66, /pipe\.json: is a pipe/, ['fid', 'column', '--scanner', at('pipe.json')]],
  ['a device for the scanner', 66, /\/dev\/zero: is not a regular file/, ['fid', 'column', '--scanner', '/dev/zero']],
  ['a device for a phantom', 66, /\/dev\/zero: is not a regular file/, ['fid', '/dev/zero']],
];

for (const [what, code, line, args] of cases) {
  test(`${what}: exit ${code}`, async () => {
    const outcome = await larmor(['simulate', ...args, '-o', 'out.npy']);
    assert.equal(outcome.code, code, outcome.stderr);
    const lines = errorLines(outcome);
    assert.match(lines.at(-1) ?? '', line);
    assert.equal(lines.length, 1, outcome.stderr);
    assert.deepEqual(outcome.left, []);
  });
}

test('a pipe for raw data: exit 66', async () => {
  assert.equal((await larmor(['reconstruct', at('pipe.mrd')])).code, 66);
});

test('LARMOR_MEMORY allows more, or less', async () => {
  const args = [
    'info',
    file(
      'long.seq',
      seqText({ ...one, blocks: '[BLOCKS]\n1 10000000 0 0 0 0 1 0\n', adc: '[ADC]\n1 100000 1000 100 0 0 0 0 0\n' }),
    ),
  ];
  assert.equal((await larmor(args)).code, 0);
  const less = await larmor(args, { environment: { LARMOR_MEMORY: '1M' } });
  assert.equal(less.code, 65);
  assert.match(less.stderr, /100000 samples would take 5\.72 MiB, the limit for a file of \d+ bytes is 1 MiB/);
});

test('names in files are no commands to the terminal', async () => {
  const outcome = await larmor([
    'info',
    file('label.seq', seqText({ extensions: '[EXTENSIONS]\n1 1 1 0\nextension A\x9b31m\u202eB 1\n1 x\n' })),
  ]);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  assert.doesNotMatch(outcome.stdout + outcome.stderr, /[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
  assert.match(outcome.stderr, /extension A\\u009b31m\\u202eB is unknown/);
});

test('names that every object has are names like others', async () => {
  for (const name of ['__proto__', 'constructor']) {
    const extension = await larmor([
      'info',
      file(
        'name.seq',
        seqText({
          extensions: `[EXTENSIONS]\n1 1 1 0\nextension ${name} 1\n1 x\n`,
          definitions: `[DEFINITIONS]\n${name} 5\nRequiredExtensions LABELSET\n`,
        }),
      ),
      '--json',
    ]);
    assert.equal(extension.code, 0, extension.stderr);
    assert.match(extension.stderr, new RegExp(`extension ${name} is unknown`));
    assert.equal(Object.entries(JSON.parse(extension.stdout).definitions).find(([key]) => key === name)?.[1], '5');
    const needed = await larmor([
      'info',
      file('needed.seq', seqText({ definitions: `[DEFINITIONS]\nRequiredExtensions ${name}\n` })),
    ]);
    assert.equal(needed.code, 65, needed.stderr);
    const set = await larmor(['simulate', 'fid', 'column', '--set', `phantom.${name}=1`]);
    assert.equal(set.code, 2, set.stderr);
    assert.match(set.stderr, new RegExp(`has no parameter '${name}'`));
  }
});
