/**
 * Layers: the effect of one part of the scanner on the spins of a phantom as they are read. A layer
 * fills columns of its own (phase terms, B1 maps, coils) or changes existing ones. Layers are
 * stacked, each working on the result of those below. The phantom, and all sources that are
 * independent of the scanner, remain unchanged.
 */
import type { LarmorError } from '../base/errors.ts';
import type { Meters } from '../base/units.ts';
import type { Numbers, Places } from '../fields/map.ts';
import type { SurveyOf } from '../phantom/bounds.ts';
import { modelColumns } from '../phantom/columns.ts';
import type { Model, PhantomBounds, PhantomSource, SpinBlock } from '../phantom/types.ts';

/** Spins of a block, as messages name them. */
export interface Spins {
  /** Positions of moving spins are f64, so that fields are smooth along their paths. */
  readonly block: Omit<SpinBlock, 'x' | 'y' | 'z'> & Places;
  /** Number of the block's first spin. */
  readonly first: number;
  readonly count: number;
  /** `brain.phantom spin 3` of spin n of the block. */
  nameOf(n: number): string;
}

export interface Layer {
  /** Columns it fills. */
  readonly adds: Partial<Pick<Model, 'terms' | 'transmits' | 'coils'>>;
  readonly largest: Partial<Model['largest']>;
  /** Everything that its values depend on, for the plan's hash. */
  readonly identity: string;
  readonly residentBytes: number;
  /** Whether it covers all positions in a box, so that `requireFit` need not check each spin. */
  fitsBox?(box: Pick<PhantomBounds, 'min' | 'max'>): boolean;
  /** Throws as `fill` does, and fills nothing. */
  check?(spins: Spins): void;
  /**
   * @param columns its own, in the order terms, transmits (re, im), coils (re, im)
   * @throws LarmorError 65 naming the spin, and the file that does not fit it
   */
  fill(spins: Spins, columns: readonly Numbers[]): void;
  /**
   * A distance that all spins within a box keep from where its values stop being analytic [m];
   * absent: they are not (maps).
   */
  clearance?(box: Pick<PhantomBounds, 'min' | 'max'>): Meters;
}

/** A source without columns beyond the base ones. */
const PLAIN: Model = {
  terms: 0,
  transmits: 0,
  coils: 0,
  nodes: 0,
  largest: { terms: [], transmit: 0, coil: 0, node: 0 },
};

/** The source with a layer over it. */
export function addLayer(source: PhantomSource, layer: Layer): PhantomSource {
  const below = source.model ?? PLAIN;
  const { terms = 0, transmits = 0, coils = 0 } = layer.adds;
  const { largest } = layer;
  const adds = terms + transmits + coils > 0;
  const model: Model = {
    ...below,
    terms: below.terms + terms,
    transmits: below.transmits + transmits,
    coils: below.coils + coils,
    largest: {
      ...below.largest,
      terms: [...below.largest.terms, ...(largest.terms ?? [])],
      transmit: Math.max(below.largest.transmit, largest.transmit ?? 0),
      coil: Math.max(below.largest.coil, largest.coil ?? 0),
    },
  };
  const split = splitColumns(below, model);
  return {
    ...source,
    ...(adds || source.model !== undefined ? { model } : {}),
    identity: `${source.identity} ${layer.identity}`,
    residentBytes: source.residentBytes + layer.residentBytes,
    read(first, count, into) {
      // Without `extra` only the base columns are read.
      if (adds && into.extra === undefined) return source.read(first, count, into);
      const { lower, own } = split(into.extra ?? []);
      source.read(first, count, lower.length > 0 ? { ...into, extra: lower } : withoutExtra(into));
      layer.fill({ block: into, first, count, nameOf: (n) => `${source.name} spin ${first + n}` }, own);
    },
  };
}

function withoutExtra({ extra: _, ...base }: SpinBlock): SpinBlock {
  return base as SpinBlock;
}

/** Separates the columns of the source below from the layer's own. */
function splitColumns(
  below: Model,
  model: Model,
): (extra: readonly Float32Array[]) => { lower: Float32Array[]; own: Float32Array[] } {
  const [inner, outer] = [modelColumns(below), modelColumns(model)];
  /** Of each column: whether the source below fills it. */
  const isBelow = Array.from({ length: outer.total }, (_, n) => {
    if (n < outer.transmits) return n < below.terms;
    if (n < outer.coils) return n - outer.transmits < 2 * below.transmits;
    if (n < outer.nodes) return n - outer.coils < 2 * below.coils;
    return true;
  });
  if (isBelow.filter(Boolean).length !== inner.total) throw new RangeError('columns of a model do not add up');
  return (extra) => ({
    lower: extra.filter((_, n) => isBelow[n]),
    own: extra.filter((_, n) => !isBelow[n]),
  });
}

/**
 * Checks all spins of a source against a layer before anything is simulated, so that a map that is
 * too small ends a run at once and not after hours.
 * @throws LarmorError 65
 */
export async function requireFit(source: PhantomSource, { check, fitsBox }: Layer, surveyOf: SurveyOf): Promise<void> {
  if (check === undefined || fitsBox?.(source.bounds)) return;
  await surveyOf(source.spinCount, (first, count, block) => {
    source.read(first, count, block);
    check({ block, first, count, nameOf: (n) => `${source.name} spin ${first + n}` });
  });
}

/** The eight corners of a box. */
export function cornersOf({ min, max }: Pick<PhantomBounds, 'min' | 'max'>): [number, number, number][] {
  return Array.from({ length: 8 }, (_, n) => [(n & 1 ? max : min)[0], (n & 2 ? max : min)[1], (n & 4 ? max : min)[2]]);
}

/** Position of a spin of a block. */
export const placeOf = ({ x, y, z }: Places, n: number): [number, number, number] => [x[n], y[n], z[n]];

/**
 * Throws the result of `error` unless the spin has no density: it then has no signal in any field.
 */
export function unlessEmpty({ block }: Spins, n: number, error: () => LarmorError): void {
  if (block.density[n] !== 0) throw error();
}
