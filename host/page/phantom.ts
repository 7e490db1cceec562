/** Maps of the phantom: density, T1, T2 and off-resonance, with the value under the cursor. */
import { diverging, grey, viridis } from '../figures/colours.ts';
import { quantity } from '../figures/units.ts';
import type { PhantomData, PhantomMap, PhantomPlane } from '../html/types.ts';
import { choice, el, section } from './dom.ts';
import { makePicture, type Picture } from './picture.ts';

const MAPS = { grey, viridis, diverging };

export function phantomSection({ planes, caption }: PhantomData): HTMLElement {
  const maps = el('div', { class: 'maps' });
  const show = (title: string): void => {
    const plane = planes.find((one) => one.title === title)!;
    const figures = plane.maps.map((map) =>
      mapFigure(plane, map, (column, row) => {
        for (const { picture } of figures) picture.move(column, row);
      }),
    );
    maps.replaceChildren(...figures.map(({ element }) => element));
  };
  show(planes[0].title);
  return section(
    'phantom',
    'Phantom',
    `What was scanned. ${caption}`,
    planes.length > 1 &&
      choice(
        'plane',
        planes.map(({ title }) => title),
        planes[0].title,
        show,
      ),
    maps,
  );
}

/** @param onMove of the cursor */
function mapFigure(
  plane: PhantomPlane,
  map: PhantomMap,
  onMove: (column: number, row: number) => void,
): { readonly element: HTMLElement; readonly picture: Picture } {
  const { columns, rows, pixel, letters, origin, down, axes } = plane;
  const value = (column: number, row: number): number => map.values[row * columns + column];
  const describe = (column: number, row: number): string => {
    const here = value(column, row);
    const millimetres = (place: number): string => `${(1e3 * place).toFixed(1).replace('-', '−')} mm`;
    const place = `${axes[0]} ${millimetres(origin[0] + column * pixel)}, ${axes[1]} ${millimetres(origin[1] + down * row * pixel)}`;
    return `${place}: ${Number.isNaN(here) ? 'no spins' : `${map.label} ${quantity(Number(here.toPrecision(4)), map.unit)}`}`;
  };
  const label = `${map.label}${map.unit === '' ? '' : ` [${map.unit}]`}`;
  const picture = makePicture(
    { columns, rows, pixel: [pixel, pixel], letters, label: `${map.label} of the phantom` },
    { describe, onMove },
  );
  picture.draw({ value, range: map.range, map: MAPS[map.colours] });
  return { element: el('figure', {}, el('figcaption', {}, label), picture.element), picture };
}
