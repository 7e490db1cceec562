/**
 * Scans as PyPulseq writes them, of a ball off the centre, through the built command: where it is and how large, even inside, dark outside, and
 * as bright as a recursion of its own says (steady-signal.ts).
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { writePulseq } from '../../host/sequence/pulseq/write.ts';
import type { Sequence } from '../../host/sequence/types.ts';
import { larmor } from '../../testing/larmor.ts';
import * as scans from '../../testing/pypulseq-scans.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { type Layers, steadySignal } from './steady-signal.ts';

/** Left of the middle and in front of it [m]. */
const PLACE = { x: 0.02, y: -0.012 } as const;
const [R, VOXEL] = [0.05, 0.004];
const TISSUE = { T1: 0.5, T2: 0.07 } as const;
/** Thickness that is simulated where a slice is selected: enough that what a pulse does beyond is no thousandth [m]. */
const SLAB = 0.02;
const slice: Layers = { from: -SLAB / 2, to: SLAB / 2, count: 400 };
const plane: Layers = { from: 0, to: 0, count: 1 };

interface Case {
  readonly sequence: Sequence;
  readonly layers: Layers;
  /** Where in a readout k = 0 lies, 0 … 1. */
  readonly echo: number;
  /** Which readouts pass k = 0: all, or the lines in the middle. */
  readonly middle: (readouts: number) => readonly number[];
  /** Voxels behind a pixel of that distance from the ball's middle, times their size [m]: one of a slice, all of the ball, those of a partition. */
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
    sequence: scans.ute(64, 150),
    layers: plane,
    echo: 0,
    middle: all,
    radius: 0.036,
    depth: (r) => shadow(0.036, r),
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

for (const [name, one] of Object.entries(cases))
  test(name, async (t) => {
    const own = temporaryFolder();
    writePulseq(join(own, 'scan.seq'), one.sequence);
    const radius = one.radius ?? R;
    const settings = Object.entries({ ...PLACE, ...TISSUE, radius, slab: one.slab ?? 0 }).flatMap(([key, value]) => [
      '--set',
      `phantom.${key}=${value}`,
    ]);
    for (const args of [
      ['simulate', 'scan.seq', 'sphere', ...settings, '-o', 'raw.mrd', '-q'],
      ['reconstruct', 'raw.mrd', '-o', 'image.npy', '-q'],
    ]) {
      const { code, stderr } = await larmor(args, { folder: own });
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /spurious echo/);
    }
    const { values, n } = magnitudes(join(own, 'image.npy'), one);
    const found = measure(values, n, radius, one.depth);
    // A voxel holds the sum of its spins, one for each cubic voxel of the phantom.
    const readouts = steadySignal(one.sequence, TISSUE, one.layers, one.echo);
    const chosen = one.middle(readouts.length).map((r) => readouts[r]);
    const mean = (part: 0 | 1): number => chosen.reduce((sum, signal) => sum + signal[part], 0) / chosen.length;
    const level = (Math.hypot(mean(0), mean(1)) * (one.frames ?? 1) * 0.256 ** 2) / n ** 2 / VOXEL ** 3;
    t.diagnostic(`${JSON.stringify(found)}, level ${found.level / level}`);
    assert.ok(Math.abs(found.x - PLACE.x) < found.pixel && Math.abs(found.y - PLACE.y) < found.pixel, 'place');
    assert.ok(Math.abs(found.radius - radius) < found.pixel, `radius ${found.radius}`);
    assert.ok(Math.abs(found.level / level - 1) < 0.03, `level ${found.level / level} of theory`);
    assert.ok(found.variation < 0.04, `variation ${found.variation}`);
    assert.ok(found.background < 0.03, `background ${found.background}`);
  });

/** |Σ of the frames| of one plane of a .npy of [repetition, contrast, slice, y, x]. */
function magnitudes(path: string, { plane: z = 0, frames = 1 }: Case): { values: Float64Array; n: number } {
  const bytes = readFileSync(path);
  const start = 10 + bytes.readUInt16LE(8);
  const shape = bytes
    .toString('latin1', 10, start)
    .match(/\(([^)]*)\)/)![1]
    .split(',')
    .map(Number);
  const [repetitions, , planes, rows, n] = shape as [number, number, number, number, number];
  assert.deepEqual([repetitions, rows], [frames, n]);
  const at = (frame: number, pixel: number, part: 0 | 1): number =>
    bytes.readFloatLE(start + 8 * ((frame * planes + z) * n * n + pixel) + 4 * part);
  const sum = (pixel: number, part: 0 | 1): number =>
    all(frames).reduce((total, frame) => total + at(frame, pixel, part), 0);
  return { values: Float64Array.from({ length: n * n }, (_, pixel) => Math.hypot(sum(pixel, 0), sum(pixel, 1))), n };
}

/** Of a disc: centre of mass, radius of what is above half of it, level over depth inside, spread there, and what is left far outside. */
function measure(values: Float64Array, n: number, R: number, depth: (r: number) => number) {
  const pixel = 0.256 / n;
  const places = [...values.keys()].map(
    (at) => [pixel * ((at % n) - n / 2), pixel * (Math.floor(at / n) - n / 2)] as const,
  );
  const distance = places.map(([x, y]) => Math.hypot(x - PLACE.x, y - PLACE.y));
  const deep = [...values.keys()].filter((at) => distance[at] < R - 4 * pixel);
  const ratios = deep.map((at) => values[at] / depth(distance[at]));
  const level = ratios.reduce((sum, ratio) => sum + ratio, 0) / deep.length;
  const variation = Math.sqrt(ratios.reduce((sum, ratio) => sum + (ratio / level - 1) ** 2, 0) / deep.length);
  const half = [...values.keys()].filter((at) => values[at] > (level * depth(0)) / 2);
  const middle = (axis: 0 | 1): number => half.reduce((sum, at) => sum + places[at][axis], 0) / half.length;
  // A shadow is above half of its middle to √3/2 of its radius.
  const radius = pixel * Math.sqrt(half.length / Math.PI) * (depth(R / 2) < depth(0) ? 2 / Math.sqrt(3) : 1);
  // Spokes encode a circle.
  const dark = [...values.keys()].filter(
    (at) => distance[at] > R + 4 * pixel && Math.hypot(...places[at]) < (n / 2) * pixel,
  );
  const background = Math.sqrt(dark.reduce((sum, at) => sum + values[at] ** 2, 0) / dark.length) / (level * depth(0));
  return { x: middle(0), y: middle(1), radius, level, variation, background, pixel };
}
