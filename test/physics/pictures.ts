/**
 * A built-in scan of a built-in phantom through the built command, and how its picture compares
 * with the one in closed form.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { larmor } from '../../testing/larmor.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { type Settings, type Theory, theoryOf } from './picture-theory.ts';

export interface Compared {
  /** ‖picture − theory‖ / ‖theory‖ after a common phase. */
  readonly error: number;
  /** Standard deviation over mean, of a phantom of one tissue, five pixels inside it. */
  readonly variation: number | undefined;
  /**
   * The same of picture over theory: the ringing of edges, which n samples show in both, is left
   * out.
   */
  readonly unevenness: number | undefined;
  /**
   * Root mean square where nothing is over the mean of the largest tissue, or over the brightest
   * pixel; undefined where all is near to something.
   */
  readonly background: number | undefined;
  /** Mean level inside over theory, less 1, by tissue, of at least 12 pixels. */
  readonly levels: readonly number[];
  /** [y][x] magnitudes of the picture. */
  readonly seen: Float64Array;
  readonly n: number;
  readonly pixel: number;
}

/**
 * What has to hold of every picture: as in theory, uniform, dark, of the right level in each
 * tissue.
 */
export function assertPicture(name: string, { error, unevenness, background, levels }: Compared): void {
  assert.ok(error < 0.03, `${name}: ${error} of the picture is not as in theory`);
  for (const level of levels) assert.ok(Math.abs(level) < 0.03, `${name}: a tissue's level errs by ${level}`);
  assert.ok(background === undefined || background < 0.03, `${name}: background ${background}`);
  assert.ok(unevenness === undefined || unevenness < 0.01, `${name}: varies by ${unevenness} over theory`);
}

/**
 * Of a ball of one slice on all default samples: its edge rings by 9 %, and fades with distance to
 * 0.5 % ten pixels inside.
 */
export function assertUniform(name: string, { variation }: Compared): void {
  assert.ok(variation !== undefined && variation < 0.02, `${name}: coefficient of variation ${variation}`);
}

export async function compared(scan: string, phantom: string, settings: Settings = {}): Promise<Compared> {
  const set = Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  const own = temporaryFolder();
  const run = await larmor(['simulate', scan, phantom, ...set, '-o', 'raw.mrd', '-q'], { folder: own });
  assert.equal(run.code, 0, run.stderr);
  assert.equal(run.stderr, '', 'no warning on defaults');
  return comparedIn(own, scan, phantom, settings);
}

/** The same of raw.mrd in a folder. */
export async function comparedIn(own: string, scan: string, phantom: string, settings: Settings): Promise<Compared> {
  const made = await larmor(['reconstruct', 'raw.mrd', '-o', 'image.npy', '-q'], { folder: own });
  assert.equal(made.code, 0, made.stderr);
  const theory = await theoryOf(scan, phantom, settings);
  return { ...compare(readNpy(join(own, 'image.npy')), theory), pixel: theory.pixel };
}

function compare(image: Float32Array, { image: theory, inside, deep, n }: Theory): Omit<Compared, 'pixel'> {
  assert.equal(image.length, theory.length, `a picture of ${n} × ${n}`);
  let [re, im, norm] = [0, 0, 0];
  for (let at = 0; at < image.length; at += 2) {
    const [a, b, c, d] = [image[at], image[at + 1], theory[at], theory[at + 1]];
    re += a * c + b * d;
    im += b * c - a * d;
    norm += c * c + d * d;
  }
  const [c, s] = [re / Math.hypot(re, im), im / Math.hypot(re, im)];
  let apart = 0;
  for (let at = 0; at < image.length; at += 2)
    apart +=
      (image[at] - c * theory[at] + s * theory[at + 1]) ** 2 +
      (image[at + 1] - c * theory[at + 1] - s * theory[at]) ** 2;
  const magnitudes = (data: ArrayLike<number>): Float64Array =>
    Float64Array.from({ length: n * n }, (_, at) => Math.hypot(data[2 * at], data[2 * at + 1]));
  const [seen, expected] = [magnitudes(image), magnitudes(theory)];
  const tissues = [...new Set(inside)].filter((tissue) => tissue > 0);
  const of = (tissue: number, values: Float64Array): Float64Array => values.filter((_, at) => inside[at] === tissue);
  const uniform = seen.filter((_, at) => deep[at] > 0);
  const ratio = seen.map((value, at) => value / expected[at]).filter((_, at) => deep[at] > 0);
  const wide = tissues
    .map((tissue) => [of(tissue, seen), of(tissue, expected)] as const)
    .filter(([a]) => a.length >= 12);
  wide.sort(([a], [b]) => b.length - a.length);
  const main = wide[0]?.[0];
  // Shifted fat is there in theory too.
  const dark = 0.01 * expected.reduce((most, value) => Math.max(most, value), 0);
  const empty = seen.filter((_, at) => inside[at] === -1 && expected[at] < dark);
  const bright = main ? mean(main) : seen.reduce((most, value) => Math.max(most, value), 0);
  return {
    seen,
    n,
    error: Math.sqrt(apart / norm),
    variation: uniform.length > 0 ? deviation(uniform) / mean(uniform) : undefined,
    unevenness: ratio.length > 0 ? deviation(ratio) / mean(ratio) : undefined,
    background: empty.length > 0 ? Math.sqrt(mean(empty.map((value) => value * value))) / bright : undefined,
    levels: wide.map(([a, b]) => mean(a) / mean(b) - 1),
  };
}

function deviation(values: Float64Array): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}
const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** complex64 of a .npy file, whatever its shape. */
function readNpy(path: string): Float32Array {
  const bytes = readFileSync(path);
  const start = 10 + bytes.readUInt16LE(8);
  assert.match(bytes.toString('latin1', 10, start), /'<c8'/);
  return Float32Array.from({ length: (bytes.length - start) / 4 }, (_, at) => bytes.readFloatLE(start + 4 * at));
}
