/**
 * Gradients with their eddy currents over one block, given the state at the end of the previous
 * block.
 */
import { afterJump, decay, type EddyTerm } from '../../fields/eddy.ts';
import { valueAt } from '../../sequence/waveform.ts';
import { type Distortion, linearPieces } from './pieces.ts';

/**
 * Fields at the end of a block are rounded to 2⁻⁵⁰ T/m, by which a spin 0.3 m away turns 7e-8 rad
 * in a second. In a steady state blocks then begin with identical numbers, and their programs are
 * stored once.
 */
const UNIT = 2 ** -50;

export function eddyCurrents(terms: readonly EddyTerm[]): Distortion {
  const affected = new Set(terms.map(({ to }) => to));
  const step = new Float64Array(2);
  return {
    // g_e of each term; then the gradient of each axis.
    start: new Float64Array(terms.length + 3),
    around: (n) => [n, n],
    play(_, gradients, knots, left) {
      const values = left.slice(0, terms.length);
      const last = left.slice(terms.length);
      const outputs = [0, 1, 2, 3].map(() => linearPieces());
      const slope = new Float64Array(3);
      const sums = new Float64Array(12);
      for (let i = 0; i + 1 < knots.length; i++) {
        const [from, to] = [knots[i], knots[i + 1]];
        const dt = to - from;
        sums.fill(0);
        for (let axis = 0; axis < 3; axis++) {
          const [first, end] = [valueAt(gradients[axis], from), valueAt(gradients[axis], to, 'before')];
          slope[axis] = (end - first) / dt;
          add(sums, axis, first, end, ((first + end) / 2) * dt);
          const jump = first - last[axis];
          if (jump !== 0)
            for (const [n, term] of terms.entries())
              if (term.from === axis) values[n] = afterJump(term, values[n], jump);
          last[axis] = end;
        }
        for (const [n, term] of terms.entries()) {
          const value = values[n];
          decay(term, value, slope[term.from], dt, step);
          add(sums, term.to, value, step[0], step[1]);
          values[n] = step[0];
        }
        for (const [j, output] of outputs.entries())
          output.push(from, to, sums[3 * j], sums[3 * j + 1], sums[3 * j + 2]);
      }
      return {
        waveforms: outputs.map((output, j) => (affected.has(j) || j === 3 ? output.finish() : gradients[j])),
        left: Float64Array.of(...values.map((value) => Math.round(value / UNIT) * UNIT), ...last),
      };
    },
  };
}

/** Adds value at the left and right end and integral of output `j`. */
function add(sums: Float64Array, j: number, left: number, right: number, area: number): void {
  sums[3 * j] = sums[3 * j] + left;
  sums[3 * j + 1] = sums[3 * j + 1] + right;
  sums[3 * j + 2] = sums[3 * j + 2] + area;
}
