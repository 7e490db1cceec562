/**
 * Coils along paths as polynomials in the sample number: how many terms samples need.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chunkTerms } from '../../host/program/sense.ts';

test('samples far apart take all terms of their coils, close ones fewer', () => {
  for (const [perSample, expected] of [
    [0, 1],
    [1e-5, 3],
    [0.05, 7],
    // The polynomial over 32 samples would reach beyond the wire: no number of terms is enough.
    [0.25, 7],
    [10, 7],
  ] as const)
    assert.equal(chunkTerms({ terms: 7, perSample }), expected, `${perSample} per sample`);
});
