/**
 * Moving spins in fields of the scanner, T2′ and the magnetisation at the end, through the built
 * command on files of other programs.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readMap } from '../../host/fields/map.ts';
import { readNpy } from '../../host/formats/npy.ts';
import { surveyOf } from '../../host/phantom/bounds.ts';
import { withMotions } from '../../host/phantom/motion/file.ts';
import { openPhantom } from '../../host/phantom/open.ts';
import { spinBlock } from '../../host/phantom/types.ts';
import { readPulseq } from '../../host/sequence/pulseq/read.ts';
import { cases, skipWithoutCases } from '../../testing/cases.ts';
import { larmor } from '../../testing/larmor.ts';
import { simulateMoving } from '../../testing/moving-spins.ts';
import { caseError } from '../../testing/physics-cases.ts';
import { inTurn, some } from '../../testing/some.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const physics = (name: string): string => cases(join('physics', name));
const square = (values: Float64Array): number => values.reduce((sum, value) => sum + value ** 2, 0);
const off = (found: Float64Array, wanted: Float64Array): number =>
  Math.sqrt(square(found.map((value, n) => value - wanted[n])) / square(wanted));

/**
 * Motions that move nothing to speak of, and leave spins in another order than that of the file.
 */
const unmoved = at('unmoved.json');
writeFileSync(
  unmoved,
  JSON.stringify({
    motions: [
      { action: { type: 'Translate', dx: 1e-12, dy: 0, dz: 0 }, spins: '5:2:21' },
      { action: { type: 'Rotate', pitch: 0, roll: 0, yaw: 1e-9 }, spins: '20:40' },
    ].map((motion) => ({ ...motion, time: { t: [0, 1e-3], t_unit: [0, 1] } })),
  }),
);

const PRECISIONS = [
  ['f64', 1e-7],
  ['f32', 1e-5],
] as const;

for (const [n, name] of some(['b0map-a', 'maxwell-epi-055-a', 'gradnonlin-a'], 2).entries())
  test(`${name} with spins that hardly move`, skipWithoutCases(), async () => {
    for (const [precision, bound] of inTurn(PRECISIONS, n)) {
      const error = await caseError(name, { options: ['--precision', precision, '--motion', unmoved] });
      assert.ok(error < bound, `${precision}: ${error}`);
    }
  });

test(
  'a body that moves and turns through a B0 map, against every spin by the definition',
  skipWithoutCases(),
  async () => {
    const motion = at('track.csv');
    writeFileSync(motion, 'time,x,y,z,pitch,roll,yaw\n0,0,0,0,0,0,0\n0.01,0.003,0.001,-0.002,1,0,5\n');
    const files = ['b0map-a.seq', 'b0map-a.phantom', 'b0map-a.nii.gz'].map(physics) as [string, string, string];
    const opened = withMotions(await openPhantom(files[1], {}, { surveyOf, B0: 1.5, usesT2s: false }), motion);
    const spins = spinBlock(opened.spinCount);
    opened.read(0, opened.spinCount, spins);
    const map = await readMap(files[2]);
    const value = new Float64Array(1);
    const wanted = simulateMoving(readPulseq(files[0]), spins, opened.motions!, (_, x, y, z) => {
      map.sample({ x: Float64Array.of(x), y: Float64Array.of(y), z: Float64Array.of(z) }, 1, [value], () =>
        assert.fail(),
      );
      return value[0] / 42.5774688e6;
    });
    const run = async (output: string, ...options: readonly string[]): Promise<Float64Array> => {
      const all = [
        'simulate',
        files[0],
        files[1],
        '--b0-map',
        files[2],
        '--motion',
        motion,
        '-o',
        output,
        '-q',
        ...options,
      ];
      const { code, stderr } = await larmor(all, { folder });
      assert.equal(code, 0, stderr);
      return readNpy(at(output)).data;
    };
    const end = ['--magnetization', 'end.npy'];
    const double = off(await run('f64.npy', '--precision', 'f64', ...end), wanted.signal);
    assert.ok(double < 2e-6, `f64: ${double}`);
    const left = off(readNpy(at('end.npy')).data, wanted.magnetization);
    assert.ok(left < 2e-6, `magnetisation: ${left}`);
    const single = off(await run('f32.npy', '--threads', '2', '--tile', '32'), wanted.signal);
    assert.ok(single < 1e-5, `f32: ${single}`);
  },
);

test("T2' of spins that hardly move", skipWithoutCases(), async () => {
  const analytic = await caseError('t2p-se-a', {
    options: ['--t2prime', 'analytic', '--precision', 'f64', '--motion', unmoved],
    reference: 't2p-se-a.analytic.npy',
  });
  assert.ok(analytic < 1e-7, `${analytic}`);
  const ensemble = await caseError('t2p-se-a', { options: ['--t2prime', 'ensemble', '--motion', unmoved] });
  assert.ok(ensemble < 2e-3, `${ensemble}`);
});

test('the magnetisation is in the order of the file, whatever moves', skipWithoutCases(), async () => {
  const run = async (output: string, ...options: readonly string[]): Promise<Float64Array> => {
    const files = [physics('b0map-a.seq'), physics('b0map-a.phantom')];
    const all = [
      'simulate',
      ...files,
      '--magnetization',
      output,
      '--precision',
      'f64',
      '--tile',
      '16',
      '-q',
      ...options,
    ];
    const { code, stderr } = await larmor(all, { folder });
    assert.equal(code, 0, stderr);
    return readNpy(at(output)).data;
  };
  const error = off(await run('moving.npy', '--motion', unmoved), await run('still.npy'));
  assert.ok(error < 1e-8, `${error}`);
});

test('a map that does not reach where spins move to ends the run before it begins', skipWithoutCases(), async () => {
  writeFileSync(at('away.csv'), 'time,x\n0,0\n0.01,0.5\n');
  const files = [physics('b0map-a.seq'), physics('b0map-a.phantom'), '--b0-map', physics('b0map-a.nii.gz')];
  const { code, stderr } = await larmor(['simulate', ...files, '--motion', 'away.csv', '-o', 'no.npy', '-q'], {
    folder,
  });
  assert.equal(code, 65, stderr);
  assert.match(
    stderr,
    /b0map-a\.nii\.gz: does not cover .* spin \d+, where it moves to, at \(.*\) mm \(LPS\); give a map/,
  );
});
