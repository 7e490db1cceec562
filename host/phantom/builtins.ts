/**
 * The built-in phantoms: their parameters, and how each becomes a lattice. All of them are computed spin by spin and
 * need no file.
 */
import { usage } from '../common/errors.ts';
import { completeParameters, type Given, type Parameters, type Values } from '../common/parameters.ts';
import { relaxationProblem } from './bounds.ts';
import { headModel } from './head.ts';
import { EXTENT } from './head-anatomy.ts';
import { type Lattice, type LatticeModel, latticeSource, type Vector } from './lattice.ts';
import { TISSUE_B0 } from './tissues.ts';
import type { PhantomSource } from './types.ts';

export interface BuiltinPhantom {
  readonly doc: string;
  readonly parameters: Parameters;
  /** @throws LarmorError 2 for a wrong parameter */
  open(given: Given): PhantomSource;
}

/** Raised when a built-in comes to give other spins for the same parameters: old checkpoints then do not resume. */
const MODEL_VERSION = 1;

const positive = { minimum: 0, exclusive: true } as const;
const sharing = {
  spinsPerVoxel: {
    default: 1,
    unit: '',
    doc: 'spins that share a voxel: s² in a plane or s³ in a volume on a sub-lattice, else scattered',
    minimum: 1,
    integer: true,
  },
  seed: { default: 1, unit: '', doc: 'seed of scattered spins', integer: true },
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
  ...sharing,
  level: {
    default: -0.012,
    unit: 'm',
    doc: 'height of the axial plane in the head; it is placed at z = 0',
    plausible: 1,
  },
} as const;
const head3d = {
  voxel: { default: 0.004, unit: 'm', doc: 'voxel size', ...positive, plausible: 0.1 },
  ...sharing,
  zmin: { default: EXTENT.minZ * 1e-3, unit: 'm', doc: 'lower end of the part simulated', plausible: 1 },
  zmax: { default: EXTENT.maxZ * 1e-3, unit: 'm', doc: 'upper end of the part simulated', plausible: 1 },
} as const;
const sphere = {
  radius: { default: 0.05, unit: 'm', doc: 'radius', ...positive, plausible: 1 },
  voxel: { default: 0.004, unit: 'm', doc: 'voxel size', ...positive, plausible: 0.1 },
  ...sharing,
  ...material,
  ...centre,
} as const;
const column = {
  length: { default: 0.2, unit: 'm', doc: 'length', ...positive, plausible: 5 },
  voxel: { default: 0.001, unit: 'm', doc: 'distance between spins', ...positive, plausible: 0.1 },
  axis: { default: 'x', unit: 'x|y|z', doc: 'axis along which the spins lie' },
  ...material,
  ...centre,
} as const;
const grid = {
  n: { default: 10, unit: '', doc: 'points along each axis', minimum: 1, integer: true },
  spacing: { default: 0.01, unit: 'm', doc: 'distance between points', ...positive, plausible: 1 },
  ...material,
  ...centre,
} as const;

export const builtinPhantoms: Readonly<Record<string, BuiltinPhantom>> = {
  head2d: builtin('head2d', 'one axial plane of the head, through eyes and ventricles, at z = 0', head2d, (p) => {
    const size = [points(2 * EXTENT.x, p.voxel), points(2 * EXTENT.y, p.voxel), 1] as const;
    const lattice = cubic(size, p.voxel, [0, 0, 0]);
    const [x, y] = lattice.origin;
    return { lattice, model: headModel({ start: [x, y, p.level], spacing: p.voxel }), dimensions: 2 };
  }),
  head3d: builtin('head3d', 'a head: skin, fat, muscle, skull, folded brain, ventricles, a lesion', head3d, (p) => {
    if (p.zmax < p.zmin) throw usage(`phantom head3d: zmin ${p.zmin} lies above zmax ${p.zmax}`, 'exchange them');
    const planes = Math.max(1, Math.round((p.zmax - p.zmin) / p.voxel));
    const size = [points(2 * EXTENT.x, p.voxel), points(2 * EXTENT.y, p.voxel), planes] as const;
    const lattice = cubic(size, p.voxel, [0, 0, (p.zmin + p.zmax) / 2]);
    return { lattice, model: headModel({ start: lattice.origin, spacing: p.voxel }) };
  }),
  sphere: builtin('sphere', 'a ball of one material', sphere, (p) => {
    const side = points(2e3 * p.radius, p.voxel);
    const lattice = cubic([side, side, side], p.voxel, [p.x, p.y, p.z]);
    return { lattice, model: uniform(p, ball(side, p.radius / p.voxel)) };
  }),
  column: builtin('column', 'a line of spins of one material', column, (p) => {
    const along = Math.max(1, Math.round(p.length / p.voxel));
    const size = ['x', 'y', 'z'].map((axis) => (axis === p.axis ? along : 1)) as [number, number, number];
    return { lattice: cubic(size, p.voxel, [p.x, p.y, p.z]), model: uniform(p) };
  }),
  grid: builtin('grid', 'n × n × n spins of one material', grid, (p) => ({
    lattice: cubic([p.n, p.n, p.n], p.spacing, [p.x, p.y, p.z]),
    model: uniform(p),
  })),
};

function builtin<T extends Parameters>(
  name: string,
  doc: string,
  parameters: T,
  build: (values: Values<T>) => { lattice: Lattice; model: LatticeModel; dimensions?: 2 | 3 },
): BuiltinPhantom {
  return {
    doc,
    parameters,
    open(given) {
      const values = completeParameters(name, parameters, given);
      const { lattice, model, dimensions = 3 } = build(values);
      const set = Object.entries(given).map(([key, value]) => `${key}=${value}`);
      const share: { spinsPerVoxel?: number; seed?: number } = values;
      const source = latticeSource(lattice, model, {
        name: [name, ...set].join(' '),
        kind: 'builtin',
        B0: TISSUE_B0,
        header: { phantom: name, version: MODEL_VERSION, ...values },
        spinsPerVoxel: share.spinsPerVoxel ?? 1,
        seed: share.seed ?? 1,
        dimensions,
      });
      return { ...source, parameters: values };
    },
  };
}

/** An odd number of points that covers `millimetres`: odd, so that one lies on the axis of symmetry. */
function points(millimetres: number, voxel: number): number {
  return 2 * Math.ceil(millimetres / (2e3 * voxel)) + 1;
}

/** A cubic lattice about `centre`, i along x, j along y, k along z. */
function cubic(size: Lattice['size'], spacing: number, centre: Vector): Lattice {
  const start = (axis: number): number => centre[axis] - ((size[axis] - 1) / 2) * spacing;
  return {
    size,
    origin: [start(0), start(1), start(2)],
    steps: [
      [spacing, 0, 0],
      [0, spacing, 0],
      [0, 0, spacing],
    ],
  };
}

/** One material on every row, over the points that `span` leaves: [from, to) along i. */
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

/** Points of a row within `radius` of the middle of `side` points along each axis; all in voxels. */
function ball(side: number, radius: number): (j: number, k: number) => readonly [number, number] {
  const middle = (side - 1) / 2;
  return (j, k) => {
    const room = radius * radius - (j - middle) ** 2 - (k - middle) ** 2;
    if (room < 0) return [0, 0];
    const reach = Math.floor(Math.sqrt(room));
    return [middle - reach, middle + reach + 1];
  };
}
