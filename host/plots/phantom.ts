/**
 * Maps of spin properties: density, T1, T2 and off-resonance in the three planes through the middle
 * of a phantom.
 */
import { basename } from 'node:path';
import { badInput, usage } from '../base/errors.ts';
import { type ColourMap, css, diverging, grey, viridis } from '../figures/colours.ts';
import type { Figure, Axis as FigureAxis, Mark, Panel } from '../figures/types.ts';
import { quantity, shortNumber } from '../figures/units.ts';
import { modelColumns } from '../phantom/columns.ts';
import { type PhantomSource, type SpinBlock, spinBlock } from '../phantom/types.ts';
import { edgeLetters } from './anatomy.ts';
import {
  ACROSS,
  type Axis,
  gatherPlanes,
  MAPS,
  type MapName,
  type Pitch,
  type Plane,
  pitches,
  planesWith,
} from './phantom-planes.ts';

export const PLANES = ['axial', 'coronal', 'sagittal'] as const;
export type PlaneName = (typeof PLANES)[number];
/** Names of maps as users write them. */
export const MAP_NAMES = ['density', 't1', 't2', 'df'] as const;

export interface PhantomPlotOptions {
  /** Default: all that the phantom has an extent in. */
  readonly planes?: readonly PlaneName[];
  /** Default: all. */
  readonly maps?: readonly (typeof MAP_NAMES)[number][];
}

const NORMALS: Readonly<Record<PlaneName, Axis>> = { axial: 2, coronal: 1, sagittal: 0 };
export const PLANE_NAMES = ['sagittal', 'coronal', 'axial'] as const;
const COORDINATES = ['x', 'y', 'z'] as const;

interface MapStyle {
  readonly label: string;
  readonly unit: string;
  readonly map: ColourMap;
  /** Factor from a column's value to the displayed one. */
  readonly factor: number;
}

export const MAP_STYLES: Readonly<Record<MapName, MapStyle>> = {
  density: { label: 'ρ', unit: '', map: grey, factor: 1 },
  T1: { label: 'T1', unit: 's', map: viridis, factor: 1 },
  T2: { label: 'T2', unit: 's', map: viridis, factor: 1 },
  offResonance: { label: 'Δf', unit: 'Hz', map: diverging, factor: 1 / (2 * Math.PI) },
};

/** Fewer spins than this that are not on a lattice are drawn individually. */
const MOST_POINTS = 5000;

/** @throws LarmorError 2 for planes in which the phantom has no extent, 65 for one without spins */
export function phantomPlot(source: PhantomSource, { planes, maps }: PhantomPlotOptions = {}): Figure {
  if (source.spinCount === 0) throw badInput(source.name, 'has no spins', 'give a phantom with at least one');
  const wide = planesWith(source);
  const wanted = planes === undefined || planes.length === 0 ? wide : planes.map((name) => NORMALS[name]);
  const names = maps === undefined || maps.length === 0 ? MAPS : maps.map((name) => MAPS[MAP_NAMES.indexOf(name)]);
  for (const normal of wanted)
    if (!wide.includes(normal)) {
      const has = wide.map((one) => PLANE_NAMES[one]).join(', ') || 'none, being a line or a point';
      throw usage(`--planes ${PLANE_NAMES[normal]}: ${source.name} has no extent in that plane`, `it has ${has}`);
    }
  const pitch = pitches(source);
  const title = `${basename(source.name)}: phantom`;
  const isCloud = source.spinCount <= MOST_POINTS && !pitch.some(({ isLattice }) => isLattice);
  if (wanted.length === 0)
    return { title, caption: caption(source, 'All of them along their longest axis.'), rows: profiles(source, names) };
  if (isCloud) {
    const spins = allSpins(source);
    return {
      title,
      caption: caption(source, 'All of them, seen along the axis across each plane.'),
      rows: inRows(names.map((name) => cloudRow(source, spins, wanted, name))),
    };
  }
  const gathered = gatherPlanes(source, wanted, pitch);
  return {
    title,
    caption: caption(source, sliceTexts(gathered, pitch)),
    rows: inRows(names.map((name) => mapRow(source, gathered, name))),
  };
}

/** A row for each map; maps of a single plane are arranged in pairs. */
function inRows(maps: readonly Panel[][]): Panel[][] {
  if (maps[0].length > 1 || maps.length === 1) return [...maps];
  const all = maps.flat();
  return Array.from({ length: Math.ceil(all.length / 2) }, (_, n) =>
    all.slice(2 * n, 2 * n + 2).map((panel) => ({ ...panel, places: 2 })),
  );
}

/** To the micrometre. */
const millimetres = (place: number): string => `${shortNumber(Math.round(place * 1e6) / 1e3)} mm`;

const sliceTexts = (planes: readonly Plane[], pitch: readonly Pitch[]): string => {
  const texts = planes.map(({ normal, at, pixel, thickness }) => {
    const { isLattice, step } = pitch[normal];
    const spins = isLattice ? 'the layer' : thickness < step ? 'all spins' : `spins within ${quantity(thickness, 'm')}`;
    return `${PLANE_NAMES[normal]}: ${spins} at ${COORDINATES[normal]} = ${millimetres(at)}, pixels of ${quantity(pixel, 'm')}`;
  });
  return `${texts.join('; ')}. Means over the spins of a pixel; black: no spins.`;
};

function caption({ spinCount, spins, B0, model }: PhantomSource, shown: string): string[] {
  const moving = (model?.nodes ?? 0) > 0 ? ' Spins stand where they are without motion.' : '';
  return [
    `${spinCount} spins${spins?.most === 1 ? ', one per voxel (a sequence may choose more)' : ''}. ${shown}${moving}`,
    `Δf at ${quantity(B0, 'T')}. R, L: right and left of the patient; A, P: anterior, posterior; H, F: head, feet.`,
  ];
}

/**
 * Pictures are viewed from the feet and from the left: x and y increase to the right, z upwards; y
 * increases downwards in axial planes.
 */
const isDown = (axis: Axis): boolean => axis === 1;

function axesOf(source: PhantomSource, normal: Axis, space: number): { x: FigureAxis; y: FigureAxis } {
  const [u, v] = ACROSS[normal];
  const along = (axis: Axis): [number, number] => [source.bounds.min[axis] - space, source.bounds.max[axis] + space];
  const [low, high] = along(v);
  return {
    x: { label: COORDINATES[u], unit: 'm', range: along(u) },
    y: { label: COORDINATES[v], unit: 'm', range: isDown(v) ? [high, low] : [low, high] },
  };
}

function letters(normal: Axis, { x, y }: { x: FigureAxis; y: FigureAxis }): Mark[] {
  const [u, v] = ACROSS[normal];
  const unit = (axis: Axis, sign: number): number[] => [0, 1, 2].map((n) => (n === axis ? sign : 0));
  return edgeLetters(unit(u, 1), unit(v, isDown(v) ? 1 : -1), x.range, y.range);
}

const panelHeight = (planes: number): number => (planes === 1 ? 420 : 250);

function mapRow(source: PhantomSource, planes: readonly Plane[], name: MapName): Panel[] {
  const { label, unit, map, factor } = MAP_STYLES[name];
  const values = planes.map(({ count, sums }) => sums[name].map((sum, i) => (factor * sum) / count[i]));
  const range = rangeOf(
    values.flatMap((all) => [...all]),
    name,
  );
  return planes.map((plane, n) => {
    const { normal, at, columns, rows, pixel, origin } = plane;
    const axes = axesOf(source, normal, pixel / 2);
    const raster: Mark = {
      ...{ kind: 'raster', columns, rows, rgba: coloured(values[n], plane, map, range) },
      x: [origin[0], origin[0] + columns * pixel],
      y: topAndBottom(plane),
    };
    return {
      title: `${label}, ${PLANE_NAMES[normal]}, ${COORDINATES[normal]} = ${millimetres(at)}`,
      ...axes,
      marks: [raster, ...letters(normal, axes)],
      height: panelHeight(planes.length),
      equal: true,
      colourBar: { label, unit, range, map },
    };
  });
}

/** The raster's first row is the picture's top. */
function topAndBottom({ normal, rows, pixel, origin }: Plane): [number, number] {
  const [low, high] = [origin[1], origin[1] + rows * pixel];
  return isDown(ACROSS[normal][1]) ? [low, high] : [high, low];
}

function coloured(
  values: Float64Array,
  { normal, columns, rows, count }: Plane,
  map: ColourMap,
  range: readonly [number, number],
): Uint8Array {
  const rgba = new Uint8Array(4 * columns * rows);
  const isTopFirst = isDown(ACROSS[normal][1]);
  for (let row = 0; row < rows; row++) {
    const from = (isTopFirst ? row : rows - 1 - row) * columns;
    for (let column = 0; column < columns; column++) {
      if (count[from + column] === 0) continue;
      const colour = map((values[from + column] - range[0]) / (range[1] - range[0]));
      rgba.set([...colour, 255], 4 * (row * columns + column));
    }
  }
  return rgba;
}

export function rangeOf(values: Iterable<number>, name: MapName): [number, number] {
  let largest = 0;
  for (const value of values) if (Math.abs(value) > largest) largest = Math.abs(value);
  if (name === 'offResonance') return [-(largest || 1), largest || 1];
  return [0, largest || 1];
}

function allSpins(source: PhantomSource): SpinBlock {
  const block = spinBlock(source.spinCount, { extra: modelColumns(source.model).total });
  source.read(0, source.spinCount, block);
  return block;
}

function cloudRow(source: PhantomSource, spins: SpinBlock, planes: readonly Axis[], name: MapName): Panel[] {
  const { label, unit, map, factor } = MAP_STYLES[name];
  const values = Float64Array.from(spins[name], (value) => factor * value);
  const range = rangeOf(values, name);
  const colours = Array.from(values, (value) => css(map((value - range[0]) / (range[1] - range[0]))));
  return planes.map((normal) => {
    const [u, v] = ACROSS[normal];
    const extent = Math.max(...[u, v].map((axis) => source.bounds.max[axis] - source.bounds.min[axis]));
    const axes = axesOf(source, normal, 0.06 * extent);
    const at = (axis: Axis): Float64Array => Float64Array.from(spins[COORDINATES[axis]]);
    const black: Mark = { kind: 'box', x: axes.x.range, y: axes.y.range, colour: '#000000', filled: true };
    const points: Mark = { kind: 'points', x: at(u), y: at(v), colours, radius: 1.6 };
    return {
      title: `${label}, ${PLANE_NAMES[normal]}`,
      ...axes,
      marks: [black, points, ...letters(normal, axes)],
      height: panelHeight(planes.length),
      equal: true,
      colourBar: { label, unit, range, map },
    };
  });
}

/** For a line of spins: each property along it; for many spins, every n-th. */
function profiles(source: PhantomSource, names: readonly MapName[]): Panel[][] {
  const { bounds, spinCount } = source;
  const extents = [0, 1, 2].map((axis) => bounds.max[axis] - bounds.min[axis]);
  const axis = extents.indexOf(Math.max(...extents)) as Axis;
  const block = spinBlock(1, { extra: modelColumns(source.model).total });
  const shown = Math.min(spinCount, MOST_POINTS);
  const spins = Array.from({ length: shown }, (_, n) => {
    source.read(Math.floor((n * spinCount) / shown), 1, block);
    return {
      place: block[COORDINATES[axis]][0],
      values: names.map((name) => MAP_STYLES[name].factor * block[name][0]),
    };
  });
  const space = 0.03 * (extents[axis] || 1e-3);
  const x: FigureAxis = {
    label: COORDINATES[axis],
    unit: 'm',
    range: [bounds.min[axis] - space, bounds.max[axis] + space],
  };
  return names.map((name, n) => {
    const y = Float64Array.from(spins, ({ values }) => values[n]);
    const [low, high] = rangeOf(y, name);
    const points: Mark = {
      kind: 'points',
      x: Float64Array.from(spins, ({ place }) => place),
      y,
      colours: '#0072b2',
      radius: 1.4,
    };
    const { label, unit } = MAP_STYLES[name];
    return [{ title: label, x, y: { label, unit, range: [1.08 * low, 1.08 * high] }, marks: [points], height: 130 }];
  });
}
