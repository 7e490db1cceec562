/**
 * Provenance of a signal: everything needed to reproduce it. The same record is in the object of
 * `larmor simulate --json` and, with one parameter per key, in the ISMRMRD header.
 */
import { formatQuantity } from '../base/quantities.ts';
import type { Seconds, Tesla } from '../base/units.ts';
import type { T2Prime } from '../model/t2prime.ts';
import type { Scanner } from '../sequence/scanner-types.ts';
import type { Facts } from './facts.ts';

export interface Provenance {
  /** The command line, one entry per word; empty if a program called the library. */
  readonly command: readonly string[];
  /** Version of Larmor. */
  readonly version: string;
  /** ISO 8601, UTC: when the command started, and when the signal was complete. */
  readonly time: { readonly start: string; readonly end: string };
  /** Name, all parameters (defaults included), and what `larmor info` says of it. */
  readonly sequence: Facts & { readonly name: string };
  readonly phantom: {
    readonly name: string;
    readonly parameters: Readonly<Record<string, number | string>>;
    /** Spins of the phantom itself; with `t2prime` as an ensemble more are simulated. */
    readonly spins: number;
    readonly B0: Tesla;
    /**
     * Digest of its spins at rest, by which a file that was moved or renamed is recognised as the
     * same phantom.
     */
    readonly digest: string;
    /** Actions that move its spins; [] at rest. */
    readonly motions: readonly string[];
  };
  readonly scanner: Scanner;
  readonly t2prime: T2Prime;
  /** Heart signal for which blocks waited: its rate, or the file of its R peaks; null: none. */
  readonly heart: string | null;
  /** Source of the initial magnetisation; null: thermal equilibrium. */
  readonly initialMagnetization: string | null;
  /** Time that motions and heart signal had reached when the sequence began. */
  readonly startTime: Seconds;
  readonly precision: 'f32' | 'f64';
  /** Largest error allowed for fast methods, relative to Σ|ρ|; null: exact methods only. */
  readonly tolerance: number | null;
  /** Longest step of a block pulse. */
  readonly dtRf: Seconds;
  /** Noise added to the signal; null: none. atDwell null: σ refers to the dwell of each readout. */
  readonly noise: { readonly sigma: number; readonly atDwell: Seconds | null; readonly seed: number } | null;
  readonly engine: string;
  readonly build: string;
  /** How many readouts were summed by which method. */
  readonly methods: Readonly<Record<string, number>>;
  /**
   * Predicted spurious echo (dephased magnetisation that too few spins rephase), relative to the
   * signal.
   */
  readonly spuriousEcho: number;
  readonly planHash: string;
  /** sha256 of scale exponent and integer sums, before noise. */
  readonly signalHash: string;
  readonly warnings: readonly string[];
}

/** Effects on the spins besides sequence and scanner: title and text, for a person. */
export function physicsOf(
  {
    phantom,
    t2prime,
    heart,
    initialMagnetization,
    startTime,
  }: Pick<Provenance, 'phantom' | 't2prime' | 'heart' | 'initialMagnetization' | 'startTime'>,
  simulated: number,
): [title: string, text: string][] {
  const offsets = simulated / phantom.spins;
  const ensemble = `ensemble, ${offsets} offsets for each of ${phantom.spins} spins`;
  const all: [string, string | undefined][] = [
    ["T2'", t2prime === 'none' ? undefined : t2prime === 'ensemble' ? ensemble : t2prime],
    ['motions', phantom.motions.join(', ') || undefined],
    ['heart', heart ?? undefined],
    ['initial M', initialMagnetization ?? undefined],
    ['start', startTime === 0 ? undefined : `${formatQuantity(startTime, 's')} into motions and heart signal`],
  ];
  return all.filter((row): row is [string, string] => row[1] !== undefined);
}
