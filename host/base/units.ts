/** Physical constants and the SI unit aliases that public types carry. */

/**
 * ¹H gyromagnetic ratio over 2π [Hz/T]; CODATA 2018, and the value KomaMRI and the reference data
 * use.
 */
export const GAMMA_BAR = 42.5774688e6;

/** Magnetic constant [T·m/A]: the field of coils per ampere. */
export const MU_0 = 4e-7 * Math.PI;

export type Seconds = number;
/**
 * Times closer together than this [s] are one: an hour in f64 is known to 4e-13 s, and no raster is
 * finer than 1e-9 s.
 */
export const SAME_TIME: Seconds = 1e-12;
export type Hertz = number;
export type Radians = number;
export type Tesla = number;
/** Gradient [T/m]. */
export type TeslaPerMeter = number;
export type Meters = number;
/** k-space coordinate [cycles/m] = γ̄ ∫ G dt. */
export type CyclesPerMeter = number;
