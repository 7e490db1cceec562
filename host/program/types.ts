/** What a program is made for: spins of a phantom, their timelines, and how exactly. */
import type { PhantomSource } from '../phantom/types.ts';
import type { Timelines } from '../timeline/types.ts';

export type Precision = 'f32' | 'f64';

export interface ProgramJob {
  /** One for each group of the source's spins. All have the same readouts and samples. */
  readonly timelines: Timelines;
  readonly source: PhantomSource;
  readonly precision: Precision;
  /** Largest error of a sample that fast methods may make, relative to Σ|ρ|; undefined: exact methods alone. */
  readonly tolerance?: number;
  /** Spins per tile; the last one of a group may hold fewer. */
  readonly tileSize: number;
  /**
   * Takes the magnetisation at the end of the timelines, [count][x, y, z] in units of the density, of spins [first, first + count): called
   * once for each tile of a run, in any order, by the time `run` has resolved. Timelines are then compiled with `toEnd`. The array is the
   * caller's own until the call returns.
   */
  readonly onMagnetization?: (first: number, count: number, magnetization: Float64Array) => void;
}
