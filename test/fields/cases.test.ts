/** Field maps and gradient errors against exact signals, through the built command. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipWithoutCases } from '../../testing/cases.ts';
import { caseError } from '../../testing/physics-cases.ts';

/** What the f64 definition is to reach: a map's offset is rounded to f32, 6e-8 of it. f32 rounds to some 1e-6 of the signal. */
const F64 = 1e-7;
const F32 = 1e-5;

for (const name of ['b0map-a', 'gradnonlin-a', 'delays-a', 'eddy-a', 'eddy-delays-a', 'girf-a'])
  test(name, skipWithoutCases(), async () => {
    const [double, single] = await Promise.all([caseError(name, { options: ['--precision', 'f64'] }), caseError(name)]);
    assert.ok(double < (name === 'gradnonlin-a' ? 1e-5 : F64), `f64: ${double}`);
    assert.ok(single < F32, `f32: ${single}`);
  });
