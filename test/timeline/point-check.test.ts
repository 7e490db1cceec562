/** The prediction of spurious echoes where a phantom has more spins than are weighed: the same as where all of them are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '../../host/sequence/encoding.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/types.ts';
import { compileTimeline } from '../../host/timeline/compile.ts';
import { checkPoints } from '../../host/timeline/point-check.ts';
import { pixelAlong } from '../../host/timeline/sampler.ts';
import { lattice } from '../../testing/lattice.ts';
import { greLine, scan, table } from '../../testing/small-scans.ts';

test('spins left out at random do not change the predicted echo', () => {
  const lines = table().map((ky) => greLine(ky));
  const sequence = scan('gre', [...lines, ...lines, ...lines].flat());
  const timeline = compileTimeline(sequence, { B0: 1.5, maxRfStep: 50e-6 });
  const encoding = encode(sequence, DEFAULT_SCANNER);
  const pixel = [pixelAlong(encoding, [1, 0, 0]), pixelAlong(encoding, [0, 1, 0]), undefined];
  const levelOf = (layers: number, maxTerms: number): number =>
    checkPoints(lattice(200, layers), timeline, encoding.start, pixel, maxTerms).level;
  // 27 000 spins around a pixel weighed with 100 to 200 orders, and a fifth of them.
  const [whole, thinned] = [levelOf(4, 1e9), levelOf(4, 1e7)];
  assert.ok(whole > 0.1, `${whole}`);
  assert.ok(Math.abs(thinned / whole - 1) < 0.1, `${thinned}, ${whole}`);
  // Where layers are enough, chance does not make an echo.
  assert.ok(levelOf(97, 1e7) < 0.01);
});
