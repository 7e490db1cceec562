/**
 * Maps fixed in the scanner (off-resonance, coil sensitivities, transmit fields) as functions of
 * position: trilinear between voxel centres, real and imaginary part each, never magnitude or
 * phase. A position outside the hull of the voxel centres has no value; along an axis with a single
 * voxel the value is valid for half a voxel to both sides. Positions are in patient LPS in metres,
 * as those of spins.
 */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { openBudget } from '../base/budget.ts';
import { badInput, type LarmorError } from '../base/errors.ts';
import type { Meters } from '../base/units.ts';
import { scanNifti } from '../formats/nifti.ts';
import type { NiftiHeader } from '../formats/nifti-header.ts';

type Vector = readonly [Meters, Meters, Meters];
export type Numbers = Float32Array | Float64Array;

/** A grid of voxels in the scanner. */
export interface MapGrid {
  readonly size: readonly [number, number, number];
  /** Centre of voxel (0, 0, 0). */
  readonly origin: Vector;
  /** From a voxel to its neighbour along i, j, k. */
  readonly steps: readonly [Vector, Vector, Vector];
}

/** Numbers on a grid. */
export interface MapData extends MapGrid {
  /** Path, as messages name it. */
  readonly path: string;
  /** Volumes: coils or transmit channels. */
  readonly channels: number;
  /** 2 where the numbers are complex. */
  readonly parts: 1 | 2;
  /** [channels][k][j][i][parts] */
  readonly values: Numbers;
}

/** Columns of coordinates, as a block of spins has them. */
export interface Places {
  readonly x: Numbers;
  readonly y: Numbers;
  readonly z: Numbers;
}

export interface FieldMap extends MapData {
  /**
   * Digest of numbers and grid: the same for the same map under any name and in any compression.
   */
  readonly identity: string;
  readonly residentBytes: number;
  /**
   * Values at places [0, count): `columns` are [channels · parts], (re, im) of channel 0 first. A
   * position outside gets 0 and is reported to `outside`, which throws (`outsideMap`) unless there
   * is no spin.
   */
  sample(places: Places, count: number, columns: readonly Numbers[], outside: (n: number) => void): void;
  /** Whether the map has a value at this place. */
  covers(x: Meters, y: Meters, z: Meters): boolean;
}

/**
 * Fraction of a voxel by which rounding of f32 positions and affines may exceed the outermost
 * centres.
 */
const ROUNDING = 1e-4;
/** Grids of two files are equal if their voxels differ by less than this fraction of a voxel. */
const SAME_GRID = 1e-3;
/** Phases beyond one turn and rounding are not radians. */
const LARGEST_PHASE = 2 * Math.PI * (1 + 1e-6);

/** @throws LarmorError 65 if the numbers are not finite or the voxels fill no space */
export function fieldMap(data: MapData): FieldMap {
  const { path, size, origin, channels, parts, values } = data;
  requireFinite(data);
  const inverse = inverseOf(data);
  const [nx, ny, nz] = size;
  const volume = nx * ny * nz * parts;
  /** Index and weight of the lower neighbour along an axis; false outside. */
  const cell = Int32Array.of(0, 0, 0);
  const part = new Float64Array(3);
  const locate = (x: number, y: number, z: number): boolean => {
    const [dx, dy, dz] = [x - origin[0], y - origin[1], z - origin[2]];
    for (let a = 0; a < 3; a++) {
      const last = size[a] - 1;
      const at = inverse[3 * a] * dx + inverse[3 * a + 1] * dy + inverse[3 * a + 2] * dz;
      const slack = last === 0 ? 0.5 + ROUNDING : ROUNDING;
      if (!(at >= -slack && at <= last + slack)) return false;
      const index = Math.max(0, Math.min(last - 1, Math.floor(at)));
      cell[a] = index;
      part[a] = last === 0 ? 0 : Math.max(0, Math.min(1, at - index));
    }
    return true;
  };
  // Neighbours along an axis of a single voxel are the voxel itself.
  const [di, dj, dk] = [nx > 1 ? parts : 0, ny > 1 ? nx * parts : 0, nz > 1 ? nx * ny * parts : 0];
  return {
    ...data,
    identity: identityOf(data),
    residentBytes: values.byteLength,
    covers: locate,
    sample({ x, y, z }, count, columns, outside) {
      if (columns.length !== channels * parts)
        throw new RangeError(`${path}: ${columns.length} columns for ${channels} channels of ${parts}`);
      for (let n = 0; n < count; n++) {
        if (!locate(x[n], y[n], z[n])) {
          for (const column of columns) column[n] = 0;
          outside(n);
          continue;
        }
        const at = ((cell[2] * ny + cell[1]) * nx + cell[0]) * parts;
        const [u, v, w] = part;
        for (let c = 0; c < columns.length; c++) {
          const o = at + Math.floor(c / parts) * volume + (c % parts);
          const low = along(values, o, di, dj, u, v);
          columns[c][n] = w === 0 ? low : low + w * (along(values, o + dk, di, dj, u, v) - low);
        }
      }
    },
  };
}

/** Bilinear in the plane of i and j. */
function along(values: Numbers, at: number, di: number, dj: number, u: number, v: number): number {
  const near = values[at] + u * (values[at + di] - values[at]);
  const far = values[at + dj] + u * (values[at + dj + di] - values[at + dj]);
  return near + v * (far - near);
}

/** The error for a spin outside a map. @param who the spin, such as `brain.phantom spin 3` */
export function outsideMap({ path }: MapData, who: string, place: readonly number[]): LarmorError {
  const at = place.map((part) => `${Number((1e3 * part).toPrecision(4))}`).join(', ');
  return badInput(path, `does not cover ${who} at (${at}) mm (LPS)`, 'give a map that reaches beyond the phantom');
}

/** A NIfTI map, real or complex, of one volume or more. @throws LarmorError 65, 66 */
export async function readMap(path: string): Promise<FieldMap> {
  return fieldMap(await readMapData(path));
}

/**
 * A pair of magnitudes and phases [rad] on one grid: made complex at the voxels, before anything is
 * interpolated.
 */
export async function readMagnitudePhase(magnitude: string, phase: string): Promise<FieldMap> {
  const [sizes, angles] = [await readMapData(magnitude), await readMapData(phase)];
  for (const { path, parts } of [sizes, angles])
    if (parts === 2) throw badInput(path, 'holds complex numbers', "give it as 'file', not as 'magnitude' or 'phase'");
  requireSameGrid(sizes, angles);
  const negative = sizes.values.findIndex((value) => value < 0);
  if (negative >= 0)
    throw badInput(
      magnitude,
      `${voxelOf(sizes, negative)} is ${sizes.values[negative]}`,
      'a magnitude is not negative',
    );
  const wide = angles.values.findIndex((angle) => Math.abs(angle) > LARGEST_PHASE);
  if (wide >= 0)
    throw badInput(phase, `${voxelOf(angles, wide)} is ${angles.values[wide]}`, 'give phases in rad, −π to π');
  const values = new Float64Array(2 * sizes.values.length);
  for (let n = 0; n < sizes.values.length; n++) {
    values[2 * n] = sizes.values[n] * Math.cos(angles.values[n]);
    values[2 * n + 1] = sizes.values[n] * Math.sin(angles.values[n]);
  }
  return fieldMap({ ...sizes, path: `${magnitude} and ${phase}`, parts: 2, values });
}

/** Numbers and grid of a NIfTI file. @throws LarmorError 65, 66 */
export async function readMapData(path: string): Promise<MapData> {
  let values: Numbers = new Float32Array(0);
  const header = await scanNifti(path, (found) => {
    values = roomFor(path, found);
    const { bytes, numberAt, parts } = found;
    return (view, first, count) => {
      for (let n = 0; n < count; n++)
        values[first + n] = numberAt(view, n * bytes, parts === 2 && (first + n) % 2 === 1 ? 1 : 0);
    };
  });
  const { size, steps, origin, volumes, parts } = header;
  if (origin === undefined)
    throw badInput(path, 'states no orientation (sform or qform)', 'save it with the affine of the scan');
  return { path, size, steps, origin, channels: volumes, parts, values };
}

/** Numbers that f32 represents exactly are stored as f32: half the memory. */
function roomFor(path: string, { size, volumes, parts, fitsF32 }: NiftiHeader): Numbers {
  const count = size[0] * size[1] * size[2] * volumes * parts;
  const make = fitsF32 ? Float32Array : Float64Array;
  openBudget('phantom', path, statSync(path).size).take(count * make.BYTES_PER_ELEMENT, `${count} numbers`);
  return new make(count);
}

/** @throws LarmorError 65 unless two files have the same voxels and volumes */
export function requireSameGrid(a: MapData, b: MapData): void {
  const scale = Math.min(...a.steps.map((step) => Math.hypot(...step)).filter((length) => length > 0));
  const reach = Math.max(...a.size);
  const same =
    a.channels === b.channels &&
    a.size.every((extent, axis) => extent === b.size[axis]) &&
    a.origin.every((part, axis) => Math.abs(part - b.origin[axis]) <= SAME_GRID * scale) &&
    a.steps.flat().every((part, n) => Math.abs(part - b.steps.flat()[n]) * reach <= SAME_GRID * scale);
  if (!same)
    throw badInput(b.path, `differs in its voxel grid from ${a.path}`, 'give files with the same grid and affine');
}

/** `voxel (1, 2, 3)` of number n, with the volume where there are several. */
export function voxelOf({ size: [nx, ny, nz], channels, parts }: MapData, n: number): string {
  const at = Math.floor(n / parts);
  const place = [at % nx, Math.floor(at / nx) % ny, Math.floor(at / (nx * ny)) % nz].join(', ');
  const volume = channels > 1 ? ` of volume ${Math.floor(at / (nx * ny * nz))}` : '';
  return `voxel (${place})${volume}`;
}

function requireFinite(data: MapData): void {
  const wrong = data.values.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return;
  throw badInput(data.path, `${voxelOf(data, wrong)} is ${data.values[wrong]}`, 'replace it by a finite number');
}

/** Row-major 3 × 3 matrix that turns metres from the origin into voxels. */
function inverseOf({ path, steps, size }: MapData): Float64Array {
  const [a, b, c] = steps;
  const cross = (p: Vector, q: Vector): [number, number, number] => [
    p[1] * q[2] - p[2] * q[1],
    p[2] * q[0] - p[0] * q[2],
    p[0] * q[1] - p[1] * q[0],
  ];
  const [bc, ca, ab] = [cross(b, c), cross(c, a), cross(a, b)];
  const volume = a[0] * bc[0] + a[1] * bc[1] + a[2] * bc[2];
  const scale = Math.hypot(...a) * Math.hypot(...b) * Math.hypot(...c);
  if (!(Math.abs(volume) > 1e-6 * scale))
    throw badInput(path, `its ${size.join(' × ')} voxels have no volume`, 'correct its affine');
  return Float64Array.from([...bc, ...ca, ...ab], (part) => part / volume);
}

function identityOf({ size, origin, steps, channels, parts, values }: MapData): string {
  return createHash('sha256')
    .update(Float64Array.of(...size, ...origin, ...steps.flat(), channels, parts))
    .update(values)
    .digest('hex');
}
