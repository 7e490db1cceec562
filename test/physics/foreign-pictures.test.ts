/**
 * Scans as PyPulseq writes them, of a ball off the centre, through the built command: where it is
 * and how large, even inside, dark outside, and as bright as a recursion of its own says
 * (steady-signal.ts).
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { writePulseq } from '../../host/sequence/pulseq/write.ts';
import type { Sequence } from '../../host/sequence/types.ts';
import * as scans from '../../testing/pypulseq-scans.ts';
import { some } from '../../testing/some.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { assertBall, framesOf, magnitudes, measureBall, PLACE, SLAB, type Tissue, VOXEL } from './ball.ts';
import { type Layers, steadySignal } from './steady-signal.ts';

const FOV = 0.256;
const R = 0.05;
const TISSUE: Tissue = { T1: 0.5, T2: 0.07 };
const slice: Layers = { from: -SLAB / 2, to: SLAB / 2, count: 400 };
const plane: Layers = { from: 0, to: 0, count: 1 };

interface Case {
  readonly sequence: Sequence;
  readonly layers: Layers;
  /** Where in a readout k = 0 lies, 0 … 1. */
  readonly echo: number;
  /** Which readouts pass k = 0: all, or the lines in the middle. */
  readonly middle: (readouts: number) => readonly number[];
  /**
   * Voxels behind a pixel of that distance from the ball's middle, times their size [m]: one of a
   * slice, all of the ball, those of a partition.
   */
  readonly depth: (r: number) => number;
  /** Of the ball [m]; a smaller one has fewer spins to simulate where all of it is seen. */
  readonly radius?: number;
  readonly slab?: number;
  /** Which plane of the frames' mean, and how many frames are added. */
  readonly plane?: number;
  readonly frames?: number;
}

const all = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const shadow = (radius: number, r: number): number => 2 * Math.sqrt(radius * radius - r * r);

const cases: Record<string, Case> = {
  'gradient echo': {
    sequence: scans.gre(),
    layers: slice,
    echo: 0.5,
    middle: () => [32],
    depth: () => VOXEL,
    slab: SLAB,
  },
  radial: { sequence: scans.radial(), layers: slice, echo: 0.5, middle: all, depth: () => VOXEL, slab: SLAB },
  'UTE, hard pulses': {
    sequence: scans.ute(48, 112),
    layers: plane,
    echo: 0,
    middle: all,
    radius: 0.03,
    depth: (r) => shadow(0.03, r),
  },
  'UTE, pairs of half pulses': {
    sequence: scans.uteOfHalfPulses(),
    layers: slice,
    echo: 0,
    middle: all,
    depth: () => VOXEL,
    slab: SLAB,
    frames: 2,
  },
  MPRAGE: {
    sequence: scans.mprage(32, 16, 0.128),
    layers: plane,
    echo: 0.5,
    // Partition by partition: the line through k = 0 of the one through k = 0.
    middle: () => [8 * 32 + 16],
    depth: () => 0.008,
    plane: 8,
  },
};

for (const [name, one] of some(Object.entries(cases), 2))
  test(name, async (t) => {
    const folder = temporaryFolder();
    writePulseq(join(folder, 'scan.seq'), one.sequence);
    const radius = one.radius ?? R;
    const set = Object.entries({ ...PLACE, ...TISSUE, radius, slab: one.slab ?? 0 });
    const settings = Object.fromEntries(set.map(([key, value]) => [`phantom.${key}`, value]));
    const frames = await framesOf('scan.seq', settings, { folder });
    assert.equal(frames.count, one.frames ?? 1);
    const { n } = frames;
    const values = magnitudes(frames, { plane: one.plane ?? 0, frames: all(frames.count) });
    const found = measureBall(values, n, FOV, radius, one.depth);
    // A voxel holds the sum of its spins, one for each cubic voxel of the phantom.
    const readouts = steadySignal(one.sequence, TISSUE, one.layers, one.echo);
    const chosen = one.middle(readouts.length).map((r) => readouts[r]);
    const mean = (part: 0 | 1): number => chosen.reduce((sum, signal) => sum + signal[part], 0) / chosen.length;
    const level = (Math.hypot(mean(0), mean(1)) * frames.count * FOV ** 2) / n ** 2 / VOXEL ** 3;
    t.diagnostic(`${JSON.stringify(found)}, level ${found.level / level}`);
    assertBall(found, radius, level);
  });
