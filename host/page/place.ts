/** Places in the patient in words: `12.0 mm L, 3.5 mm A, 0.0 mm`. */
import type { Meters } from '../base/units.ts';

/** By axis x, y, z: towards smaller and towards larger coordinates. */
const LETTERS = [
  ['R', 'L'],
  ['A', 'P'],
  ['F', 'H'],
] as const;

/** @param place patient LPS */
export function placeText(place: readonly Meters[]): string {
  return LETTERS.map(([minus, plus], lps) => {
    const millimetres = 1e3 * place[lps];
    return `${Math.abs(millimetres).toFixed(1)} mm ${Math.abs(millimetres) < 0.05 ? '' : millimetres > 0 ? plus : minus}`.trim();
  }).join(', ');
}
