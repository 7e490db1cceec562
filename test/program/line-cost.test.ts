/**
 * The cost of a line that is transformed by itself, against what its kernel took, so that the
 * choice between it and other methods is never much worse than the best one.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeProgram } from '../../host/program/build.ts';
import { lineCost, recurrenceCost } from '../../host/program/cost.ts';
import { stagesOf } from '../../host/program/nufft/fourier.ts';
import { phantomOf } from '../../testing/run.ts';
import { radial, randomSpins, timelineOf } from '../../testing/timed-scans.ts';

/** By how much a choice by cost may be worse than the best one. */
const WORST = 1.3;

/**
 * Operations of a spin: processor time of a run less that of the same run without lines, least of
 * nine rounds (AMD EPYC, Node 20), over that of an operation of the recurrence. Radial spokes, then
 * gradient echoes and EPI of spins that turn, of a heart and of flow. They scatter by a tenth; with
 * the six phase terms of flow by a third.
 */
const MEASURED = [
  { samples: 64, grid: 128, taps: 4, orders: 3, terms: 0, tileSize: 6272, operations: 250 },
  { samples: 64, grid: 128, taps: 8, orders: 3, terms: 0, tileSize: 6272, operations: 275 },
  { samples: 64, grid: 128, taps: 8, orders: 4, terms: 0, tileSize: 6272, operations: 277 },
  { samples: 64, grid: 128, taps: 8, orders: 3, terms: 0, tileSize: 512, operations: 302 },
  { samples: 256, grid: 512, taps: 8, orders: 3, terms: 0, tileSize: 6272, operations: 311 },
  { samples: 256, grid: 512, taps: 8, orders: 3, terms: 0, tileSize: 1568, operations: 307 },
  { samples: 256, grid: 512, taps: 8, orders: 3, terms: 0, tileSize: 256, operations: 598 },
  { samples: 1024, grid: 2048, taps: 8, orders: 4, terms: 0, tileSize: 6272, operations: 354 },
  { samples: 1024, grid: 2048, taps: 8, orders: 4, terms: 0, tileSize: 512, operations: 837 },
  { samples: 128, grid: 256, taps: 8, orders: 3, terms: 0, tileSize: 6272, operations: 279 },
  { samples: 128, grid: 256, taps: 8, orders: 5, terms: 0, tileSize: 6272, operations: 346 },
  { samples: 96, grid: 192, taps: 8, orders: 7, terms: 0, tileSize: 6272, operations: 468 },
  { samples: 128, grid: 256, taps: 8, orders: 4, terms: 2, tileSize: 472, operations: 426 },
  { samples: 128, grid: 256, taps: 8, orders: 7, terms: 2, tileSize: 472, operations: 639 },
  { samples: 128, grid: 256, taps: 12, orders: 7, terms: 2, tileSize: 472, operations: 669 },
  { samples: 101, grid: 216, taps: 8, orders: 5, terms: 2, tileSize: 472, operations: 468 },
  { samples: 64, grid: 128, taps: 12, orders: 7, terms: 6, tileSize: 472, operations: 788 },
  { samples: 64, grid: 128, taps: 12, orders: 7, terms: 6, tileSize: 1888, operations: 826 },
] as const;

for (const { terms, tileSize, operations, ...axis } of MEASURED)
  test(`a line of ${axis.samples} samples, ${axis.taps} taps, ${axis.orders} orders, ${terms} terms, by ${tileSize}`, () => {
    const cost = lineCost({ ...axis, stages: stagesOf(axis.grid / 4) }, terms, tileSize);
    const ratio = cost / operations;
    assert.ok(ratio < WORST && ratio > 1 / WORST, `${cost} operations, measured ${operations}`);
  });

/**
 * Transforming a line takes 275 operations of a spin, and 77 000 of a tile if it has 256 samples:
 * from the rows above.
 */
test('the choice between a transform and a recurrence is that of the measured costs', () => {
  const source = phantomOf(randomSpins(40_000));
  for (const [samples, tileSize, transform] of [
    [24, 6272, 275],
    [64, 6272, 275],
    [64, 512, 302],
    [256, 256, 598],
    [256, 32, 275 + 77e3 / 32],
  ] as const) {
    const spokes = timelineOf(radial(3, samples, true));
    const { methods } = makeProgram(spokes, source, { precision: 'f32', tolerance: 3e-6, tileSize });
    const best = transform * WORST < recurrenceCost(samples) ? 'line' : 'recurrence';
    assert.ok(Math.max(transform, recurrenceCost(samples)) > WORST * Math.min(transform, recurrenceCost(samples)));
    assert.equal(methods[best], 3, `${samples} samples in tiles of ${tileSize}`);
  }
});
