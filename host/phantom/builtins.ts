/**
 * The built-in phantoms: their parameters, and how each becomes a lattice. All of them are computed spin by spin and
 * need no file.
 */
import { usage } from '../common/errors.ts';
import { headModel } from './head.ts';
import { EXTENT } from './head-anatomy.ts';
import { type Lattice, type LatticeModel, latticeSource } from './lattice.ts';
import { type ParameterSpecs, type ParameterValues, parseParameters } from './parameters.ts';
import { TISSUE_B0 } from './tissues.ts';
import type { PhantomSource } from './types.ts';

export interface BuiltinPhantom {
  readonly doc: string;
  readonly parameters: ParameterSpecs;
  /** @throws LarmorError 2 for a wrong parameter */
  open(given: Readonly<Record<string, string>>): PhantomSource;
}

/** Raised when a built-in comes to give other spins for the same parameters: old checkpoints then do not resume. */
const MODEL_VERSION = 1;

const positive = { min: 0, exclusive: true } as const;
const sharing = {
  spinsPerVoxel: {
    default: 1,
    unit: '',
    doc: 'spins that share a voxel: s² in a plane or s³ in a volume on a sub-lattice, else scattered',
    min: 1,
    integer: true,
  },
  seed: { default: 1, unit: '', doc: 'seed of scattered spins', integer: true },
} as const;
const centre = {
  x: { default: 0, unit: 'm', doc: 'centre, towards the left' },
  y: { default: 0, unit: 'm', doc: 'centre, towards posterior' },
  z: { default: 0, unit: 'm', doc: 'centre, towards the head' },
} as const;
const material = {
  density: { default: 1, unit: '', doc: 'proton density, relative' },
  T1: { default: 1, unit: 's', doc: 'longitudinal relaxation time', ...positive },
  T2: { default: 0.1, unit: 's', doc: 'transverse relaxation time', ...positive },
  offResonance: { default: 0, unit: 'Hz', doc: `off-resonance at ${TISSUE_B0} T` },
} as const;

const head2d = {
  voxel: { default: 0.002, unit: 'm', doc: 'voxel size', ...positive },
  ...sharing,
  level: { default: -0.016, unit: 'm', doc: 'height of the axial plane in the head; it is placed at z = 0' },
} as const;
const head3d = {
  voxel: { default: 0.004, unit: 'm', doc: 'voxel size', ...positive },
  ...sharing,
  zmin: { default: EXTENT.minZ * 1e-3, unit: 'm', doc: 'lower end of the part simulated' },
  zmax: { default: EXTENT.maxZ * 1e-3, unit: 'm', doc: 'upper end of the part simulated' },
} as const;
const sphere = {
  radius: { default: 0.05, unit: 'm', doc: 'radius', ...positive },
  voxel: { default: 0.004, unit: 'm', doc: 'voxel size', ...positive },
  ...sharing,
  ...material,
  ...centre,
} as const;
const column = {
  length: { default: 0.2, unit: 'm', doc: 'length', ...positive },
  voxel: { default: 0.001, unit: 'm', doc: 'distance between spins', ...positive },
  axis: { default: 'x', unit: 'x|y|z', doc: 'axis along which the spins lie' },
  ...material,
  ...centre,
} as const;
const grid = {
  n: { default: 10, unit: '', doc: 'points along each axis', min: 1, integer: true },
  spacing: { default: 0.01, unit: 'm', doc: 'distance between points', ...positive },
  ...material,
  ...centre,
} as const;

export const builtinPhantoms: Readonly<Record<string, BuiltinPhantom>> = {
  head2d: builtin('head2d', 'one axial plane through eyes and ventricles, at z = 0', head2d, (p) => {
    const size = [points(2 * EXTENT.x, p.voxel), points(2 * EXTENT.y, p.voxel), 1] as const;
    return { lattice: lattice(size, p.voxel, [0, 0, 0], 2), model: headModel(p.level) };
  }),
  head3d: builtin(
    'head3d',
    'an analytic head: skin, fat, muscle, skull, folded brain, ventricles, a lesion',
    head3d,
    (p) => {
      if (p.zmax < p.zmin) throw usage(`phantom head3d: zmin ${p.zmin} lies above zmax ${p.zmax}`, 'exchange them');
      const planes = Math.max(1, Math.round((p.zmax - p.zmin) / p.voxel));
      const size = [points(2 * EXTENT.x, p.voxel), points(2 * EXTENT.y, p.voxel), planes] as const;
      const middle = (p.zmin + p.zmax) / 2;
      return { lattice: lattice(size, p.voxel, [0, 0, middle]), model: headModel(middle) };
    },
  ),
  sphere: builtin('sphere', 'a ball of one material', sphere, (p) => {
    const side = points(2e3 * p.radius, p.voxel);
    return { lattice: lattice([side, side, side], p.voxel, [p.x, p.y, p.z]), model: uniform(p, p.radius) };
  }),
  column: builtin('column', 'a line of spins of one material', column, (p) => {
    const along = Math.max(1, Math.round(p.length / p.voxel));
    const size = ['x', 'y', 'z'].map((axis) => (axis === p.axis ? along : 1)) as [number, number, number];
    return { lattice: lattice(size, p.voxel, [p.x, p.y, p.z]), model: uniform(p) };
  }),
  grid: builtin('grid', 'n × n × n spins of one material', grid, (p) => ({
    lattice: lattice([p.n, p.n, p.n], p.spacing, [p.x, p.y, p.z]),
    model: uniform(p),
  })),
};

function builtin<T extends ParameterSpecs>(
  name: string,
  doc: string,
  parameters: T,
  build: (values: ParameterValues<T>) => { lattice: Lattice; model: LatticeModel },
): BuiltinPhantom {
  return {
    doc,
    parameters,
    open(given) {
      const values = parseParameters(`phantom ${name}`, parameters, given);
      const { lattice, model } = build(values);
      const set = Object.entries(given).map(([key, value]) => `${key}=${value}`);
      const share = values as { spinsPerVoxel?: number; seed?: number };
      return latticeSource(lattice, model, {
        name: [name, ...set].join(' '),
        B0: TISSUE_B0,
        header: { phantom: name, version: MODEL_VERSION, ...values },
        spinsPerVoxel: share.spinsPerVoxel ?? 1,
        seed: share.seed ?? 1,
      });
    },
  };
}

/** An odd number of points that covers `millimetres`: odd, so that one lies on the axis of symmetry. */
function points(millimetres: number, voxel: number): number {
  return 2 * Math.ceil(millimetres / (2e3 * voxel)) + 1;
}

function lattice(size: Lattice['size'], spacing: number, centre: Lattice['centre'], dimensions: 2 | 3 = 3): Lattice {
  return { size, spacing, centre, dimensions };
}

/** One material everywhere, or within `radius` of the centre [m]. */
function uniform(p: ParameterValues<typeof material>, radius = Number.POSITIVE_INFINITY): LatticeModel {
  const { density, T1, T2, offResonance } = p;
  return {
    tissues: [undefined, { density, T1, T2, T2s: T2, offResonance: 2 * Math.PI * offResonance }],
    paintRow(row, x0, spacing, y, z) {
      const room = radius * radius - y * y - z * z;
      if (room < 0) return;
      const reach = Math.sqrt(room);
      const from = Math.max(0, Math.ceil((-reach - x0) / spacing));
      row.fill(1, from, Math.min(row.length, Math.floor((reach - x0) / spacing) + 1));
    },
  };
}
