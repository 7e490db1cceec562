/**
 * Figures of a sweep: means against the first parameter that has several numbers, and all images on
 * one sheet.
 */
import { badInput } from '../base/errors.ts';
import { DEGREE, formatQuantity } from '../base/quantities.ts';
import { SERIES } from '../figures/colours.ts';
import { FONT, textWidth, WIDTH } from '../figures/layout.ts';
import type { Figure, Mark, Panel } from '../figures/types.ts';
import { shortNumber } from '../figures/units.ts';
import { type Image, magnitude } from '../recon/image.ts';
import { whiteLevel } from '../recon/png.ts';
import { middlePlane } from './image.ts';

export interface SweptParameter {
  readonly name: string;
  readonly unit: string;
}

export interface SweptRun {
  /** Value of each parameter, in their order. */
  readonly values: readonly (number | string)[];
  /** Mean |pixel| of the image, or of each region, by name. */
  readonly means: Readonly<Record<string, number>>;
}

/** `flip 10deg, tr 20ms`, as messages and figures name a run. */
export function runLabel(parameters: readonly SweptParameter[], values: readonly (number | string)[]): string {
  return parameters.map(({ name, unit }, n) => `${name} ${valueText(values[n], unit)}`).join(', ');
}

const valueText = (value: number | string, unit: string): string =>
  typeof value === 'number' ? formatQuantity(value, unit) : value;

/** Largest number of lines for whose names a panel has room. */
const MOST_LINES = 6;

/**
 * The first parameter that has several values, all of them numbers; −1 if there is none.
 * @param values of each parameter
 */
export function curveAlong(values: readonly (readonly (number | string)[])[]): number {
  return values.findIndex((all) => all.every((value) => typeof value === 'number') && new Set(all).size > 1);
}

/**
 * @param along the parameter that is drawn against
 * @throws LarmorError 65 where no run has a mean
 */
export function sweepCurves(
  title: string,
  parameters: readonly SweptParameter[],
  runs: readonly SweptRun[],
  along: number,
): Figure {
  const others = parameters.filter((_, n) => n !== along);
  const lines = new Map<string, SweptRun[]>();
  for (const run of runs) {
    const label = runLabel(
      others,
      run.values.filter((_, n) => n !== along),
    );
    lines.set(label, [...(lines.get(label) ?? []), run]);
  }
  const shown = [...lines].slice(0, MOST_LINES);
  const { name, unit } = parameters[along];
  const inDegrees = unit === 'rad';
  const place = (run: SweptRun): number => (run.values[along] as number) / (inDegrees ? DEGREE : 1);
  const names = [...new Set(runs.flatMap(({ means }) => Object.keys(means)))];
  const panels = names.map((of): Panel[] => {
    const marks = shown.flatMap(([label, line], n): Mark[] => {
      const sorted = line.filter(({ means }) => Number.isFinite(means[of])).sort((a, b) => place(a) - place(b));
      const x = Float64Array.from(sorted, place);
      const y = Float64Array.from(sorted, ({ means }) => means[of]);
      const colour = SERIES[n];
      return [
        { kind: 'line', x, y, colour, ...(label !== '' && { name: label }) },
        { kind: 'points', x, y, colours: colour, radius: 3 },
      ];
    });
    const places = runs.map(place);
    const values = runs.map(({ means }) => means[of] ?? Number.NaN).filter(Number.isFinite);
    // A single run that succeeded is in the middle.
    const margin = 0.03 * (Math.max(...places) - Math.min(...places)) || 0.5 * Math.abs(places[0]) || 1;
    return [
      {
        title: of,
        x: {
          label: name,
          unit: inDegrees ? '°' : unit,
          range: [Math.min(...places) - margin, Math.max(...places) + margin],
        },
        y: { label: 'mean |pixel|', unit: '', range: [0, 1.08 * Math.max(0, ...values) || 1] },
        marks,
        height: names.length === 1 ? 420 : 240,
        legend: others.length > 0,
      },
    ];
  });
  if (names.length === 0) throw badInput(title, 'no run succeeded', 'there is nothing to draw');
  const left = lines.size - shown.length;
  return {
    title,
    caption: [
      `Mean magnitude of the pixels of ${runs.length} runs.${left > 0 ? ` ${left} of ${lines.size} lines are left out.` : ''}`,
    ],
    rows: panels,
  };
}

/** Pictures on a sheet at most. */
const MOST_PICTURES = 96;

/** @throws LarmorError 65 without a picture that shows anything */
export function sweepSheet(
  title: string,
  pictures: readonly { readonly label: string; readonly image: Image }[],
): Figure {
  const shown = pictures.slice(0, MOST_PICTURES);
  const white = Math.max(0, ...shown.map(({ image }) => whiteLevel(magnitude(image))));
  if (!(white > 0)) throw badInput(title, 'every image of the sweep is zero', 'check sequence and phantom');
  const longest = Math.max(...shown.map(({ label }) => textWidth(label, FONT.label)));
  const columns = Math.max(1, Math.min(8, Math.ceil(Math.sqrt(shown.length)), Math.floor(WIDTH / (longest + 12))));
  const panels = shown.map(({ image, label }) => ({ ...middlePlane(image, [0, white], label), places: columns }));
  const rows = Array.from({ length: Math.ceil(panels.length / columns) }, (_, n) =>
    panels.slice(n * columns, (n + 1) * columns),
  );
  const left = pictures.length - shown.length;
  return {
    title,
    caption: [
      `The middle plane of each image, first contrast and repetition; 0 is black, ${shortNumber(white)} white in all of them.${left > 0 ? ` ${left} of ${pictures.length} are left out.` : ''}`,
    ],
    rows,
  };
}
