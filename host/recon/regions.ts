/**
 * Regions of interest: the labels of a NIfTI image, and the mean and standard deviation of an
 * image's magnitude in each. A pixel belongs to the label at its centre, label 0 to no region; all
 * contrasts and repetitions count alike.
 */
import { badInput } from '../base/errors.ts';
import { digestOfFile } from '../base/files.ts';
import { type Image, magnitude, type Triple } from './image.ts';
import { readNumbers } from './nifti-read.ts';

export interface Regions {
  /** In ascending order, without 0. */
  readonly labels: readonly number[];
  /** At a place [m], LPS; 0 outside of the image. */
  readonly labelAt: (place: Triple<number>) => number;
  /** SHA-256 of the file. */
  readonly digest: string;
}

export interface Statistics {
  readonly pixels: number;
  /** NaN without pixels. */
  readonly mean: number;
  /**
   * Standard deviation of these pixels themselves, not an estimate for a population of which they
   * are a sample.
   */
  readonly sd: number;
}

/** More labels are no list of regions, but an image of other numbers. */
const MOST_LABELS = 1000;

/** @throws LarmorError 65 or 66 */
export async function readRegions(path: string): Promise<Regions> {
  const { header, values } = await readNumbers(path);
  const { size, steps, origin } = header;
  const wrong = (what: string, fix: string): Error => badInput(path, what, fix);
  if (header.volumes !== 1) throw wrong(`holds ${header.volumes} volumes`, 'give one volume of labels');
  if (origin === undefined) throw wrong('states no orientation', 'give a NIfTI file with sform or qform');
  const odd = values.find((value) => !Number.isInteger(value));
  if (odd !== undefined) throw wrong(`holds ${odd}, which is not a label`, 'give whole numbers');
  const labels = [...new Set(values)].filter((label) => label !== 0).sort((a, b) => a - b);
  if (labels.length === 0) throw wrong('holds no labels but 0', 'mark each region with a number');
  if (labels.length > MOST_LABELS) throw wrong(`holds ${labels.length} labels`, `give at most ${MOST_LABELS}`);
  const index = toIndex(steps, origin);
  const labelAt = (place: Triple<number>): number => {
    const [i, j, k] = index(place);
    const inside = i >= 0 && j >= 0 && k >= 0 && i < size[0] && j < size[1] && k < size[2];
    return inside ? values[(k * size[1] + j) * size[0] + i] : 0;
  };
  return { labels, labelAt, digest: digestOfFile(path) };
}

/** The voxel nearest to a place. */
function toIndex(steps: Triple<Triple<number>>, origin: Triple<number>): (place: Triple<number>) => number[] {
  const [a, b, c] = steps;
  const determinant = dot(a, cross(b, c));
  const rows = [cross(b, c), cross(c, a), cross(a, b)].map((row) => row.map((part) => part / determinant));
  return (place) => {
    const from = place.map((part, axis) => part - origin[axis]);
    return rows.map((row) => Math.round(dot(row, from)));
  };
}

const cross = (u: Triple<number>, v: Triple<number>): Triple<number> => [
  u[1] * v[2] - u[2] * v[1],
  u[2] * v[0] - u[0] * v[2],
  u[0] * v[1] - u[1] * v[0],
];
const dot = (u: readonly number[], v: readonly number[]): number => u[0] * v[0] + u[1] * v[1] + u[2] * v[2];

/** Statistics of all pixels, and of those of each label. */
export function statisticsOf(
  image: Image,
  regions: Regions | undefined,
): { readonly all: Statistics; readonly regions: readonly (Statistics & { readonly label: number })[] } {
  const values = magnitude(image);
  const { matrix, origin, voxel, directions } = image;
  const volume = matrix[0] * matrix[1] * matrix[2];
  const all = collector();
  const each = new Map((regions?.labels ?? []).map((label) => [label, collector()]));
  for (let n = 0; n < volume; n++) {
    const at = [n % matrix[0], Math.floor(n / matrix[0]) % matrix[1], Math.floor(n / (matrix[0] * matrix[1]))];
    const place = [0, 1, 2].map((lps) =>
      directions.reduce((sum, axis, a) => sum + axis[lps] * at[a] * voxel[a], origin[lps]),
    ) as unknown as Triple<number>;
    const region = each.get(regions?.labelAt(place) ?? 0);
    for (let pixel = n; pixel < values.length; pixel += volume) {
      all.add(values[pixel]);
      region?.add(values[pixel]);
    }
  }
  return { all: all.result(), regions: [...each].map(([label, of]) => ({ label, ...of.result() })) };
}

/**
 * Running mean and variance (Welford): pixels are not stored, and a large mean costs no precision.
 */
function collector(): { add(value: number): void; result(): Statistics } {
  let [pixels, mean, squares] = [0, 0, 0];
  return {
    add(value) {
      pixels++;
      const before = value - mean;
      mean += before / pixels;
      squares += before * (value - mean);
    },
    result: () =>
      pixels === 0 ? { pixels, mean: Number.NaN, sd: Number.NaN } : { pixels, mean, sd: Math.sqrt(squares / pixels) },
  };
}
