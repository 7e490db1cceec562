/** What is advised against a spurious echo: never what is done already. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportEcho } from '../../host/api/spurious-echo.ts';
import { openPhantom } from '../../host/phantom/open.ts';
import { warningsOf } from '../../testing/warnings.ts';

test('the advice knows whether the spins were chosen', async () => {
  const phantom = { ...(await openPhantom('head2d', { voxel: '0.01' })), spins: { least: 4, most: 16 } };
  const advice = (chosen: boolean, enough?: () => number): string =>
    warningsOf(() =>
      reportEcho(phantom, 'gre', { level: 0.2, ...(enough && { enough }) }, { strict: false, chosen }),
    ).join();
  assert.match(advice(false), /is predicted; use --spins-per-voxel auto, or a larger number where that is too few$/);
  assert.match(
    advice(true),
    /is predicted; give more than the 16 that were chosen with --spins-per-voxel, or smaller voxels$/,
  );
  assert.match(
    advice(true, () => 9),
    /give about 9 spins per pixel/,
  );
});
