/**
 * Every built-in scan of every built-in phantom as a picture, through the built command: as the
 * closed form has it (picture-theory.ts), uniform where one tissue is, dark where nothing is. EPI
 * on its defaults; `gre` and `se`, which take seconds, with 64 lines; pictures.slow.test.ts leaves
 * them theirs.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { some } from '../../testing/some.ts';
import { assertPicture, type Compared, compared } from './pictures.ts';

const PHANTOMS = ['head2d', 'head3d', 'sphere', 'grid', 'column'] as const;

const PAIRS = PHANTOMS.flatMap((phantom) => ['epi', 'gre', 'se'].map((scan) => ({ scan, phantom })));

// Every other pair has each scan and each phantom.
for (const { scan, phantom } of some(PAIRS, 2)) {
  test(`${scan} of ${phantom}`, async () => {
    const coarse = { 'sequence.n': '64', ...(phantom === 'head2d' ? { voxel: '0.004' } : {}) };
    const picture = await compared(scan, phantom, scan === 'epi' ? {} : coarse);
    assertPicture(`${scan} of ${phantom}`, picture);
    if (phantom === 'sphere' && scan === 'epi') assertProjection(picture);
  });
}

/**
 * Nothing selects along z in the built-in EPI: a ball is shown as its shadow, 2√(R² − r²) of spins
 * per area, times e^{−TE/T2}.
 */
function assertProjection({ seen, n, pixel }: Compared): void {
  const [R, voxel, TE, T2] = [0.05, 0.004, 0.0314230603387, 0.1];
  let [apart, count] = [0, 0];
  for (const [at, value] of seen.entries()) {
    const r = pixel * Math.hypot((at % n) - (n >> 1), Math.floor(at / n) - (n >> 1));
    if (r > 0.8 * R) continue;
    const level = ((pixel ** 2 * 2 * Math.sqrt(R * R - r * r)) / voxel ** 3) * Math.exp(-TE / T2);
    apart += (value / level - 1) ** 2;
    count++;
  }
  assert.ok(Math.sqrt(apart / count) < 0.03, `${Math.sqrt(apart / count)} off the ball's shadow`);
}
