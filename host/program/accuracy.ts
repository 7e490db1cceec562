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
/** Axes of a 2-D transform. */
export const AXES = 2;
/**
 * Largest share of a readout's error budget for interpolation in time; the remainder, which is
 * usually the larger part, goes to the plane.
 */
const TIME = 1 / 4;
/** Share of a readout's error budget for the deviation of a line from a quadratic. */
const FIT = 1 / 4;
/**
 * Share of an axis's error budget for interpolation between the points of the transform; the rest
 * is for spreading.
 */
export const INTERPOLATION = 1 / 8;
/**
 * Factor by which an error in an entry of an operator has grown when it reaches the signal: 3 to 5.
 * Where echoes build up it is 16, but there the bound of an entry, which few spins come near, is
 * not reached with the same sign every time.
 */
export const OPERATOR_GAIN = 5;
/**
 * Number of errors of an entry: of interpolation between amplitudes, and of its table; and axes
 * along which the table is interpolated: frequency, R1 and R2.
 */
const ENTRY_ERRORS = 2;
export const TABLE_AXES = 3;

/**
 * Tolerance below which NUFFTs of curves are not used: their f32 rounding alone would then exceed
 * that of exact methods. The other methods round less than exact ones.
 */
export const FINEST = 5e-6;
/**
 * Tolerance of exact f32 runs in the cases in which approximate methods are allowed, because exact
 * ones take many times as long: equally spaced lines in several coils; bent lines and pulses of
 * moving spins. Half of it goes to readouts, which is less than the rounding error of exact sums
 * (7e-7 for single spins). Operators that are looked up err by half a rounding, less than a pulse
 * that is stepped.
 */
const OF_EXACT = 1e-6;

/**
 * Largest error of an entry of an operator below the tolerance `FINEST`: half of the f32 rounding
 * error, so that it is no more visible than that of exact operators.
 */
const HALF_ROUNDING = 2 ** -25;

/**
 * Largest error of a run from splitting relaxation and rotation, over all its pulses: `held` where
 * the exact solution costs little more (1.3 times for steps of small angle, more for those of 4
 * rad: twelve terms and two doublings), and `heldF64` where it is computed in f64, which costs
 * several times as much. Stepped pulses may have this error with or without a tolerance.
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

/** The budgets of all methods, and of readouts; undefined: exact methods only. */
export function budgetsOf(
  tolerance: number | undefined,
  { isMoving, coils }: { readonly isMoving: boolean; readonly coils: number },
): { readonly budget: ErrorBudget | undefined; readonly readoutBudget: ErrorBudget | undefined } {
  const own = errorBudget(tolerance ?? OF_EXACT);
  const isAllowed = tolerance !== undefined || isMoving;
  return { budget: isAllowed ? own : undefined, readoutBudget: isAllowed || coils > 0 ? own : undefined };
}

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
