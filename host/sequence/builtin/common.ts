/**
 * Parameters that several built-in sequences have, each declared once, so that a name, its unit and
 * its bounds are the same in all of them.
 */
import { DEGREE } from '../../base/quantities.ts';
import type { Radians, Seconds } from '../../base/units.ts';

/** How times that may be left to the sequence say so in their description. */
const SHORTEST = '0 = shortest possible; lengthened if necessary unless set explicitly';

const fov = {
  default: 0.25,
  unit: 'm',
  doc: 'the field of view, square',
  minimum: 0,
  exclusive: true,
  plausible: 1,
} as const;
const dwell = {
  default: 20e-6,
  unit: 's',
  doc: 'the time per sample',
  minimum: 0,
  exclusive: true,
  plausible: 0.01,
} as const;
const timeBandwidth = {
  default: 4,
  unit: '',
  doc: 'the time-bandwidth product of the pulses',
  minimum: 1,
  maximum: 100,
} as const;
const thickness = {
  default: 5e-3,
  unit: 'm',
  doc: 'the slice thickness',
  minimum: 0,
  exclusive: true,
  plausible: 0.5,
} as const;
const offset = { default: 0, unit: 'm', doc: 'the z position of the middle of the slices', plausible: 1 } as const;

export const matrixSize = (value: number, doc = 'the matrix: lines, and samples per line') =>
  ({ default: value, unit: '', doc, minimum: 2, maximum: 4096, integer: true }) as const;
export const count = (value: number, doc: string, minimum = 1, maximum = 1e5) =>
  ({ default: value, unit: '', doc, minimum, maximum, integer: true }) as const;

export const spinWarpParameters = {
  fov,
  n: matrixSize(128),
  slices: { default: 1, unit: '', doc: 'the number of slices', minimum: 1, maximum: 1024, integer: true },
  thickness,
  gap: { default: 0, unit: 'm', doc: 'the gap between slices', minimum: 0, plausible: 0.5 },
  offset,
  dwell,
  timeBandwidth,
} as const;

/** Parameters of one slice. */
export const planeParameters = { fov, n: matrixSize(128), thickness, offset, dwell, timeBandwidth } as const;
/** Parameters of a volume. */
export const volumeParameters = { fov, n: matrixSize(64), dwell } as const;

/** Parameters of which each spin-warp sequence has a default of its own. */
export const echoTime = (value: Seconds) =>
  ({ default: value, unit: 's', doc: `the echo time (${SHORTEST})`, minimum: 0, plausible: 2 }) as const;
export const repetitionTime = (value: Seconds) =>
  ({
    default: value,
    unit: 's',
    doc: `the repetition time of a slice (${SHORTEST})`,
    minimum: 0,
    plausible: 15,
  }) as const;
export const dummyScans = (value: number) =>
  ({
    default: value,
    unit: '',
    doc: 'the number of TRs before the first line is recorded, to reach the steady state',
    minimum: 0,
    integer: true,
  }) as const;

export const flipAngle = (value: Radians, maximum: Radians = 180 * DEGREE) =>
  ({ default: value, unit: 'rad', doc: 'the flip angle', minimum: 0, exclusive: true, maximum }) as const;
export const pulseDuration = (value: Seconds) =>
  ({
    default: value,
    unit: 's',
    doc: 'the duration of the pulse; lengthened if B1 would exceed the limit',
    minimum: 1e-4,
    plausible: 0.1,
  }) as const;
export const rfSpoilingIncrement = (value: Radians) =>
  ({
    default: value,
    unit: 'rad',
    doc: 'the increment of the RF phase increment (0: no RF spoiling)',
    minimum: -360 * DEGREE,
    maximum: 360 * DEGREE,
  }) as const;
export const spoilerCycles = (value: number) =>
  ({ default: value, unit: 'cycles', doc: 'the dephasing across the slice after the readout', minimum: 0 }) as const;

/** Excitation and spoiling of gradient echoes of one slice. */
export const spoiledEchoParameters = {
  flip: flipAngle(15 * DEGREE),
  rfDuration: pulseDuration(2e-3),
  rfSpoiling: rfSpoilingIncrement(117 * DEGREE),
  spoiler: spoilerCycles(4),
  dummies: dummyScans(100),
} as const;

export const spokeDwell = {
  ...dwell,
  default: 10e-6,
  doc: 'the time per sample; a spoke has two for each pixel',
} as const;

/** @param enough number of spokes that lie as close as samples at the edge of k-space */
export const spokeParameters = (enough: string) =>
  ({
    spokes: count(0, `the number of spokes (0: ${enough}, as close as samples at the edge of k-space)`, 0, 1e6),
    order: {
      default: 'uniform',
      unit: 'uniform|golden',
      doc: 'how directions follow each other: evenly, or by the golden ratio',
    },
  }) as const;
