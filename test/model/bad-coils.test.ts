/**
 * Coils and B1 maps that cannot be simulated end the built command with one line, before anything
 * is written.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { npyHeader } from '../../host/formats/npy.ts';
import { errorLines, larmor } from '../../testing/larmor.ts';
import { niftiMap } from '../../testing/phantom-files.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const place = temporaryFolder();
const at = (name: string): string => join(place, name);

/** A real map of volumes: voxels of 50 mm about the isocentre, 7 along each axis cover any head. */
function cube(count: number, volumes: number, value: (n: number) => number): Buffer {
  const reach = 25 * (count - 1);
  const affine = [0, 1, 2].map((row) => [...[0, 1, 2].map((column) => (row === column ? 50 : 0)), -reach]);
  const size = [count, count, count, ...(volumes > 1 ? [volumes] : [])];
  return niftiMap(
    size,
    affine,
    Float32Array.from({ length: count ** 3 * volumes }, (_, n) => value(n)),
  );
}

writeFileSync(
  at('good2.nii'),
  cube(7, 2, () => 1),
);
writeFileSync(
  at('small.nii'),
  cube(2, 1, () => 1),
);
writeFileSync(
  at('nan.nii'),
  cube(7, 1, (n) => (n === 9 ? Number.NaN : 1)),
);
writeFileSync(
  at('zero.nii'),
  cube(7, 2, () => 0),
);
writeFileSync(
  at('negative.nii'),
  cube(7, 2, () => -1),
);
writeFileSync(
  at('huge.nii'),
  cube(7, 1, () => 3e38),
);
writeFileSync(at('text.nii'), 'not a map');
writeFileSync(at('flat.npy'), Buffer.concat([npyHeader('<c8', '(4, 4)'), Buffer.alloc(128)]));
writeFileSync(at('maps.cfl'), Buffer.alloc(8 * 32));
writeFileSync(at('maps.hdr'), '# Dimensions\n2 2 2 2 2\n');
writeFileSync(at('short.cfl'), Buffer.alloc(8));
writeFileSync(at('short.hdr'), '# Dimensions\n2 2 2 2\n');
writeFileSync(at('alone.cfl'), Buffer.alloc(8));
const loop = { centre: [0.05, 0, 0], normal: [1, 0, 0], radius: 0.03 };

const wrong: [name: string, options: string[] | object, code: number, message: RegExp][] = [
  ['no such file', ['--coils', 'none.nii'], 66, /none\.nii: no such file/],
  ['a number of coils that is none', ['--coils', '0'], 2, /give a number of coils from 1 to 1024/],
  ['a number of coils with an exponent', ['--coils', '1e4'], 2, /give a number of coils from 1 to 1024/],
  ['a file without orientation', ['--coils', 'flat.npy'], 2, /do not state their position/],
  ['not a NIfTI file', ['--coils', 'text.nii'], 65, /text\.nii: /],
  ['NaN', ['--coils', 'nan.nii'], 65, /nan\.nii: voxel \(2, 1, 0\) is NaN/],
  [
    'a map that is too small',
    ['--coils', 'small.nii'],
    65,
    /small\.nii: does not cover head2d spin \d+ at \(.* mm \(LPS\)/,
  ],
  ['coils beyond f32', ['--coils', 'huge.nii'], 65, /huge\.nii: reaches 3e\+38, beyond 1000000000000; check its unit/],
  ['B1 beyond f32', ['--b1-map', 'huge.nii'], 65, /huge\.nii: reaches 3e\+38, beyond 1000000; check its unit: B1\+/],
  ['no sensitivity anywhere', ['--coils', 'zero.nii'], 65, /no coil receives from any spin/],
  [
    'a wire in the head',
    { receive: { coils: [loop] } },
    65,
    /s\.json: the wire of coil 1 runs through head2d spin \d+ at/,
  ],
  [
    'negative magnitudes',
    { receive: { magnitude: 'negative.nii', phase: 'zero.nii' } },
    65,
    /negative\.nii: voxel .* is -1/,
  ],
  ['a pair of other volumes', { receive: { magnitude: 'good2.nii', phase: 'nan.nii' } }, 65, /nan\.nii/],
  ['two dimensions', { receive: { file: 'flat.npy', fov: [0.3, 0.3, 0.3] } }, 65, /flat\.npy: has 2 dimensions/],
  ['sets of maps', { receive: { file: 'maps.cfl', fov: [0.3, 0.3, 0.3] } }, 65, /maps\.cfl: holds 2 sets of maps/],
  ['a .cfl that is cut short', { receive: { file: 'short.cfl', fov: [0.3, 0.3, 0.3] } }, 65, /short\.cfl: 8 bytes/],
  ['a .cfl without .hdr', { receive: { file: 'alone.cfl', fov: [0.3, 0.3, 0.3] } }, 66, /alone\.hdr: no such file/],
  ['B1: too small', ['--b1-map', 'small.nii'], 65, /small\.nii: does not cover head2d spin/],
  ['B1: NaN', ['--b1-map', 'nan.nii'], 65, /nan\.nii: voxel \(2, 1, 0\) is NaN/],
  [
    'a covariance of another number of coils',
    { receive: { array: { coils: 2 }, noiseCovariance: [[[1, 0]]] } },
    65,
    /noiseCovariance is for 1 coils, but there are 2/,
  ],
  [
    'a covariance that noise cannot have',
    {
      receive: {
        array: { coils: 2 },
        noiseCovariance: [
          [
            [1, 0],
            [2, 0],
          ],
          [
            [2, 0],
            [1, 0],
          ],
        ],
      },
    },
    65,
    /noiseCovariance is not positive definite/,
  ],
];

for (const [name, options, code, message] of wrong)
  test(name, async () => {
    if (!Array.isArray(options)) writeFileSync(at('s.json'), JSON.stringify(options));
    const how = Array.isArray(options) ? options : ['--scanner', 's.json'];
    const run = await larmor(['simulate', 'fid', 'head2d', '--noise', '1', '-o', 'x.npy', ...how], { folder: place });
    assert.equal(run.code, code, run.stderr);
    assert.equal(errorLines(run).length, 1, run.stderr);
    assert.match(errorLines(run)[0], message);
    assert.ok(!run.left.includes('x.npy'));
  });
