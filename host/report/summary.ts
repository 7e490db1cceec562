/**
 * The summary of a finished run: the object of `--json`, and the same in a few lines for a person.
 */
import { formatQuantity } from '../base/quantities.ts';
import { type Provenance, physicsOf } from './provenance.ts';
import { rankLines } from './ranks.ts';

/** What is simulated, counted. */
export interface ScanCounts {
  readonly spins: number;
  /**
   * Predicted spurious echo (dephased magnetisation that too few spins rephase), relative to the
   * signal.
   */
  readonly spuriousEcho: number;
  /**
   * Predicted error of the sum over the slice because of too few layers, for the tissue with the
   * largest error, relative to its signal.
   */
  readonly sliceError: number;
  readonly tiles: number;
  readonly tileSize: number;
  /** Samples per coil. */
  readonly samples: number;
  /** Signals received: 1 without coils. */
  readonly coils: number;
  readonly segments: number;
  readonly rfSteps: number;
}

export interface Summary extends Provenance, ScanCounts {
  readonly ranks: number;
  readonly threads: number;
  readonly schedule: 'static' | 'dynamic';
  /**
   * Result of `--verify` compared with f64 stepping, for some tiles: largest error over Σ|ρ|, and
   * norm of the error over norm of the signal.
   */
  readonly verification?: { readonly tiles: number; readonly errorOfDensity: number; readonly errorOfSignal: number };
  /** Whether another run of the same plan gives the same bits. */
  readonly reproducible: boolean;
  /** Wall clock [s]: simulate is that of the slowest rank, all others are those of rank 0. */
  readonly seconds: {
    readonly load: number;
    readonly compile: number;
    readonly simulate: number;
    readonly reduce: number;
    readonly write: number;
    readonly total: number;
  };
  readonly spinSamplesPerSecond: number;
  readonly tilesResumed: number;
  /** Longest time to simulate over the mean, less one. */
  readonly imbalance: number;
  readonly perRank: readonly RankReport[];
  /** Largest resident set of rank 0's process [bytes]. */
  readonly peakMemory: number;
  readonly outputs: readonly string[];
}

export interface RankReport {
  readonly rank: number;
  readonly host: string;
  readonly threads: number;
  readonly engine: 'wasm' | 'webgpu';
  /** The GPU, and why this one. */
  readonly device?: string;
  /** False if a GPU was lost and its tiles were redone by other kernels. */
  readonly reproducible: boolean;
  /** Simulated in this run. */
  readonly tiles: number;
  /**
   * Wall clock [s]. read: spins from the phantom during the simulation; wait: for a batch, for the
   * order of a checkpoint, and at the end for slower ranks.
   */
  readonly seconds: {
    readonly load: number;
    readonly read: number;
    readonly simulate: number;
    readonly wait: number;
    readonly reduce: number;
  };
  /** Largest resident set of the process [bytes]. */
  readonly peakMemory: number;
}

/** Two significant digits and a power of ten, such as 4.1e9, for quick reading. */
const rate = (value: number): string => value.toExponential(1).replace('e+', 'e');

export function summaryLines(summary: Summary): string[] {
  const { seconds } = summary;
  const phases = (['load', 'compile', 'simulate', 'reduce', 'write'] as const).map(
    (name) => `${name} ${seconds[name].toFixed(3)}`,
  );
  const ranks = summary.ranks === 1 ? '' : `${summary.ranks} ranks × `;
  const threads = summary.threads === 1 ? '1 thread' : `${summary.threads} threads`;
  return [
    `${summary.sequence.name} on ${summary.phantom.name}: ${summary.spins} spins, ${samplesOf(summary)}`,
    ...physicsOf(summary, summary.spins).map(([title, text]) => `${title}: ${text}`),
    `${ranks}${threads}, ${summary.engine} ${summary.build}, ${summary.precision}, ${summary.tiles} tiles of ${summary.tileSize}`,
    `seconds: ${phases.join(', ')}; ${rate(summary.spinSamplesPerSecond)} spin·samples/s`,
    ...deviceLines(summary),
    ...(summary.reproducible ? [] : ['engines differ: another run may differ in the last bits']),
    ...rankLines(summary),
    boundLine(summary),
    ...noiseLines(summary),
    ...verificationLines(summary),
    `signal ${summary.signalHash.slice(0, 16)}`,
    ...summary.outputs.map((path) => `wrote ${path}`),
  ];
}

/** Ranks by the GPU they had and why, where any had one. */
function deviceLines({ perRank }: Summary): string[] {
  const users = new Map<string, number[]>();
  for (const { rank, device } of perRank)
    if (device !== undefined) users.set(device, [...(users.get(device) ?? []), rank]);
  return [...users].map(([device, ranks]) => {
    if (perRank.length === 1) return `GPU: ${device}`;
    const who =
      ranks.length > 8 ? `${ranks.length} ranks` : `${ranks.length === 1 ? 'rank' : 'ranks'} ${ranks.join(', ')}`;
    return `GPU: ${who}: ${device}`;
  });
}

/** Methods and error bounds: of a run, or of what a header repeats of it. */
export function accuracyLines(
  of: Pick<Summary, 'methods' | 'tolerance' | 'precision'> & Partial<Pick<Summary, 'verification'>>,
): string[] {
  const methods = Object.entries(of.methods).map(([name, count]) => `${count} by ${name}`);
  return [`readouts: ${methods.join(', ') || 'none'}`, boundLine(of), ...verificationLines(of)];
}

function boundLine({ tolerance, precision }: Pick<Summary, 'tolerance' | 'precision'>): string {
  if (tolerance === null) return `exact methods: no error beyond ${precision} rounding`;
  return `fast methods: no sample errs by more than ${tolerance.toExponential()} of all density, ${precision} rounding included`;
}

/** Samples, and the coils where there are several. */
function samplesOf({ samples, coils }: Pick<Summary, 'samples' | 'coils'>): string {
  return coils === 1 ? `${samples} samples` : `${samples} samples in each of ${coils} coils`;
}

function noiseLines({ noise }: Summary): string[] {
  if (noise === null) return [];
  const dwell = noise.atDwell === null ? '' : ` at a dwell of ${formatQuantity(noise.atDwell, 's')}`;
  return [`noise: σ ${noise.sigma.toPrecision(4)} per real part${dwell}, seed ${noise.seed}`];
}

function verificationLines({
  verification,
  tolerance,
}: Partial<Pick<Summary, 'verification'>> & Pick<Summary, 'tolerance'>): string[] {
  if (verification === undefined) return [];
  const { tiles, errorOfDensity, errorOfSignal } = verification;
  const allowed = tolerance === null ? '' : ` (tolerance ${tolerance.toExponential()})`;
  const found = `${errorOfDensity.toExponential(1)} of all density${allowed}, ${errorOfSignal.toExponential(1)} of the signal`;
  return [`verified ${tiles} ${tiles === 1 ? 'tile' : 'tiles'} against f64 with finer RF steps: error ${found}`];
}
