/**
 * ISMRMRD's acquisition flags: bit n−1 of a u64 is flag n of `ISMRMRD_AcquisitionFlags`. Used by
 * writer, reader and reconstruction.
 */

/** Flag numbers as ISMRMRD's `ismrmrd.h` counts them, from 1. */
export const FLAGS = {
  ACQ_FIRST_IN_ENCODE_STEP1: 1,
  ACQ_LAST_IN_ENCODE_STEP1: 2,
  ACQ_FIRST_IN_ENCODE_STEP2: 3,
  ACQ_LAST_IN_ENCODE_STEP2: 4,
  ACQ_FIRST_IN_AVERAGE: 5,
  ACQ_LAST_IN_AVERAGE: 6,
  ACQ_FIRST_IN_SLICE: 7,
  ACQ_LAST_IN_SLICE: 8,
  ACQ_FIRST_IN_CONTRAST: 9,
  ACQ_LAST_IN_CONTRAST: 10,
  ACQ_FIRST_IN_PHASE: 11,
  ACQ_LAST_IN_PHASE: 12,
  ACQ_FIRST_IN_REPETITION: 13,
  ACQ_LAST_IN_REPETITION: 14,
  ACQ_FIRST_IN_SET: 15,
  ACQ_LAST_IN_SET: 16,
  ACQ_FIRST_IN_SEGMENT: 17,
  ACQ_LAST_IN_SEGMENT: 18,
  ACQ_IS_NOISE_MEASUREMENT: 19,
  ACQ_IS_PARALLEL_CALIBRATION: 20,
  ACQ_IS_PARALLEL_CALIBRATION_AND_IMAGING: 21,
  ACQ_IS_REVERSE: 22,
  ACQ_IS_NAVIGATION_DATA: 23,
  ACQ_IS_PHASECORR_DATA: 24,
  ACQ_LAST_IN_MEASUREMENT: 25,
  ACQ_IS_HPFEEDBACK_DATA: 26,
  ACQ_IS_DUMMYSCAN_DATA: 27,
  ACQ_IS_RTFEEDBACK_DATA: 28,
  ACQ_IS_SURFACECOILCORRECTIONSCAN_DATA: 29,
  ACQ_IS_PHASE_STABILIZATION_REFERENCE: 30,
  ACQ_IS_PHASE_STABILIZATION: 31,
} as const;

export type Flag = keyof typeof FLAGS;

/** Flags of readouts that are not image data and that a plain reconstruction omits. */
const NOT_IMAGE: readonly Flag[] = [
  'ACQ_IS_NOISE_MEASUREMENT',
  'ACQ_IS_PARALLEL_CALIBRATION',
  'ACQ_IS_NAVIGATION_DATA',
  'ACQ_IS_PHASECORR_DATA',
  'ACQ_IS_HPFEEDBACK_DATA',
  'ACQ_IS_DUMMYSCAN_DATA',
  'ACQ_IS_RTFEEDBACK_DATA',
  'ACQ_IS_SURFACECOILCORRECTIONSCAN_DATA',
  'ACQ_IS_PHASE_STABILIZATION_REFERENCE',
  'ACQ_IS_PHASE_STABILIZATION',
];

export function flagBits(flags: Iterable<Flag>): bigint {
  let bits = 0n;
  for (const flag of flags) bits |= 1n << BigInt(FLAGS[flag] - 1);
  return bits;
}

export function hasFlag(acquisition: { readonly flags: bigint }, flag: Flag): boolean {
  return (acquisition.flags & flagBits([flag])) !== 0n;
}

const notImage = flagBits(NOT_IMAGE);

/** Whether a readout carries image data (none of `NOT_IMAGE`). */
export function isImaging(acquisition: { readonly flags: bigint }): boolean {
  return (acquisition.flags & notImage) === 0n;
}
