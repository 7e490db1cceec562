/** What the presets of the playground show, simulated by the library. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reconstruct, simulate } from '../../host/api/index.ts';
import { ARTEFACT_PHANTOM, ARTEFACTS, PHANTOMS, PREVIEW_TOLERANCE, SEQUENCES } from '../../host/playground/scans.ts';
import { some } from '../../testing/some.ts';

/** Magnitudes of the image of a scan of the artefacts' phantom. */
async function imageOf(
  sequence: string,
  parameters: object,
  tolerance?: number,
): Promise<(x: number, y: number) => number> {
  const { raw } = await simulate(sequence, ARTEFACT_PHANTOM, {
    sequenceParameters: { ...SEQUENCES[sequence].parameters, ...parameters },
    phantomParameters: PHANTOMS[ARTEFACT_PHANTOM].parameters,
    ...(tolerance !== undefined && { tolerance }),
  });
  const { data, matrix } = await reconstruct(raw);
  const [n] = matrix;
  return (x, y) => Math.hypot(data[2 * (n * y + x)], data[2 * (n * y + x) + 1]);
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, n) => from + n);
const mean = (image: (x: number, y: number) => number, columns: readonly number[], rows: readonly number[]): number =>
  rows.reduce((sum, y) => sum + columns.reduce((row, x) => row + image(x, y), 0), 0) / (columns.length * rows.length);

test('fat in a band of bSSFP is dark behind the eyes, the brain is not', async () => {
  const preset = ARTEFACTS.find(({ sequence }) => sequence === 'bssfp')!;
  const banded = await imageOf('bssfp', preset.parameters);
  const bright = await imageOf('bssfp', {});
  // Fat behind both eyes, and white matter: pixels of the 64 × 64 image.
  const [orbits, behind] = [[22, 23, 24, 25, 39, 40, 41, 42], range(14, 18)];
  const [brain, middle] = [range(22, 42), range(28, 48)];
  assert.ok(mean(banded, orbits, behind) < 0.5 * mean(bright, orbits, behind));
  // Water is on resonance in both; only its decay until TE = TR/2 and the steady state differ.
  assert.ok(Math.abs(mean(banded, brain, middle) / mean(bright, brain, middle) - 1) < 0.2);
});

test('a preview differs from the scan by less than a grey level', async () => {
  const all = range(0, 64);
  for (const sequence of some(Object.keys(SEQUENCES), 2)) {
    const { parameters } = SEQUENCES[sequence];
    const [exact, preview] = [
      await imageOf(sequence, parameters),
      await imageOf(sequence, parameters, PREVIEW_TOLERANCE),
    ];
    const pixels = all.flatMap((y) => all.map((x) => [exact(x, y), preview(x, y)] as const));
    const white = Math.max(...pixels.map(([value]) => value));
    const most = Math.max(...pixels.map(([a, b]) => Math.abs(a - b)));
    assert.ok(most < white / 255 / 2, `${sequence}: ${(255 * most) / white} of 255`);
  }
});
