/**
 * A picture of a ball off the centre: where it is and how large, even inside, dark outside, and how
 * bright.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { larmor } from '../../testing/larmor.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

/** Left of the middle and in front of it [m]. */
export const PLACE = { x: 0.02, y: -0.012 } as const;
/** Of the phantom, cubic [m]. */
export const VOXEL = 0.004;
/**
 * Thickness that is simulated where a slice is selected: enough that what a pulse does beyond is no
 * thousandth [m].
 */
export const SLAB = 0.02;

export interface Tissue {
  readonly T1: number;
  readonly T2: number;
}

/** Complex frames of a .npy of [repetition, contrast, slice, y, x]. */
export interface Frames {
  readonly n: number;
  readonly planes: number;
  readonly count: number;
  /** Re, im of pixel `at` of a plane. */
  value(frame: number, plane: number, at: number): readonly [number, number];
}

/**
 * Simulates and reconstructs a ball through the built command.
 * @param scan a built-in name, or a file in `folder`
 * @param settings sequence.NAME and phantom.NAME
 */
export async function framesOf(
  scan: string,
  settings: Readonly<Record<string, string | number>>,
  { folder = temporaryFolder(), more = [] as readonly string[], phantom = 'sphere' } = {},
): Promise<Frames> {
  const set = Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  for (const args of [
    ['simulate', scan, phantom, ...set, ...more, '-o', 'raw.mrd', '-q'],
    ['reconstruct', 'raw.mrd', '-o', 'image.npy', '-q'],
  ]) {
    const { code, stderr } = await larmor(args, { folder });
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /spurious echo/);
  }
  return readFrames(join(folder, 'image.npy'));
}

function readFrames(path: string): Frames {
  const bytes = readFileSync(path);
  const start = 10 + bytes.readUInt16LE(8);
  const shape = bytes
    .toString('latin1', 10, start)
    .match(/\(([^)]*)\)/)![1]
    .split(',')
    .map(Number);
  const [repetitions, contrasts, planes, rows, n] = shape as [number, number, number, number, number];
  assert.equal(rows, n);
  return {
    n,
    planes,
    count: repetitions * contrasts,
    value(frame, plane, at) {
      const from = start + 8 * ((frame * planes + plane) * n * n + at);
      return [bytes.readFloatLE(from), bytes.readFloatLE(from + 4)];
    },
  };
}

/** |Σ of `frames` frames| of a plane. */
export function magnitudes({ n, value }: Frames, { plane = 0, frames = [0] as readonly number[] } = {}): Float64Array {
  const sum = (at: number, part: 0 | 1): number =>
    frames.reduce((total, frame) => total + value(frame, plane, at)[part], 0);
  return Float64Array.from({ length: n * n }, (_, at) => Math.hypot(sum(at, 0), sum(at, 1)));
}

/**
 * Of a plane of a volume, k-space weighted by a Hann window on all axes, (¼, ½, ¼) about each
 * pixel: the edges of a ball would otherwise ring all at once in its middle.
 */
export function windowed({ n, value }: Frames, plane: number): Float64Array {
  const weights = [0.25, 0.5, 0.25];
  const sum = (at: number, part: 0 | 1): number => {
    const [x, y] = [at % n, Math.floor(at / n)];
    let total = 0;
    for (const [k, wz] of weights.entries())
      for (const [j, wy] of weights.entries())
        for (const [i, wx] of weights.entries()) {
          const pixel = ((y + j - 1 + n) % n) * n + ((x + i - 1 + n) % n);
          total += wx * wy * wz * value(0, plane + k - 1, pixel)[part];
        }
    return total;
  };
  return Float64Array.from({ length: n * n }, (_, at) => Math.hypot(sum(at, 0), sum(at, 1)));
}

export interface Measured {
  /** Centre of mass [m]. */
  readonly x: number;
  readonly y: number;
  /** Of what is above half of the level [m]. */
  readonly radius: number;
  /** Over depth, well inside. */
  readonly level: number;
  /** Spread of that, relative. */
  readonly variation: number;
  /** Root mean square of what is left far outside, over the level. */
  readonly background: number;
  readonly pixel: number;
}

/** @param depth what lies behind a pixel at that distance from the ball's middle [m] */
export function measureBall(
  values: Float64Array,
  n: number,
  fov: number,
  R: number,
  depth: (r: number) => number,
  /** Pixels from the edge that count as well inside. */
  margin = 4,
): Measured {
  const pixel = fov / n;
  const places = [...values.keys()].map(
    (at) => [pixel * ((at % n) - n / 2), pixel * (Math.floor(at / n) - n / 2)] as const,
  );
  const distance = places.map(([x, y]) => Math.hypot(x - PLACE.x, y - PLACE.y));
  const deep = [...values.keys()].filter((at) => distance[at] < R - margin * pixel);
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

/** At its place, of its size and level, even and dark outside. */
export function assertBall(found: Measured, radius: number, level: number): void {
  assert.ok(Math.abs(found.x - PLACE.x) < found.pixel && Math.abs(found.y - PLACE.y) < found.pixel, 'place');
  assert.ok(Math.abs(found.radius - radius) < found.pixel, `radius ${found.radius}`);
  assert.ok(Math.abs(found.level / level - 1) < 0.03, `level ${found.level / level} of theory`);
  assert.ok(found.variation < 0.04, `variation ${found.variation}`);
  assert.ok(found.background < 0.03, `background ${found.background}`);
}
