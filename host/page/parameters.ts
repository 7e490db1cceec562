/** A slider for each parameter of a live page, with its value in units. */
import { formatQuantity } from '../base/quantities.ts';
import type { LiveParameter } from '../html/types.ts';
import { slider } from './dom.ts';

export function parameterSliders(
  parameters: readonly LiveParameter[],
  onvalue: (parameter: LiveParameter, value: number) => void,
): HTMLElement[] {
  return parameters.map((parameter) => {
    const { name, unit, doc, integer, value, min, max } = parameter;
    const step = integer ? 1 : (max - min) / 400;
    const text = (shown: number): string =>
      integer || unit === ''
        ? String(Number(shown.toPrecision(4)))
        : formatQuantity(Number(shown.toPrecision(4)), unit);
    const { element } = slider(name, { min, max, step, value }, text, (next) => onvalue(parameter, next));
    element.title = doc;
    return element;
  });
}
