/**
 * The error budget: with a tolerance T no sample errs by more than T · Σ|ρ|, ρ being the densities
 * of all spins. A sample is computed by one readout method from magnetisation that the pulses
 * before it have rotated, so the errors of readouts and pulses add, and those of two readout
 * methods do not. All shares are here; each method measures or bounds that it keeps within its own:
 *
 *     T        = readouts + pulses
 *     readouts = AXES · axis           nufft1d1 (one axis) and nufft2d1 (two)
 *              = line + fit            line: its transform; fit: the quadratic of a moving line
 *              = time + plane          nufft2d3: interpolation in time; both axes, rounding
 *     pulses   = OPERATOR_GAIN · (amplitudes + table)
 */

/** Half of the tolerance for the readouts, the rest for the pulses. */
const READOUTS = 1 / 2;
const PULSES = 1 - READOUTS;
/** Of a 2-D transform. */
export const AXES = 2;
/**
 * Of a readout's share, what interpolation in time may err at most; what it leaves, and it leaves
 * most, goes to the plane.
 */
const TIME = 1 / 4;
/** Of a readout's share, what a line may deviate from a quadratic. */
const FIT = 1 / 4;
/**
 * Of an axis of a plane, what interpolation between the points of the transform may err; the rest
 * is for spreading.
 */
export const INTERPOLATION = 1 / 8;
/**
 * What becomes of an error in an entry of an operator by the time it is signal: 3 to 5 times as
 * much. Where echoes build up it is 16 times, but there a bound on an entry, which few spins come
 * near, is not met with the same sign again and again.
 */
export const OPERATOR_GAIN = 5;
/**
 * An entry may err by interpolation between amplitudes and by its table, which is interpolated in
 * frequency, R1 and R2.
 */
const ENTRY_ERRORS = 2;
export const TABLE_AXES = 3;

/**
 * Tolerance below which curves are left out: their rounding in f32 alone is then more than that of
 * exact methods. The other methods round less than those.
 */
export const FINEST = 5e-6;
/**
 * In several coils exact runs too may transform equally spaced lines, at this tolerance: half of it
 * goes to readouts, which is less than what exact sums in f32 round (7e-7 for single spins).
 * Products would take as many times as long as there are coils.
 */
const OF_COILS = 1e-6;

/**
 * What an entry of an operator may err below `FINEST`: half of what f32 rounds, so that it shows no
 * more than with exact operators.
 */
const HALF_ROUNDING = 2 ** -25;

/**
 * What splitting relaxation from rotation may do to a run, all its pulses together, where the exact
 * solution costs little more (1.3 times for steps of small angle, more for those of 4 rad: twelve
 * terms and two doublings); and where it is in f64, which costs several times as much. Pulses that
 * are stepped may err as much with or without a tolerance.
 */
export const SPLITTING = { held: 3e-7, heldF64: 3e-6 } as const;

/** Errors relative to Σ|ρ|, or of an entry of an operator, that methods may make at most. */
export interface ErrorBudget {
  readonly readouts: number;
  readonly pulses: number;
  /** One axis of equally spaced samples. */
  readonly axis: number;
  /** A line by itself: its transform, and its samples as a quadratic. */
  readonly line: number;
  readonly fit: number;
  /** Interpolation in time of a curve; 0: curves are left out. */
  readonly time: number;
  /** An entry of an operator: interpolated between amplitudes, and looked up. */
  readonly amplitudes: number;
  readonly table: number;
}

/**
 * The budget of readouts, which exact runs have in several coils; undefined: exact methods alone.
 */
export const readoutBudget = (tolerance: number | undefined, coils: number): ErrorBudget | undefined =>
  tolerance === undefined && coils === 0 ? undefined : errorBudget(tolerance ?? OF_COILS);

export function errorBudget(tolerance: number): ErrorBudget {
  const readouts = READOUTS * tolerance;
  const entry = tolerance < FINEST ? HALF_ROUNDING : tolerance * (PULSES / (ENTRY_ERRORS * OPERATOR_GAIN));
  return {
    readouts,
    pulses: PULSES * tolerance,
    axis: readouts / AXES,
    line: (1 - FIT) * readouts,
    fit: FIT * readouts,
    time: tolerance < FINEST ? 0 : TIME * readouts,
    amplitudes: entry,
    table: entry,
  };
}
