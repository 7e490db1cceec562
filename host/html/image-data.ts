/**
 * An image for a report: its planes as a radiologist views them, with their positions in the
 * patient, limited to a size that the file can hold.
 */

import { quantity } from '../figures/units.ts';
import { lettersOf } from '../plots/anatomy.ts';
import type { AcquiredData } from '../raw/types.ts';
import type { Layout } from '../recon/geometry.ts';
import type { Image } from '../recon/image.ts';
import { whiteLevel } from '../recon/png.ts';
import { reconstruct, type Wanted } from '../recon/reconstruct.ts';
import { chooseView, type View } from '../recon/view.ts';
import { evenEnds, toRows } from './numbers.ts';
import type { ImageData, ImageDimension } from './types.ts';

/**
 * Most complex pixels of all stored planes, 2 MB; of larger images, evenly chosen indices of the
 * longest dimension are stored.
 */
const MOST_PIXELS = 2 ** 19;

/** Reconstructs what is kept, and no more. @throws LarmorError as `reconstruct` */
export function imageData(data: AcquiredData): ImageData {
  let chosen: Chosen | undefined;
  const choose = (layout: Layout): Wanted => {
    chosen ??= chosenOf(layout, data.coils);
    return wantedOf(chosen, layout.coils > 1);
  };
  const combined = reconstruct(data, { choose });
  const { view, counts, kept } = chosen!;
  const each = kept.coil.length > 1 ? reconstruct(data, { each: true, choose }) : undefined;
  const { matrix, voxel, directions, origin } = combined;
  const { axes, flip } = view;
  const [columns, rows] = axes.map((axis) => matrix[axis]) as [number, number, number];
  const strides = [1, matrix[0], matrix[0] * matrix[1]];
  const volume = matrix[0] * matrix[1] * matrix[2];
  const planes = kept.coil.length * kept.repetition.length * kept.contrast.length * kept.slice.length;
  const values = new Float32Array(2 * planes * columns * rows);
  let at = 0;
  for (const coil of kept.coil) {
    const { data: pixels } = coil < 0 ? combined : each!;
    for (const repetition of kept.repetition)
      for (const contrast of kept.contrast)
        for (const slice of kept.slice) {
          const frame = (Math.max(0, coil) * counts.repetition + repetition) * counts.contrast + contrast;
          const from = frame * volume + slice * strides[axes[2]];
          for (let row = 0; row < rows; row++)
            for (let column = 0; column < columns; column++) {
              const u = flip[0] ? columns - 1 - column : column;
              const v = flip[1] ? rows - 1 - row : row;
              const n = 2 * (from + u * strides[axes[0]] + v * strides[axes[1]]);
              values[at++] = pixels[n];
              values[at++] = pixels[n + 1];
            }
        }
  }
  // The first coil is all of them, combined.
  const sizes = Float32Array.from({ length: values.length / 2 / kept.coil.length }, (_, n) =>
    Math.hypot(values[2 * n], values[2 * n + 1]),
  );
  const step = (axis: number, isFlipped: boolean): number[] =>
    directions[axis].map((way) => (isFlipped ? -way : way) * voxel[axis]);
  const steps = [step(axes[0], flip[0]), step(axes[1], flip[1]), step(axes[2], false)];
  const corner = origin.map(
    (place, lps) => place - (flip[0] ? (columns - 1) * steps[0][lps] : 0) - (flip[1] ? (rows - 1) * steps[1][lps] : 0),
  );
  const [right, down] = [0, 1].map((n) => steps[n].map((part) => part / voxel[axes[n]]));
  const against = (way: readonly number[]): number[] => way.map((part) => -part);
  return {
    ...{ columns, rows, kept, counts, corner, steps },
    pixel: [voxel[axes[0]], voxel[axes[1]]],
    letters: [lettersOf(against(right)), lettersOf(right), lettersOf(against(down)), lettersOf(down)],
    white: whiteLevel(sizes),
    largest: sizes.reduce((most, value) => Math.max(most, value), 0),
    hasPhase: data.coils === 1,
    values: toRows(values, evenEnds(values.length, 2 * columns)),
    caption: captionOf(combined, kept, counts, [columns, rows], [voxel[axes[0]], voxel[axes[1]]]),
  };
}

type Dimensions<T> = Record<ImageDimension, T>;

interface Chosen {
  readonly view: View;
  readonly counts: Dimensions<number>;
  readonly kept: Dimensions<readonly number[]>;
}

function chosenOf(layout: Layout, coils: number): Chosen {
  const view = chooseView(layout);
  const [columns, rows, slice] = view.axes.map((axis) => layout.matrix[axis]);
  const { repetitions: repetition, contrasts: contrast } = layout;
  const counts = { coil: coils > 1 ? 1 + coils : 1, repetition, contrast, slice };
  return { view, counts, kept: keptOf(counts, columns * rows) };
}

/** @param isEach of the image of every coil, not of all combined */
function wantedOf({ view, kept }: Chosen, isEach: boolean): Wanted {
  const [coils, repetitions, contrasts, slices] = [kept.coil, kept.repetition, kept.contrast, kept.slice].map(
    (numbers) => new Set(numbers),
  );
  const isAcrossZ = view.axes[2] === 2;
  return (coil, repetition, contrast, z) =>
    (!isEach || coils.has(coil)) &&
    repetitions.has(repetition) &&
    contrasts.has(contrast) &&
    (!isAcrossZ || slices.has(z));
}

function keptOf(counts: Dimensions<number>, pixels: number): Dimensions<readonly number[]> {
  const all = (count: number, first = 0): readonly number[] => Array.from({ length: count }, (_, n) => n + first);
  const kept = {
    coil: all(counts.coil, -1),
    repetition: all(counts.repetition),
    contrast: all(counts.contrast),
    slice: all(counts.slice),
  };
  const size = (): number => pixels * Object.values(kept).reduce((product, { length }) => product * length, 1);
  while (size() > MOST_PIXELS) {
    const [longest] = (Object.keys(kept) as ImageDimension[]).sort((a, b) => kept[b].length - kept[a].length);
    if (kept[longest!].length === 1) break;
    // Of coils the combined image stays; of others the middle ones.
    const odd = longest === 'coil' ? 0 : Math.floor(kept[longest!].length / 2) % 2;
    kept[longest!] = kept[longest!].filter((_, n) => n % 2 === odd);
  }
  return kept;
}

function captionOf(
  { method, notes }: Image,
  kept: Dimensions<readonly number[]>,
  counts: Dimensions<number>,
  size: readonly number[],
  pixel: readonly number[],
): string {
  const fewer = (Object.keys(counts) as ImageDimension[]).filter((name) => kept[name].length < counts[name]);
  const left = fewer.map((name) => `${kept[name].length} of ${counts[name]} ${name}s`).join(', ');
  return [
    `${size[0]} × ${size[1]} pixels of ${quantity(pixel[0], 'm')} × ${quantity(pixel[1], 'm')}`,
    `by ${method === 'fft' ? 'FFT' : 'gridding'} (${notes.join('; ')})`,
    ...(left === '' ? [] : [`evenly chosen: ${left} are in this file`]),
  ].join('; ');
}
