/** A simulated acquisition as it is written to and read from files: the signal and how it was encoded. */

import type { Hertz, Tesla } from '../common/units.ts';
import type { Encoding } from '../sequence/encoding-types.ts';

export interface RawData {
  /** [coils][samples][re, im], Σ density·coil over spins, not normalised. */
  readonly signal: Float64Array;
  readonly coils: number;
  readonly samples: number;
  /** What the numbers are good for, and so the width files store them in. */
  readonly precision: 'f32' | 'f64';
  readonly encoding: Encoding;
  readonly sequenceName: string;
  readonly phantomName: string;
  readonly B0: Tesla;
  /** Larmor frequency γ̄·B0. */
  readonly frequency: Hertz;
}

/** Writes `raw` to `path`, whole or not at all. @throws LarmorError 73 */
export type RawWriter = (path: string, raw: RawData) => void;
