/** Field maps and gradient errors against exact signals, through the built command. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipWithoutCases } from '../../testing/cases.ts';
import { caseError } from '../../testing/physics-cases.ts';

/** What the f64 definition is to reach; f32 rounds to some 1e-6 of the signal. */
const F64 = 1e-8;
const F32 = 1e-5;

for (const name of ['delays-a', 'eddy-a', 'eddy-delays-a'])
  test(name, skipWithoutCases(), async () => {
    const [double, single] = await Promise.all([caseError(name, { options: ['--precision', 'f64'] }), caseError(name)]);
    assert.ok(double < F64, `f64: ${double}`);
    assert.ok(single < F32, `f32: ${single}`);
  });
