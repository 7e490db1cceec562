/**
 * The header of NIfTI-1 and NIfTI-2 files: extents, type of the numbers, and positions of voxels.
 * Layouts: nifti1.h and nifti2.h of the NIfTI data format working group. NIfTI axes are RAS (+x
 * right, +y anterior); the result is LPS.
 */
import { badInput, type LarmorError } from '../base/errors.ts';
import type { Meters } from '../base/units.ts';

type Vector = readonly [Meters, Meters, Meters];

/** Bytes that hold either header. */
export const NIFTI_HEADER_BYTES = 544;

export interface NiftiHeader {
  /** All extents that the file states, x first. */
  readonly dims: readonly number[];
  /** Voxels along x, y, z. */
  readonly size: readonly [number, number, number];
  /** Position of voxel (0, 0, 0), patient LPS [m]; undefined if the file has no orientation. */
  readonly origin?: Vector;
  /** From a voxel to its neighbour along i, j, k, patient LPS [m]. */
  readonly steps: readonly [Vector, Vector, Vector];
  /** Volumes one after the other: the product of the extents beyond z. */
  readonly volumes: number;
  /** NIfTI's code of the type of the numbers. */
  readonly datatype: number;
  /** Numbers of a voxel: 2, (re, im), where it is complex. */
  readonly parts: 1 | 2;
  /** Whether f32 holds every number exactly. */
  readonly fitsF32: boolean;
  /** Where the numbers begin. */
  readonly dataOffset: number;
  /** Bytes of a number; a complex voxel has two. */
  readonly bytes: number;
  /**
   * The number at a byte offset of `view`, scaled; part 1 is the imaginary part, to which no
   * intercept is added.
   */
  readonly numberAt: (view: DataView, offset: number, part?: 0 | 1) => number;
}

type Getter = (view: DataView, offset: number, little: boolean) => number;
/** Types of real numbers: bytes of one, and how it is read. */
const TYPES: Readonly<Record<number, readonly [number, Getter]>> = {
  2: [1, (v, o) => v.getUint8(o)],
  4: [2, (v, o, l) => v.getInt16(o, l)],
  8: [4, (v, o, l) => v.getInt32(o, l)],
  16: [4, (v, o, l) => v.getFloat32(o, l)],
  64: [8, (v, o, l) => v.getFloat64(o, l)],
  256: [1, (v, o) => v.getInt8(o)],
  512: [2, (v, o, l) => v.getUint16(o, l)],
  768: [4, (v, o, l) => v.getUint32(o, l)],
  1024: [8, (v, o, l) => Number(v.getBigInt64(o, l))],
  1280: [8, (v, o, l) => Number(v.getBigUint64(o, l))],
};
/** Complex types by the type of their parts: complex64 and complex128. */
const COMPLEX: Readonly<Record<number, number>> = { 32: 16, 1792: 64 };
/** Types whose numbers f32 holds exactly. */
const WITHIN_F32: readonly number[] = [2, 4, 16, 256, 512];
/** Length unit by code: m, mm, µm; 0, unknown, is mm in practice. */
const UNITS: Readonly<Record<number, number>> = { 0: 1e-3, 1: 1, 2: 1e-3, 3: 1e-6 };

interface Fields {
  readonly dim: number[];
  readonly datatype: number;
  readonly pixdim: number[];
  readonly offset: number;
  readonly slope: number;
  readonly intercept: number;
  readonly qform: number;
  readonly sform: number;
  /** b, c, d, then x, y, z of the offset. */
  readonly quaternion: number[];
  readonly srow: number[];
  readonly units: number;
}

/**
 * @throws LarmorError 65 if the bytes are no header of a single-file NIfTI of real or complex
 * numbers
 */
export function parseNiftiHeader(path: string, bytes: Uint8Array): NiftiHeader {
  if (bytes.length < 348) throw badInput(path, 'too short for a NIfTI file', 'check that it was copied whole');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sizes = [348, 540];
  const little = sizes.includes(view.getInt32(0, true));
  const version = sizes.indexOf(view.getInt32(0, little)) + 1;
  if (version === 0) throw badInput(path, 'is not a NIfTI file', 'check that it is the right file');
  if (version === 2 && bytes.length < 540)
    throw badInput(path, 'too short for NIfTI-2', 'check that it was copied whole');
  const magic = new TextDecoder('latin1').decode(version === 1 ? bytes.subarray(344, 347) : bytes.subarray(4, 7));
  if (!/^n\+[12]$/.test(magic)) throw badInput(path, 'is not a single-file NIfTI', 'convert it to .nii');
  const fields = version === 1 ? fieldsOf1(view, little) : fieldsOf2(view, little);

  const rank = fields.dim[0];
  if (!(rank >= 1 && rank <= 7)) throw corrupt(path, `${rank} dimensions`);
  const dims = fields.dim.slice(1, rank + 1);
  if (!dims.every((extent) => extent > 0)) throw badInput(path, 'holds no voxels', 'check the program that wrote it');
  const [nx, ny = 1, nz = 1, ...more] = dims;
  const real = COMPLEX[fields.datatype] ?? fields.datatype;
  const type = TYPES[real];
  if (!type)
    throw badInput(path, `NIfTI data type ${fields.datatype} is not supported`, 'convert it to integers or float32');
  const [width, get] = type;
  // Numbers of a single file follow the header and four bytes of extension flags.
  const first = sizes[version - 1] + 4;
  if (!(Number.isSafeInteger(fields.offset) && fields.offset >= first))
    throw badInput(
      path,
      `vox_offset is ${fields.offset}, within the header`,
      `set it to ${first} or convert the file again`,
    );
  if (Math.abs(fields.slope) === Infinity || Math.abs(fields.intercept) === Infinity)
    throw corrupt(path, `numbers scaled by ${fields.slope} and ${fields.intercept}`);
  // A slope of 0, or NaN as some programs write, means that the numbers are not scaled.
  const scaled = fields.slope !== 0 && Number.isFinite(fields.slope) && Number.isFinite(fields.intercept);
  const [slope, intercept] = scaled ? [fields.slope, fields.intercept] : [1, 0];
  return {
    dims,
    size: [nx, ny, nz],
    ...placement(path, fields, UNITS[fields.units & 7] ?? 1e-3),
    volumes: more.reduce((product, extent) => product * extent, 1),
    datatype: fields.datatype,
    parts: real === fields.datatype ? 1 : 2,
    fitsF32: slope === 1 && intercept === 0 && WITHIN_F32.includes(real),
    dataOffset: fields.offset,
    bytes: width,
    numberAt: (data, at, part = 0) => get(data, at, little) * slope + (part === 0 ? intercept : 0),
  };
}

function corrupt(path: string, what: string): LarmorError {
  return badInput(path, `corrupt NIfTI header (${what})`, 'convert or copy it again');
}

function several(count: number, read: (n: number) => number): number[] {
  return Array.from({ length: count }, (_, n) => read(n));
}

function fieldsOf1(view: DataView, little: boolean): Fields {
  const float = (at: number) => view.getFloat32(at, little);
  return {
    dim: several(8, (n) => view.getInt16(40 + 2 * n, little)),
    datatype: view.getInt16(70, little),
    pixdim: several(8, (n) => float(76 + 4 * n)),
    offset: float(108),
    slope: float(112),
    intercept: float(116),
    units: view.getUint8(123),
    qform: view.getInt16(252, little),
    sform: view.getInt16(254, little),
    quaternion: several(6, (n) => float(256 + 4 * n)),
    srow: several(12, (n) => float(280 + 4 * n)),
  };
}

function fieldsOf2(view: DataView, little: boolean): Fields {
  const double = (at: number) => view.getFloat64(at, little);
  const long = (at: number) => Number(view.getBigInt64(at, little));
  return {
    datatype: view.getInt16(12, little),
    dim: several(8, (n) => long(16 + 8 * n)),
    pixdim: several(8, (n) => double(104 + 8 * n)),
    offset: long(168),
    slope: double(176),
    intercept: double(184),
    qform: view.getInt32(344, little),
    sform: view.getInt32(348, little),
    quaternion: several(6, (n) => double(352 + 8 * n)),
    srow: several(12, (n) => double(400 + 8 * n)),
    units: view.getInt32(500, little),
  };
}

/**
 * Origin and steps by sform, else qform, else voxel sizes alone, then centred (nifti1.h, "3D image
 * orientation").
 */
function placement(path: string, fields: Fields, unit: number): Pick<NiftiHeader, 'origin' | 'steps'> {
  const { srow, pixdim } = fields;
  const matrix =
    fields.sform > 0
      ? [srow.slice(0, 4), srow.slice(4, 8), srow.slice(8, 12)]
      : rotation(path, fields).map(([a, b, c, d]) => [a * pixdim[1], b * pixdim[2], c * pixdim[3], d]);
  // RAS to LPS turns x and y round.
  const column = (c: number) => [-matrix[0][c] * unit, -matrix[1][c] * unit, matrix[2][c] * unit] as const;
  const steps = [column(0), column(1), column(2)] as const;
  const origin = column(3);
  // The third step of a single plane may be 0; no step that is used may be.
  const used = steps.slice(0, Math.min(3, Math.max(1, fields.dim[0])));
  const lost = used.some((step, n) => fields.dim[n + 1] > 1 && Math.hypot(...step) === 0);
  if (lost || ![...steps.flat(), ...origin].every(Number.isFinite)) throw corrupt(path, 'voxel size or orientation');
  return fields.sform > 0 || fields.qform > 0 ? { steps, origin } : { steps };
}

/**
 * The length of (b, c, d) of a rotation is at most 1; they are stored as f32, and some programs
 * round them further.
 */
const LONGEST_QUATERNION = 1 + 1e-4;

/**
 * Rows [direction cosines, offset] of the qform; without one the array axes are L to R, P to A, I
 * to S.
 */
function rotation(path: string, { qform, quaternion, pixdim }: Fields): number[][] {
  if (qform <= 0)
    return [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
    ];
  const length = Math.hypot(...quaternion.slice(0, 3));
  if (!(length <= LONGEST_QUATERNION)) throw corrupt(path, `a quaternion of length ${length}`);
  // Half turns have a length of 1, from which rounding may take them further.
  const [b, c, d] = quaternion.slice(0, 3).map((part) => part / Math.max(1, length));
  const [x, y, z] = quaternion.slice(3);
  const a = Math.sqrt(Math.max(0, 1 - b * b - c * c - d * d));
  // pixdim[0] = −1 marks a left-handed third axis.
  const hand = pixdim[0] < 0 ? -1 : 1;
  return [
    [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), hand * 2 * (b * d + a * c), x],
    [2 * (b * c + a * d), a * a + c * c - b * b - d * d, hand * 2 * (c * d - a * b), y],
    [2 * (b * d - a * c), 2 * (c * d + a * b), hand * (a * a + d * d - b * b - c * c), z],
  ];
}
