/** A map of B0: added to the off-resonance of every spin. */
import { badInput } from '../base/errors.ts';
import { warn } from '../base/log.ts';
import type { Hertz, Tesla } from '../base/units.ts';
import { type FieldMap, outsideMap, readMap } from '../fields/map.ts';
import { checkSpins, type SurveyOf } from '../phantom/bounds.ts';
import type { PhantomSource } from '../phantom/types.ts';
import { mapLayer } from './maps.ts';
import type { SeenField } from './seen-fields.ts';

/**
 * Maps with a smaller maximum [Hz] are in tesla, those with a larger one in rad/s or another unit.
 */
const PLAUSIBLE = { least: 1e-3, most: 1e5 } as const;

/** A B0 map: one real volume. @throws LarmorError 65, 66 */
export async function readB0Map(path: string): Promise<FieldMap> {
  const map = await readMap(path);
  if (map.parts === 2) throw badInput(path, 'holds complex numbers', 'give the off-resonance in Hz');
  if (map.channels > 1) throw badInput(path, `holds ${map.channels} volumes`, 'give one');
  const largest = largestOf(map);
  if ((largest > 0 && largest < PLAUSIBLE.least) || largest > PLAUSIBLE.most)
    warn(`${path}: reaches ${Number(largest.toPrecision(3))} Hz, which is implausible; a B0 map is in Hz`);
  return map;
}

/**
 * The phantom with the map [Hz] added to its off-resonance.
 * @param B0 field of the scanner: the map is valid at this field, the phantom's own offsets at the
 * phantom's
 * @throws LarmorError 65 naming the first spin that lies outside the map
 */
export async function withB0Map(
  source: PhantomSource,
  map: FieldMap,
  B0: Tesla,
  surveyOf: SurveyOf,
): Promise<PhantomSource> {
  const scale = (2 * Math.PI * source.B0) / B0;
  let values = new Float64Array(0);
  const read: PhantomSource['read'] = (first, count, into) => {
    source.read(first, count, into);
    if (values.length < count) values = new Float64Array(count);
    const { x, y, z, density, offResonance } = into;
    map.sample(into, count, [values], (n) => {
      if (density[n] !== 0) throw outsideMap(map, `${source.name} spin ${first + n}`, [x[n], y[n], z[n]]);
    });
    for (let n = 0; n < count; n++) offResonance[n] = offResonance[n] + scale * values[n];
    checkSpins(`${source.name} with ${map.path}`, first, count, into);
  };
  const { bounds } = source;
  // The column is f32, which may round up. The hull of a map is convex: if it contains the corners
  // of the phantom's box, it contains the phantom.
  const bounded = coversBox(map, source)
    ? { ...bounds, maxOffResonance: (1 + 2 ** -22) * (bounds.maxOffResonance + scale * largestOf(map)) }
    : (await surveyOf(source.spinCount, read)).bounds;
  return {
    ...source,
    bounds: bounded,
    identity: `${source.identity} b0=${B0} map=${map.identity}`,
    residentBytes: source.residentBytes + map.residentBytes,
    read,
  };
}

/** The map as moving spins see it, in tesla. */
export function seenB0Map(map: FieldMap, gammaBar: Hertz): SeenField {
  const { fitsBox, check, residentBytes } = mapLayer(map);
  return {
    ...{ residentBytes, ...(fitsBox && { fitsBox }), ...(check && { check }) },
    largest: [largestOf(map) / gammaBar],
    identity: `map=${map.identity}`,
    rates: () => [1],
    sample(places, [column], outside) {
      map.sample(places, column.length, [column], (n) =>
        outside(n, (who) => outsideMap(map, who, [places.x[n], places.y[n], places.z[n]])),
      );
      for (let n = 0; n < column.length; n++) column[n] = column[n] / gammaBar;
    },
  };
}

function largestOf({ values }: FieldMap): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}

function coversBox(map: FieldMap, { bounds: { min, max } }: PhantomSource): boolean {
  const corner = (axis: number): Float64Array =>
    Float64Array.from({ length: 8 }, (_, n) => ((n >> axis) % 2 === 0 ? min[axis] : max[axis]));
  let inside = true;
  map.sample({ x: corner(0), y: corner(1), z: corner(2) }, 8, [new Float64Array(8)], () => {
    inside = false;
  });
  return inside;
}
