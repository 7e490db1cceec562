/**
 * Where a signal comes from: everything needed to make it again. The same record stands in the object of
 * `larmor simulate --json` and, a parameter for each key, in the ISMRMRD header.
 */
import type { Seconds, Tesla } from '../base/units.ts';
import type { Scanner } from '../sequence/scanner-types.ts';
import type { Facts } from './facts.ts';

export interface Provenance {
  /** The command line, one word each. */
  readonly command: readonly string[];
  /** Of Larmor. */
  readonly version: string;
  /** ISO 8601, UTC: when the command started, and when the signal was complete. */
  readonly time: { readonly start: string; readonly end: string };
  /** Name, all parameters (defaults included), and what `larmor info` says of it. */
  readonly sequence: Facts & { readonly name: string };
  readonly phantom: {
    readonly name: string;
    readonly parameters: Readonly<Record<string, number | string>>;
    readonly spins: number;
    readonly B0: Tesla;
  };
  readonly scanner: Scanner;
  readonly precision: 'f32' | 'f64';
  /** Largest error that fast methods were allowed, relative to Σ|ρ|; null: exact methods alone. */
  readonly tolerance: number | null;
  /** Longest step of a block pulse. */
  readonly dtRf: Seconds;
  /** Added to the signal; null: none. atDwell null: σ holds at each readout's own dwell. */
  readonly noise: { readonly sigma: number; readonly atDwell: Seconds | null; readonly seed: number } | null;
  readonly engine: string;
  readonly build: string;
  /** How many readouts were summed by which method. */
  readonly methods: Readonly<Record<string, number>>;
  readonly planHash: string;
  /** sha256 of scale exponent and integer sums, before noise. */
  readonly signalHash: string;
  readonly warnings: readonly string[];
}
