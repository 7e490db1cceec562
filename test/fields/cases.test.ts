/** Field maps and gradient errors against exact signals, through the built command. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipWithoutCases } from '../../testing/cases.ts';
import { caseError } from '../../testing/physics-cases.ts';
import { inTurn, some } from '../../testing/some.ts';

/**
 * What the f64 definition is to reach: a map's offset is rounded to f32, 6e-8 of it. f32 rounds to
 * some 1e-6 of the signal.
 */
const F64 = 1e-7;
const F32 = 1e-5;

const NAMES = [
  'b0map-a',
  'maxwell-se-055-a',
  'gradnonlin-a',
  'maxwell-se-3t-a',
  'maxwell-epi-055-a',
  'delays-a',
  'eddy-delays-a',
  'eddy-a',
  'girf-a',
  'niftiphantom-epi-a',
];

const PRECISIONS = [
  ['f64', F64],
  ['f32', F32],
] as const;

for (const [n, name] of some(NAMES, 2).entries())
  test(name, skipWithoutCases(), async () => {
    for (const [precision, bound] of inTurn(PRECISIONS, n)) {
      const error = await caseError(name, { options: ['--precision', precision] });
      assert.ok(error < bound, `${precision}: ${error}`);
    }
  });

test("T2' as an ensemble of offsets", skipWithoutCases(), async () => {
  for (const name of some(['t2p-se-a', 't2p-ste-a', 't2p-bssfp-a'], 2)) {
    const error = await caseError(name, { options: ['--t2prime', 'ensemble'] });
    assert.ok(error < 2e-3, `${name}: ${error}`);
  }
});

test("T2' as a factor of one pathway", skipWithoutCases(), async () => {
  for (const name of ['t2p-gre-a', 't2p-se-a']) {
    const options = ['--t2prime', 'analytic', '--precision', 'f64'];
    const error = await caseError(name, { options, reference: `${name}.analytic.npy` });
    assert.ok(error < F64, `${name}: ${error}`);
  }
});

test('concomitant fields as the whole root', skipWithoutCases(), async () => {
  const names = some(['maxwell-epi-055-a', 'maxwell-se-055-a', 'maxwell-se-3t-a'], 2);
  for (const [n, name] of names.entries())
    for (const [precision, bound] of inTurn(PRECISIONS, n)) {
      const options = ['--precision', precision];
      const error = await caseError(name, { concomitant: 'full', reference: `${name}.fullroot.npy`, options });
      assert.ok(error < bound, `${name}, ${precision}: ${error}`);
    }
});
