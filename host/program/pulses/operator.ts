/**
 * Pulses as operators: a pulse is an affine map of the magnetisation, twelve numbers per spin,
 * composed once per spin and tile in f64 and applied each time it is played
 * (`assembly/operators.ts`): the same rotations in another order, exact up to rounding. With a
 * tolerance a sum of operators at a few amplitudes stands for pulses of any.
 */
import { composedCost, operatorCost } from '../cost.ts';
import type { PulseMethod } from '../method.ts';

export const operator: PulseMethod = {
  name: 'operator',
  supports: ({ precision, isModelled }) => precision === 'f32' && !isModelled,
  propose({ budget }, { nodes, amplitudes, steps }) {
    return {
      setUp: nodes.length * composedCost(steps),
      perUse: operatorCost(nodes.length),
      how: 'composed once per spin',
      error: nodes.length < amplitudes.length ? (budget?.amplitudes ?? 0) : 0,
    };
  },
};
