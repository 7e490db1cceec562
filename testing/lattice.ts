/** A phantom of any size that takes no memory: its spins are made as they are read. */
import type { PhantomSource } from '../host/phantom/types.ts';
import { phantomOf, spinsOf } from './run.ts';

/**
 * `side`² columns of `layers` spins, 180 × 180 × 10 mm, white matter and cerebrospinal fluid in
 * turns.
 */
export function lattice(side: number, layers: number): PhantomSource {
  const [width, thickness] = [0.18, 0.01];
  return {
    ...phantomOf(spinsOf([{ T1: 0.5, T2: 0.07 }])),
    spinCount: side * side * layers,
    read(first, count, into) {
      for (let n = 0; n < count; n++) {
        const column = Math.floor((first + n) / layers);
        into.x[n] = ((Math.floor(column / side) + 0.5) / side - 0.5) * width;
        into.y[n] = (((column % side) + 0.5) / side - 0.5) * width;
        into.z[n] = ((((first + n) % layers) + 0.5) / layers - 0.5) * thickness;
        into.density[n] = 1;
        into.T1[n] = column % 2 === 0 ? 0.5 : 2.569;
        into.T2[n] = column % 2 === 0 ? 0.07 : 0.329;
      }
    },
  };
}
