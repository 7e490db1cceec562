/**
 * Pictures of any orientation: anterior or superior up, the patient's left (or posterior) on the
 * right.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from 'fast-png';
import type { Image, Triple } from '../../host/recon/image.ts';
import { encodePng } from '../../host/recon/png.ts';

type Vector = Triple<number>;

/**
 * The 24 ways in which three image axes may run along the patient's, right-handed, and as many
 * left-handed ones.
 */
function frames(): Triple<Vector>[] {
  const unit = (axis: number, sign: number): Vector =>
    [0, 1, 2].map((a) => (a === axis ? sign : 0)) as unknown as Vector;
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ] as const;
  const signs = Array.from({ length: 8 }, (_, n) => [n & 1, n & 2, n & 4].map((bit) => (bit ? -1 : 1)));
  return orders.flatMap(([a, b, c]) =>
    signs.map(([p, q, r]): Triple<Vector> => [unit(a, p!), unit(b, q!), unit(c, r!)]),
  );
}

/** Turned by some degrees about a diagonal, as planes of a real scan are. */
function tilted(frame: Triple<Vector>, angle: number): Triple<Vector> {
  const n = 1 / Math.sqrt(3);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return frame.map(([x, y, z]): Vector => {
    const along = (x + y + z) * n * n * (1 - c);
    return [x * c + (z - y) * n * s + along, y * c + (x - z) * n * s + along, z * c + (y - x) * n * s + along];
  }) as unknown as Triple<Vector>;
}

const SIZE = [12, 9, 1] as const;

/** Dark, but for one pixel far from the centre towards `towards` (LPS). */
function imageOf(directions: Triple<Vector>, towards: Vector): Image {
  const data = new Float32Array(2 * SIZE[0] * SIZE[1]);
  const at = [0, 1].map((axis) => {
    const along = directions[axis].reduce((sum, c, a) => sum + c * towards[a], 0);
    return Math.floor(SIZE[axis] / 2) + Math.round(4 * along);
  });
  data[2 * (at[1] * SIZE[0] + at[0])] = 1;
  const rest = {
    coils: 1,
    contrasts: 1,
    repetitions: 1,
    voxel: [1, 1, 1],
    origin: [0, 0, 0],
    method: 'fft',
    notes: [],
  } as const;
  return { data, matrix: SIZE, directions, ...rest };
}

/** Where the bright pixel is, from the picture's middle: to the right and down. */
function place(image: Image): [number, number] {
  const { data, width, height } = decode(encodePng(image));
  const n = data.indexOf(255);
  return [(n % width) - (width - 1) / 2, Math.floor(n / width) - (height - 1) / 2];
}

test('every orientation and read direction is shown as a radiologist holds it', () => {
  const [left, anterior, superior] = [
    [1, 0, 0],
    [0, -1, 0],
    [0, 0, 1],
  ] as const;
  for (const angle of [0, 0.2, -0.2]) {
    for (const frame of frames().map((axes) => tilted(axes, angle))) {
      const normal = frame[2].map(Math.abs);
      const main = normal.indexOf(Math.max(...normal));
      const [up, right] =
        main === 2 ? [anterior, left] : main === 1 ? [superior, left] : [superior, [0, 1, 0] as const];
      const about = `normal ${frame[2]}, read ${frame[0]}`;
      assert.ok(place(imageOf(frame, up))[1] < -1, `${about}: up`);
      assert.ok(place(imageOf(frame, right))[0] > 1, `${about}: right`);
    }
  }
});
