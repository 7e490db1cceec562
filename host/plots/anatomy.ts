/**
 * Directions of the body, as letters at the edges of pictures: where a patient coordinate (LPS)
 * increases, and where it decreases.
 */
import type { Mark } from '../figures/types.ts';

/** By axis x, y, z: towards larger and towards smaller coordinates. */
const LETTERS = [
  ['L', 'R'],
  ['P', 'A'],
  ['H', 'F'],
] as const;

/** Smallest cosine between a direction and an axis for which the letter of this axis is used. */
const OBLIQUE = 0.25;

/**
 * `L`, or `LA` where a direction lies between two: the nearest first, two at most.
 * @param way unit vector, LPS
 */
export function lettersOf(way: readonly number[]): string {
  return [0, 1, 2]
    .filter((axis) => Math.abs(way[axis]) > OBLIQUE)
    .sort((a, b) => Math.abs(way[b]) - Math.abs(way[a]))
    .slice(0, 2)
    .map((axis) => LETTERS[axis][way[axis] > 0 ? 0 : 1])
    .join('');
}

const COLOUR = '#ffd75e';

/** Letters at the four edges of a picture on black. @param right, down unit vectors, LPS */
export function edgeLetters(
  right: readonly number[],
  down: readonly number[],
  x: readonly [left: number, right: number],
  y: readonly [bottom: number, top: number],
): Mark[] {
  const against = (way: readonly number[]): number[] => way.map((part) => -part);
  const [middleX, middleY] = [(x[0] + x[1]) / 2, (y[0] + y[1]) / 2];
  const text = (
    text: string,
    at: readonly [number, number],
    anchor: 'start' | 'middle' | 'end',
    shift: readonly [number, number],
  ): Mark => {
    return { kind: 'text', x: at[0], y: at[1], text, anchor, shift, colour: COLOUR, halo: true };
  };
  return [
    text(lettersOf(against(right)), [x[0], middleY], 'start', [5, 4]),
    text(lettersOf(right), [x[1], middleY], 'end', [-5, 4]),
    text(lettersOf(against(down)), [middleX, y[1]], 'middle', [0, 14]),
    text(lettersOf(down), [middleX, y[0]], 'middle', [0, -6]),
  ];
}
