/**
 * Maps of a phantom for a report: the planes of `larmor plot phantom`, as values instead of
 * colours.
 */
import { quantity } from '../figures/units.ts';
import type { PhantomSource } from '../phantom/types.ts';
import { lettersOf } from '../plots/anatomy.ts';
import { MAP_STYLES, PLANE_NAMES, rangeOf } from '../plots/phantom.ts';
import { ACROSS, type Axis, gatherPlanes, MAPS, type Plane, pitches, planesWith } from '../plots/phantom-planes.ts';
import type { PhantomData, PhantomPlane } from './types.ts';

/** Spins of a phantom that is read once more for its maps: seconds. */
const MOST_SPINS = 2 ** 25;

/**
 * @param simulated number of spins of the run, larger than that of the maps if voxels were filled
 *   with spins
 * @returns the reason if there are no maps
 */
export function phantomData(source: PhantomSource, simulated = source.spinCount): PhantomData | string {
  const planes = planesWith(source);
  if (planes.length === 0) return 'The spins lie on a line or at a point, so there are no maps of the phantom.';
  if (source.spinCount > MOST_SPINS)
    return `The phantom has ${source.spinCount} spins: larmor plot phantom draws its maps.`;
  const gathered = gatherPlanes(source, planes, pitches(source));
  const ranges = MAPS.map((name) =>
    rangeOf(
      gathered.flatMap(({ sums, count }) =>
        [...sums[name]].flatMap((sum, n) => (count[n] === 0 ? [] : (MAP_STYLES[name].factor * sum) / count[n])),
      ),
      name,
    ),
  );
  return {
    planes: gathered.map((plane) => planeOf(plane, ranges)),
    caption:
      simulated === source.spinCount
        ? `${simulated} spins; Δf at ${quantity(source.B0, 'T')}. Means over the spins of a pixel; black: no spins.`
        : `One spin of each of ${source.spinCount} voxels, which the run filled with ${simulated} spins; ` +
          `Δf at ${quantity(source.B0, 'T')}. Black: no spins.`,
  };
}

const AXES = ['x', 'y', 'z'] as const;

function planeOf(plane: Plane, ranges: readonly (readonly [number, number])[]): PhantomPlane {
  const { normal, columns, rows, pixel, origin, at, sums, count } = plane;
  const [u, v] = ACROSS[normal];
  // y increases downwards in axial planes, z upwards in the others.
  const down = v === 1 ? 1 : -1;
  const shown = (row: number): number => (down === 1 ? row : rows - 1 - row);
  const unit = (axis: Axis, sign: number): string => lettersOf([0, 1, 2].map((n) => (n === axis ? sign : 0)));
  return {
    title: `${PLANE_NAMES[normal]}, ${AXES[normal]} = ${Number((1e3 * at).toFixed(3))} mm`,
    ...{ columns, rows, pixel, down, axes: [AXES[u], AXES[v]] },
    origin: [origin[0] + pixel / 2, origin[1] + (down === 1 ? 0.5 : rows - 0.5) * pixel],
    letters: [unit(u, -1), unit(u, 1), unit(v, -down), unit(v, down)],
    maps: MAPS.map((name, n) => {
      const { label, unit: mapUnit, factor } = MAP_STYLES[name];
      return {
        label,
        unit: mapUnit,
        colours: name === 'density' ? 'grey' : name === 'offResonance' ? 'diverging' : 'viridis',
        range: ranges[n],
        values: Float32Array.from({ length: columns * rows }, (_, i) => {
          const from = shown(Math.floor(i / columns)) * columns + (i % columns);
          return count[from] === 0 ? Number.NaN : (factor * sums[name][from]) / count[from];
        }),
      };
    }),
  };
}
