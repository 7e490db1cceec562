/**
 * Figures as PNG: their SVG, drawn by resvg. Its WebAssembly and the font are 3 MB, separate from
 * the bundle and read when a PNG is written.
 */
import { readFileSync } from 'node:fs';
import { initWasm, Resvg } from '@resvg/resvg-wasm';
import { assetPath } from '../base/assets.ts';
import { favourQuickWasm } from '../base/v8-flags.ts';
import { svgText } from './svg.ts';
import type { Figure } from './types.ts';

/** Pixels of the PNG per pixel of the SVG: 1500 across. */
const ZOOM = 1.5;
const FAMILY = 'DejaVu Sans';

let ready: Promise<void> | undefined;

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** [height][width][r, g, b, a] */
  readonly rgba: Uint8Array;
}

/** Draws a figure and passes the drawing to a function. @param zoom pixels per pixel of the SVG */
async function drawn<T>(
  figure: Figure,
  zoom: number,
  take: (image: ReturnType<InstanceType<typeof Resvg>['render']>) => T,
): Promise<T> {
  if (ready === undefined) favourQuickWasm();
  ready ??= initWasm(new WebAssembly.Module(readFileSync(assetPath('figures/resvg.wasm'))));
  await ready;
  const font = readFileSync(assetPath('figures/DejaVuSans.ttf'));
  const fonts = { fontBuffers: [font], defaultFontFamily: FAMILY, sansSerifFamily: FAMILY };
  const svg = new Resvg(svgText(figure), { font: fonts, fitTo: { mode: 'zoom', value: zoom } });
  const image = svg.render();
  try {
    return take(image);
  } finally {
    image.free();
    svg.free();
  }
}

export function pngBytes(figure: Figure): Promise<Uint8Array> {
  return drawn(figure, ZOOM, (image) => image.asPng().slice());
}

export function pixelsOf(figure: Figure, zoom: number): Promise<Pixels> {
  return drawn(figure, zoom, ({ width, height, pixels }) => ({ width, height, rgba: pixels.slice() }));
}
