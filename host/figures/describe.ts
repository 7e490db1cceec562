/** The contents of a figure in numbers, for `--json` and for programs. */

import { WIDTH } from './layout.ts';
import { svgHeight } from './svg.ts';
import type { Axis, Figure, Mark, Panel } from './types.ts';

export function describeFigure(figure: Figure): Readonly<Record<string, unknown>> {
  const { title, caption, rows } = figure;
  const size = { width: WIDTH, height: svgHeight(figure) };
  return { title, caption: caption.join(' '), ...size, panels: rows.flat().map(describePanel) };
}

function describePanel({ title, x, y, marks, colourBar }: Panel): Readonly<Record<string, unknown>> {
  const axis = ({ label, unit, range }: Axis) => ({ label, unit, range });
  return {
    title: title ?? null,
    x: axis(x),
    y: axis(y),
    colours: colourBar === undefined ? null : { label: colourBar.label, unit: colourBar.unit, range: colourBar.range },
    series: marks.filter(isSeries).map(describeSeries),
  };
}

type Series = Extract<Mark, { kind: 'line' | 'points' | 'raster' }>;

function isSeries(mark: Mark): mark is Series {
  if (mark.kind === 'line') return mark.annotation !== true;
  return mark.kind === 'points' || mark.kind === 'raster';
}

/** Data points; for an envelope those that it represents. */
function describeSeries(mark: Series): Readonly<Record<string, unknown>> {
  if (mark.kind === 'raster') return { kind: 'image', name: null, points: mark.columns * mark.rows, envelope: false };
  const envelopeOf = mark.kind === 'line' ? mark.envelopeOf : undefined;
  const points = envelopeOf ?? mark.y.filter((value) => !Number.isNaN(value)).length;
  return { kind: mark.kind, name: mark.name ?? null, points, envelope: envelopeOf !== undefined };
}
