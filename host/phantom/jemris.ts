/**
 * JEMRIS phantoms (HDF5): `sample/data` {z, y, x, 5} or {y, x, 5} holds M0, R1, R2, R2* [1/ms] and
 * off-resonance [rad/s] per voxel, `sample/resolution` and `sample/offset` are mm; a voxel with M0
 * ≠ 0 is a spin. One counting pass stores the number of spins before each row of x, and a range of
 * spins is read from its rows.
 */
import { badInput } from '../base/errors.ts';
import type { Hdf5Reader, NumberDataset } from '../formats/hdf5/reader.ts';
import { checkSpins, requireRange, type SurveyOf } from './bounds.ts';
import { digestText } from './digest.ts';
import { phantomIdentity } from './identity.ts';
import { rowOf } from './lattice.ts';
import { TISSUE_B0 } from './tissues.ts';
import type { PhantomSource, SpinBlock } from './types.ts';

const DATA = 'sample/data';
/** Values of a voxel. */
const FIELDS = 5;
/** Voxels read from the file at once: 2.6 MB. */
const READ_VOXELS = 65536;

/** Whether an open HDF5 file is a JEMRIS phantom. */
export function isJemrisPhantom(file: Hdf5Reader): boolean {
  return file.has(DATA);
}

/**
 * The phantom in an open file. JEMRIS files have off-resonance without a field strength; 1.5 T is
 * assumed.
 * @throws LarmorError 65 if it cannot be simulated
 */
export async function jemrisPhantom(file: Hdf5Reader, surveyOf: SurveyOf): Promise<PhantomSource> {
  const data = file.numbers(DATA);
  const [nz, ny, nx] = gridOf(data);
  const step = tripleOf(file, 'sample/resolution', [1, 1, 1]);
  const offset = tripleOf(file, 'sample/offset', [0, 0, 0]);
  if (step.some((value) => !(value > 0))) {
    throw badInput(`${file.path} sample/resolution`, `is ${step.join(', ')}`, 'give voxel sizes in mm');
  }
  // The grid is centred, then moved by the offset.
  const start = [nx, ny, nz].map((points, axis) => (-(points - 1) / 2) * step[axis] * 1e-3 + offset[axis] * 1e-3);
  const place = (index: number, axis: number): number => start[axis] + index * step[axis] * 1e-3;

  const rows = ny * nz;
  const group = Math.max(1, Math.floor(READ_VOXELS / nx));
  /**
   * Rows of one z, from r and up to row `end`, that fit into one read: their voxels and the number
   * of rows.
   */
  const readRows = (r: number, end: number) => {
    const y = r % ny;
    const z = Math.floor(r / ny);
    const count = Math.min(group, ny - y, end - r);
    const inPlane = [[y, y + count] as const, [0, nx] as const, [0, FIELDS] as const];
    return { count, voxels: data.read(data.shape.length === 4 ? [[z, z + 1], ...inPlane] : inPlane) };
  };

  const before = new Float64Array(rows + 1);
  for (let r = 0; r < rows; ) {
    const { count, voxels } = readRows(r, rows);
    for (let v = 0; v < count; v++, r++) {
      let spins = 0;
      for (let i = v * nx; i < (v + 1) * nx; i++) if (voxels[i * FIELDS] !== 0) spins++;
      before[r + 1] = before[r] + spins;
    }
  }
  file.requireUnchanged();
  const spinCount = before[rows];
  if (spinCount === 0)
    throw badInput(data.place, 'holds no spins (M0 is 0 everywhere)', 'check the program that wrote it');

  const read = (first: number, count: number, into: SpinBlock): void => {
    requireRange(first, count, spinCount);
    let n = 0;
    for (let r = rowOf(before, first); n < count; ) {
      const { count: have, voxels } = readRows(r, rows);
      for (let v = 0; v < have && n < count; v++, r++) {
        let spin = before[r];
        if (before[r + 1] === spin) continue;
        const y = place(r % ny, 1);
        const z = place(Math.floor(r / ny), 2);
        for (let i = 0; i < nx && n < count; i++) {
          const at = (v * nx + i) * FIELDS;
          if (voxels[at] === 0 || spin++ < first) continue;
          into.x[n] = place(i, 0);
          into.y[n] = y;
          into.z[n] = z;
          into.density[n] = voxels[at];
          into.T1[n] = 1e-3 / voxels[at + 1];
          into.T2[n] = 1e-3 / voxels[at + 2];
          into.T2s[n] = 1e-3 / voxels[at + 3];
          into.offResonance[n] = voxels[at + 4];
          n++;
        }
      }
    }
    file.requireUnchanged();
    checkSpins(data.place, first, count, into);
  };
  const { bounds, digest } = await surveyOf(spinCount, read);
  return {
    name: file.path,
    spinCount,
    B0: TISSUE_B0,
    bounds,
    identity: phantomIdentity('jemris', { size: [nx, ny, nz], step, offset }, spinCount, digestText(digest)),
    residentBytes: before.byteLength,
    read,
    close: file.close,
  };
}

/** [z, y, x] extents of the data. */
function gridOf({ place, shape }: NumberDataset): [number, number, number] {
  if ((shape.length !== 3 && shape.length !== 4) || shape.at(-1) !== FIELDS) {
    const fix = 'JEMRIS writes {z, y, x, 5} or {y, x, 5}';
    throw badInput(place, `has shape ${shape.join(' × ') || 'of a scalar'}`, fix);
  }
  const [nz, ny, nx] = shape.length === 4 ? shape : [1, ...shape];
  if (nz * ny * nx === 0) throw badInput(place, 'holds no voxels', 'check the program that wrote it');
  return [nz, ny, nx];
}

/** Three numbers of a small dataset, or `missing` where the file has none. */
function tripleOf(file: Hdf5Reader, path: string, missing: readonly number[]): number[] {
  if (!file.has(path)) return [...missing];
  const { place, shape, read } = file.numbers(path);
  const count = shape.reduce((product, extent) => product * extent, 1);
  const values = count === 3 ? Array.from(read(shape.map((extent) => [0, extent]))) : [];
  if (values.length !== 3 || !values.every(Number.isFinite))
    throw badInput(place, 'is not three numbers', 'give mm along x, y, z');
  return values;
}
