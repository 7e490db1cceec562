/** A slider for each parameter of a live page, with its value in units. */
import { formatQuantity } from '../base/quantities.ts';
import type { LiveParameter } from '../html/types.ts';
import { slider } from './dom.ts';

/** Digits of a value beside its slider, and of the value itself: 0.004, not 0.003999999997. */
const DIGITS = 4;
const VALUE_DIGITS = 6;
/**
 * Steps of a slider, a little shorter than they should be: inputs round numbers to 15 digits, which
 * must not carry the last step beyond the end.
 */
const STEPS = 400;
const SHORTER = 1 - 1e-9;
/** How parameters say that 0 stands for the shortest time. */
const SHORTEST = /\b0(:| =) shortest\b/;

export function parameterSliders(
  parameters: readonly LiveParameter[],
  onvalue: (parameter: LiveParameter, value: number) => void,
): HTMLElement[] {
  return parameters.map((parameter) => {
    const { name, unit, doc, integer, value, min, max } = parameter;
    const step = integer ? 1 : (SHORTER * (max - min)) / STEPS;
    /** The value that is meant: an end where the input is next to it, else a round one. */
    const exact = (given: number): number => {
      const end = given < (min + max) / 2 ? min : max;
      return Math.abs(given - end) < step / 2 ? end : Number(given.toPrecision(VALUE_DIGITS));
    };
    const text = (shown: number): string =>
      shown === 0 && SHORTEST.test(doc) ? 'shortest' : formatQuantity(exact(shown), unit, DIGITS);
    const { element } = slider(name, { min, max, step, value }, text, (next) => onvalue(parameter, exact(next)));
    element.title = doc;
    return element;
  });
}
