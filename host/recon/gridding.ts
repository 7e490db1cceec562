/**
 * Gridding: samples anywhere in k-space to an image, as fast as an FFT. Every sample is spread over
 * its W neighbours on a grid twice as fine as needed, the grid is transformed, and the kernel's own
 * transform is divided out of the image:
 *
 *     image[m] ≈ Σ_j w_j s_j e^{+i2π κ_j·(m − floor(N/2))}
 *
 * that is, the weighted sum over the samples (the adjoint of the acquisition) with an error of 7e-6
 * of its norm for W = 6. The weights are those of `density.ts`. One routine serves 1, 2 and 3
 * dimensions: an axis of one pixel has a grid of one cell and a kernel of 1.
 */

import { fastSize } from '../numerics/fft.ts';
import { type Kernel, kaiserBessel, OVERSAMPLING } from '../numerics/kaiser-bessel.ts';
import { type Shape, transformAxis } from './axis.ts';

/**
 * Kernel width of images [grid cells]: 6 has an error of 7e-6, far below that of density
 * compensation.
 */
const IMAGE_WIDTH = 6;

/** Sample positions on a grid. */
export interface Grid {
  /** Cells along x, y, z. */
  readonly size: Shape;
  readonly kernel: Kernel;
  /** [samples][x, y, z] in cells, within [0, size]: the grid repeats. */
  readonly positions: Float64Array;
}

/** A grid for an image of `matrix` pixels. @param kappa [samples][x, y, z] in cycles per pixel */
export function makeGrid(kappa: Float64Array, matrix: Shape, kernel: Kernel): Grid {
  const { width } = kernel;
  const size: Shape = [gridSize(matrix[0], width), gridSize(matrix[1], width), gridSize(matrix[2], width)];
  const positions = new Float64Array(kappa.length);
  for (let i = 0; i < kappa.length; i++) {
    const n = size[i % 3];
    if (n > 1) positions[i] = (((kappa[i] % 1) + 1) % 1) * n;
  }
  return { size, kernel, positions };
}

/** At least the kernel's width, so that no sample is spread to one cell twice. */
function gridSize(pixels: number, width: number): number {
  return pixels === 1 ? 1 : fastSize(Math.max(OVERSAMPLING * pixels, 2 * width));
}

/**
 * Position of one sample's kernel along x, y, z: the first cell, and the weights from there on (the
 * grid is periodic).
 */
interface Footprint {
  readonly start: Int32Array;
  readonly weights: readonly [Float64Array, Float64Array, Float64Array];
}

function makeFootprint({ size, kernel }: Grid): Footprint {
  const along = (n: number): Float64Array => new Float64Array(n === 1 ? 1 : kernel.width).fill(1);
  return { start: new Int32Array(3), weights: [along(size[0]), along(size[1]), along(size[2])] };
}

function place({ start, weights }: Footprint, { size, kernel, positions }: Grid, sample: number): void {
  const { table, resolution, width } = kernel;
  for (let axis = 0; axis < 3; axis++) {
    if (size[axis] === 1) continue;
    const along = weights[axis];
    const position = positions[3 * sample + axis];
    // Integers from here on: `%` of doubles in this loop would take more time than everything else.
    const first = Math.ceil(position - width / 2) | 0;
    start[axis] = first < 0 ? first + size[axis] : first;
    for (let i = 0; i < width; i++) {
      const entry = Math.abs(first + i - position) * resolution;
      const below = entry | 0;
      along[i] = table[below] + (entry - below) * (table[below + 1] - table[below]);
    }
  }
}

/**
 * Adds value j, spread by the kernel, to the grid.
 * @param values [samples], or [samples][re, im] if `parts` is 2
 * @param cells [z][y][x] of the grid, likewise
 */
export function spread(grid: Grid, values: Float32Array | Float64Array, cells: Float32Array, parts: 1 | 2): void {
  const footprint = makeFootprint(grid);
  const { start } = footprint;
  const [wx, wy, wz] = footprint.weights;
  const [nx, ny, nz] = grid.size;
  const samples = grid.positions.length / 3;
  for (let j = 0; j < samples; j++) {
    place(footprint, grid, j);
    const beyond = nx - start[0];
    for (let z = 0, cz = start[2]; z < wz.length; z++, cz = cz + 1 === nz ? 0 : cz + 1) {
      for (let y = 0, cy = start[1]; y < wy.length; y++, cy = cy + 1 === ny ? 0 : cy + 1) {
        let cell = (cz * ny + cy) * nx + start[0];
        const weight = wz[z] * wy[y];
        if (parts === 1) {
          const value = values[j] * weight;
          for (let x = 0; x < wx.length; x++, cell++) {
            if (x === beyond) cell -= nx;
            cells[cell] += value * wx[x];
          }
        } else {
          const re = values[2 * j] * weight;
          const im = values[2 * j + 1] * weight;
          for (let x = 0; x < wx.length; x++, cell++) {
            if (x === beyond) cell -= nx;
            cells[2 * cell] += re * wx[x];
            cells[2 * cell + 1] += im * wx[x];
          }
        }
      }
    }
  }
}

/** Interpolates the grid's values at the samples by the kernel: the transpose of `spread`. */
export function gather(grid: Grid, cells: Float32Array, values: Float64Array): void {
  const footprint = makeFootprint(grid);
  const { start } = footprint;
  const [wx, wy, wz] = footprint.weights;
  const [nx, ny, nz] = grid.size;
  for (let j = 0; j < values.length; j++) {
    place(footprint, grid, j);
    const beyond = nx - start[0];
    let sum = 0;
    for (let z = 0, cz = start[2]; z < wz.length; z++, cz = cz + 1 === nz ? 0 : cz + 1) {
      for (let y = 0, cy = start[1]; y < wy.length; y++, cy = cy + 1 === ny ? 0 : cy + 1) {
        let cell = (cz * ny + cy) * nx + start[0];
        let part = 0;
        for (let x = 0; x < wx.length; x++, cell++) {
          if (x === beyond) cell -= nx;
          part += cells[cell] * wx[x];
        }
        sum += part * wz[z] * wy[y];
      }
    }
    values[j] = sum;
  }
}

/**
 * Σ_j s_j e^{+i2π κ_j·(m − floor(N/2))} for every pixel m. Made once per set of sample positions.
 */
export type Adjoint = (signal: Float32Array) => Float32Array;

/**
 * @param kappa [samples][x, y, z] in cycles per pixel
 * @param matrix pixels along x, y, z
 * @returns from the weighted signal, [samples][re, im], to the image, [z][y][x][re, im]
 */
export function makeAdjoint(kappa: Float64Array, matrix: Shape): Adjoint {
  const grid = makeGrid(kappa, matrix, kaiserBessel(IMAGE_WIDTH));
  const { size, kernel } = grid;
  const deapodise = ([0, 1, 2] as const).map((axis) =>
    Float64Array.from({ length: matrix[axis] }, (_, m) =>
      size[axis] === 1 ? 1 : 1 / kernel.transform((m - Math.floor(matrix[axis] / 2)) / size[axis]),
    ),
  );
  return (signal) => {
    let volume: Float32Array = new Float32Array(2 * size[0] * size[1] * size[2]);
    spread(grid, signal, volume, 2);
    // After its transform an axis is cut to the image's pixels, so that later axes have fewer
    // lines.
    const shape: [number, number, number] = [...size];
    for (const axis of [0, 1, 2] as const) {
      if (shape[axis] === 1) continue;
      volume = transformAxis(volume, shape, axis, { first: 0, step: 1 / size[axis], pixels: matrix[axis] });
      shape[axis] = matrix[axis];
    }
    const [nx, ny, nz] = matrix;
    for (let z = 0, at = 0; z < nz; z++) {
      for (let y = 0; y < ny; y++) {
        const factor = deapodise[2][z] * deapodise[1][y];
        for (let x = 0; x < nx; x++, at += 2) {
          volume[at] *= factor * deapodise[0][x];
          volume[at + 1] *= factor * deapodise[0][x];
        }
      }
    }
    return volume;
  };
}
