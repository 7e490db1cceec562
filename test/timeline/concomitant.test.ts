/** Concomitant fields as phase terms: their integrals against fine steps of the formula. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockOf, trapezoid } from '../../host/sequence/designer.ts';
import { blockGradients, valueAt } from '../../host/sequence/waveform.ts';
import { concomitantTerms } from '../../host/timeline/concomitant.ts';

test('integrals of products are exact between corners of any axis, and add up', () => {
  const wave = {
    kind: 'shape',
    delay: 0,
    time: Float64Array.of(0, 1e-4, 1e-4, 5e-4),
    amplitude: Float64Array.of(0, 0.03, -0.01, 0.02),
  } as const;
  const gradients = blockGradients(
    blockOf({ gx: wave, gy: trapezoid(-0.02, 8e-5, 2e-4), gz: { ...trapezoid(0.04, 1e-4, 3e-4), delay: 3e-5 } }),
  );
  const [B0, gammaBar] = [0.5, 42e6];
  const terms = concomitantTerms(B0, gammaBar);
  const [from, to, steps] = [2e-5, 4.7e-4, 90000];
  const h = (to - from) / steps;
  const expected = [0, 0, 0, 0];
  for (let n = 0; n < steps; n++) {
    const [x, y, z] = gradients.map((gradient) => valueAt(gradient, from + (n + 0.5) * h)) as [number, number, number];
    for (const [i, rate] of [x * x + y * y, (z * z) / 4, -x * z, -y * z].entries())
      expected[i] += (h * gammaBar * rate) / (2 * B0);
  }
  const found = terms.integrals(gradients, from, to);
  for (const [i, value] of found.entries()) assert.ok(Math.abs(value / expected[i] - 1) < 1e-8, `term ${i}`);
  const parts = [from, 1e-4, 2.5e-4, to];
  for (const i of found.keys()) {
    let sum = 0;
    for (let n = 1; n < parts.length; n++) sum += terms.integrals(gradients, parts[n - 1], parts[n])[i];
    assert.ok(Math.abs(sum / found[i] - 1) < 1e-13, `term ${i} in parts`);
  }
});
