/** Values of options that are not given: the same for the command and for programs. */
import type { Seconds } from '../base/units.ts';

/**
 * The tolerance of f32 runs that name none: the largest at which no fast method errs more, against
 * f64, than the exact f32 methods do (`npm run validate -- default`): their rounding is of this
 * size.
 */
export const DEFAULT_TOLERANCE = 3e-6;

/** Longest step of a block pulse. */
export const DEFAULT_RF_STEP: Seconds = 50e-6;

/** Work that a killed run loses at most; a checkpoint takes some milliseconds per 10⁵ samples. */
export const DEFAULT_CHECKPOINT_INTERVAL: Seconds = 300;

/** Silence that a rank is allowed: one page of a busy parallel file system may take minutes. */
export const DEFAULT_WATCHDOG: Seconds = 600;
