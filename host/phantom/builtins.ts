/**
 * The built-in phantoms: their parameters, and the lattice of each. Their spins are computed one by
 * one, without a file.
 */
import { usage } from '../base/errors.ts';
import { completeParameters, type Given, type Parameters, type Values } from '../base/parameters.ts';
import { relaxationProblem } from './bounds.ts';
import { headModel } from './head.ts';
import { EXTENT } from './head-anatomy.ts';
import { type Lattice, type LatticeModel, latticeSource, thickened, type Vector } from './lattice.ts';
import { type SpinSampler, spinsPerVoxel } from './sub-voxel.ts';
import { TISSUE_B0 } from './tissues.ts';
import type { PhantomSource } from './types.ts';

export interface BuiltinPhantom {
  readonly doc: string;
  readonly parameters: Parameters;
  /**
   * @param sampler chooses the spins of each voxel for a sequence; without one a voxel has one spin
   *   by default
   * @throws LarmorError 2 for a wrong parameter
   */
  open(given: Given, sampler?: SpinSampler): PhantomSource;
}

/**
 * To be increased when a built-in phantom gives different spins for the same parameters, so that
 * old checkpoints are not resumed.
 */
const MODEL_VERSION = 2;

const positive = { minimum: 0, exclusive: true } as const;
const slab = {
  slab: {
    default: 0,
    unit: 'm',
    doc: 'thickness along z, all of it as in its middle (0: what the slices of the sequence reach)',
    minimum: 0,
    plausible: 1,
  },
} as const;
const centre = {
  x: { default: 0, unit: 'm', doc: 'centre, towards the left', plausible: 2 },
  y: { default: 0, unit: 'm', doc: 'centre, towards posterior', plausible: 2 },
  z: { default: 0, unit: 'm', doc: 'centre, towards the head', plausible: 2 },
} as const;
const material = {
  density: { default: 1, unit: '', doc: 'proton density, relative' },
  T1: { default: 1, unit: 's', doc: 'longitudinal relaxation time', ...positive, plausible: 20 },
  T2: { default: 0.1, unit: 's', doc: 'transverse relaxation time', ...positive, plausible: 10 },
  offResonance: { default: 0, unit: 'Hz', doc: `off-resonance at ${TISSUE_B0} T` },
} as const;

const head2d = {
  voxel: { default: 0.002, unit: 'm', doc: 'voxel size', ...positive, plausible: 0.1 },
  spinsPerVoxel,
  ...slab,
  level: {
    default: -0.012,
    unit: 'm',
    doc: 'height of the axial plane in the head; it is placed at z = 0',
    plausible: 1,
  },
} as const;
const head3d = {
  voxel: { default: 0.004, unit: 'm', doc: 'voxel size', ...positive, plausible: 0.1 },
  spinsPerVoxel,
  ...slab,
  zmin: { default: EXTENT.minZ * 1e-3, unit: 'm', doc: 'lower end of the part simulated', plausible: 1 },
  zmax: { default: EXTENT.maxZ * 1e-3, unit: 'm', doc: 'upper end of the part simulated', plausible: 1 },
} as const;
const sphere = {
  radius: { default: 0.05, unit: 'm', doc: 'radius', ...positive, plausible: 1 },
  voxel: { default: 0.004, unit: 'm', doc: 'voxel size', ...positive, plausible: 0.1 },
  spinsPerVoxel,
  ...slab,
  ...material,
  ...centre,
} as const;
const column = {
  length: { default: 0.2, unit: 'm', doc: 'length', ...positive, plausible: 5 },
  voxel: { default: 0.001, unit: 'm', doc: 'distance between spins', ...positive, plausible: 0.1 },
  axis: { default: 'x', unit: 'x|y|z', doc: 'axis along which the spins lie' },
  spinsPerVoxel,
  ...material,
  ...centre,
} as const;
const grid = {
  n: { default: 10, unit: '', doc: 'points along each axis', minimum: 1, integer: true },
  spacing: { default: 0.01, unit: 'm', doc: 'distance between points', ...positive, plausible: 1 },
  spinsPerVoxel,
  ...material,
  ...centre,
} as const;

export const builtinPhantoms: Readonly<Record<string, BuiltinPhantom>> = {
  head2d: builtin(
    'head2d',
    'one axial plane of the head, through eyes and ventricles, at z = 0, or a slab of it where slices are selected',
    head2d,
    (p, region) => {
      const size = [points(2 * EXTENT.x, p.voxel), points(2 * EXTENT.y, p.voxel), 1] as const;
      const { from, to } = region ?? { from: -p.voxel / 2, to: p.voxel / 2 };
      const lattice = cubic(size, p.voxel, [0, 0, (from + to) / 2], to - from);
      const [x, y] = lattice.origin;
      return { lattice, model: headModel({ start: [x, y, p.level], spacing: p.voxel, planeSpacing: to - from }) };
    },
  ),
  head3d: builtin(
    'head3d',
    'a head: skin, fat, muscle, skull, folded brain, ventricles, a lesion',
    head3d,
    (p, region) => {
      if (p.zmax < p.zmin) throw usage(`phantom head3d: zmin ${p.zmin} lies above zmax ${p.zmax}`, 'swap them');
      const { count, spacing, middle } = planesWithin(p.zmin, p.zmax, p.voxel, region);
      const size = [points(2 * EXTENT.x, p.voxel), points(2 * EXTENT.y, p.voxel), count] as const;
      const lattice = cubic(size, p.voxel, [0, 0, middle], spacing);
      return { lattice, model: headModel({ start: lattice.origin, spacing: p.voxel, planeSpacing: spacing }) };
    },
  ),
  sphere: builtin('sphere', 'a ball of one material', sphere, (p, region) => {
    const side = points(2e3 * p.radius, p.voxel);
    const half = (side * p.voxel) / 2;
    const { count, spacing, middle } = planesWithin(p.z - half, p.z + half, p.voxel, region);
    const lattice = cubic([side, side, count], p.voxel, [p.x, p.y, middle], spacing);
    const height = (k: number): number => (middle - p.z + (k - (count - 1) / 2) * spacing) / p.voxel;
    return { lattice, model: uniform(p, ball(side, p.radius / p.voxel, height)) };
  }),
  column: builtin('column', 'a line of spins of one material', column, (p) => {
    const along = Math.max(1, Math.round(p.length / p.voxel));
    const size = ['x', 'y', 'z'].map((axis) => (axis === p.axis ? along : 1)) as [number, number, number];
    return { lattice: cubic(size, p.voxel, [p.x, p.y, p.z]), model: uniform(p), points: true };
  }),
  grid: builtin('grid', 'n × n × n spins of one material', grid, (p) => ({
    lattice: cubic([p.n, p.n, p.n], p.spacing, [p.x, p.y, p.z]),
    model: uniform(p),
    points: true,
  })),
};

/**
 * The built-in phantom with a source's name, which includes the parameters that were set: `sphere
 * radius=4cm`.
 */
export function builtinNamed(name: string): string | undefined {
  const [word = ''] = name.split(' ', 1);
  return Object.hasOwn(builtinPhantoms, word) ? word : undefined;
}

/** Part of z that is simulated. */
type Region = NonNullable<SpinSampler['slab']>;

function builtin<T extends Parameters>(
  name: string,
  doc: string,
  parameters: T,
  build: (values: Values<T>, region: Region | undefined) => { lattice: Lattice; model: LatticeModel; points?: boolean },
): BuiltinPhantom {
  return {
    doc,
    parameters,
    open(given, sampler) {
      const values = completeParameters(name, parameters, given);
      const { spinsPerVoxel: count, slab = 0, z = 0 }: { spinsPerVoxel?: number; slab?: number; z?: number } = values;
      const region = slab > 0 ? { from: z - slab / 2, to: z + slab / 2, planes: 1 } : sampler?.slab;
      const { lattice, model, points = false } = build(values, region);
      const set = Object.entries(given).map(([key, value]) => `${key}=${value}`);
      const source = latticeSource(points ? thickened(lattice, sampler) : lattice, model, {
        name: [name, ...set].join(' '),
        kind: 'builtin',
        B0: TISSUE_B0,
        header: { phantom: name, version: MODEL_VERSION, ...values },
        count: count || undefined,
        sampler,
        points,
      });
      return { ...source, parameters: values };
    },
  };
}

/**
 * Planes over [low, high], or over its intersection with the excited region if there is one: one
 * for each slice, because layers represent a slice best if it is divided evenly by their number.
 */
function planesWithin(
  low: number,
  high: number,
  voxel: number,
  region: Region | undefined,
): { count: number; spacing: number; middle: number } {
  const from = Math.max(low, region?.from ?? low);
  const to = Math.min(high, region?.to ?? high);
  if (region?.planes === undefined || to <= from)
    return { count: Math.max(1, Math.round((high - low) / voxel)), spacing: voxel, middle: (low + high) / 2 };
  return { count: region.planes, spacing: (to - from) / region.planes, middle: (from + to) / 2 };
}

/**
 * An odd number of points that covers `millimetres`: odd, so that one lies on the axis of symmetry.
 */
function points(millimetres: number, voxel: number): number {
  return 2 * Math.ceil(millimetres / (2e3 * voxel)) + 1;
}

/**
 * A lattice about `centre`, i along x, j along y, k along z; cubic unless planes have a spacing of
 * their own.
 */
function cubic(size: Lattice['size'], spacing: number, centre: Vector, planeSpacing = spacing): Lattice {
  const start = (axis: number): number => centre[axis] - ((size[axis] - 1) / 2) * (axis === 2 ? planeSpacing : spacing);
  return {
    size,
    origin: [start(0), start(1), start(2)],
    steps: [
      [spacing, 0, 0],
      [0, spacing, 0],
      [0, 0, planeSpacing],
    ],
  };
}

/** One material on every row, over the points [from, to) along i that `span` returns. */
function uniform(
  { density, T1, T2, offResonance }: Values<typeof material>,
  span?: (j: number, k: number) => readonly [number, number],
): LatticeModel {
  const problem = relaxationProblem(T1, T2);
  if (problem !== undefined) throw usage(`--set T1=${T1}, T2=${T2}: ${problem.what}`, problem.fix);
  return {
    tissues: [undefined, { density, T1, T2, T2s: T2, offResonance: 2 * Math.PI * offResonance }],
    paintRow(row, j, k) {
      const [from, to] = span ? span(j, k) : [0, row.length];
      row.fill(1, from, to);
    },
  };
}

/**
 * Points of a row within `radius` of the middle of `side` points along i and j, at `height` along
 * k; all in voxels.
 */
function ball(
  side: number,
  radius: number,
  height: (k: number) => number,
): (j: number, k: number) => readonly [number, number] {
  const middle = (side - 1) / 2;
  return (j, k) => {
    const room = radius * radius - (j - middle) ** 2 - height(k) ** 2;
    if (room < 0) return [0, 0];
    const reach = Math.floor(Math.sqrt(room));
    return [middle - reach, middle + reach + 1];
  };
}
