/**
 * Tissues as the built-in phantoms use them: relative proton density, relaxation times and chemical
 * shift at 1.5 T. The values are BrainWeb's (Collins et al., IEEE Trans. Med. Imaging 17:463, 1998)
 * in the form KomaMRI publishes for its brain phantom; the lesion is ours.
 */
import type { Seconds, Tesla } from '../base/units.ts';

export interface Tissue {
  readonly density: number;
  readonly T1: Seconds;
  readonly T2: Seconds;
  readonly T2s: Seconds;
  /** At `TISSUE_B0` for the built-in tissues, at the table's own B0 for a tissue table [rad/s]. */
  readonly offResonance: number;
}

/** The field at which the chemical shifts below are given. */
export const TISSUE_B0: Tesla = 1.5;

/** Fat protons precess 220 Hz (3.45 ppm) slower than water at 1.5 T. */
const FAT_SHIFT = -2 * Math.PI * 220;

function tissue(density: number, T1: Seconds, T2: Seconds, T2s: Seconds, offResonance = 0): Tissue {
  return { density, T1, T2, T2s, offResonance };
}

export const TISSUES = {
  csf: tissue(1, 2.569, 0.329, 0.058),
  greyMatter: tissue(0.86, 0.833, 0.083, 0.069),
  whiteMatter: tissue(0.77, 0.5, 0.07, 0.061),
  fat: tissue(1, 0.35, 0.07, 0.058, FAT_SHIFT),
  muscle: tissue(1, 0.9, 0.047, 0.03),
  skin: tissue(1, 0.569, 0.329, 0.058),
  marrow: tissue(0.77, 0.5, 0.07, 0.061),
  /** An oedematous focus: longer T1 and T2 than the white matter around it. */
  lesion: tissue(0.9, 1.2, 0.18, 0.1),
} as const;
