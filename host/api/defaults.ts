/** Values of options that are not given: the same for the command and for programs. */
import type { Seconds } from '../base/units.ts';

/**
 * Default tolerance of f32 runs: the largest at which no fast method is less accurate, compared
 * with f64, than the exact f32 methods, whose rounding errors are of this size (`npm run validate
 * -- default`).
 */
export const DEFAULT_TOLERANCE = 3e-6;

/** Longest step of a block pulse. */
export const DEFAULT_RF_STEP: Seconds = 50e-6;

/** Most work that a killed run loses [s]; a checkpoint takes some milliseconds per 10⁵ samples. */
export const DEFAULT_CHECKPOINT_INTERVAL: Seconds = 300;

/**
 * How long a rank may be silent: reading one page from a busy parallel file system may take
 * minutes.
 */
export const DEFAULT_WATCHDOG: Seconds = 600;
