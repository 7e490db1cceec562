/**
 * Facts about a sequence, phantom or raw-data file: the records that `larmor info --json` prints
 * (described in docs/reference/json.md) and `simulate` repeats in its summary: camelCase keys, SI
 * values, null for unknown values.
 */
import { movingPhantom } from '../phantom/motion/moving.ts';
import { spanOf } from '../phantom/motion/time-curve.ts';
import type { PhantomSource } from '../phantom/types.ts';
import type { RawFile } from '../raw/types.ts';
import type { Image } from '../recon/image.ts';
import type { Counter, Encoding } from '../sequence/encoding-types.ts';
import { peaksOf } from '../sequence/peaks.ts';
import type { Sequence } from '../sequence/types.ts';

export type Facts = Readonly<Record<string, unknown>>;

/** With the demands on the hardware, which take a look at every gradient. */
export function sequenceFacts(sequence: Sequence, encoding: Encoding): Facts {
  return { ...acquisitionFacts(sequence, encoding), ...peaksOf(sequence) };
}

export function acquisitionFacts(sequence: Sequence, encoding: Encoding): Facts {
  const count = (counter: Counter): number => encoding.limits[counter].maximum + 1;
  return {
    version: sequence.version ?? null,
    blocks: sequence.blockCount,
    duration: sequence.duration,
    readouts: encoding.readouts.length,
    samples: encoding.readouts.reduce((sum, readout) => sum + readout.samples, 0),
    trajectory: encoding.kind,
    matrix: encoding.reconMatrix,
    fov: encoding.reconFov,
    encodedMatrix: encoding.encodedMatrix,
    encodedFov: encoding.encodedFov,
    slices: count('slice'),
    contrasts: count('contrast'),
    repetitions: count('repetition'),
    averages: count('average'),
    phases: count('phase'),
    sets: count('set'),
    TE: encoding.TE,
    TI: encoding.TI,
    TR: encoding.TR[0] ?? null,
    flipAngle: encoding.flipAngle[0] ?? null,
    softDelays: sequence.softDelays ?? [],
    definitions: Object.fromEntries(sequence.definitions),
  };
}

/** What moves its spins, in the order of the file; [] at rest. */
export const actionsOf = ({ motions = [] }: PhantomSource): readonly string[] =>
  motions.map(({ action }) => action.type);

export function phantomFacts(source: PhantomSource): Facts {
  const { min, max, maxDensity, maxOffResonance, minT1, minT2 } = source.bounds;
  return {
    spins: source.spinCount,
    min,
    max,
    maxDensity,
    maxOffResonance,
    B0: source.B0,
    minT1,
    minT2,
    motions: actionsOf(source),
  };
}

/**
 * The box that moving spins reach; empty without motions. Reads the phantom, which has to be open.
 */
export function reachOf(source: PhantomSource): Facts {
  if (source.motions === undefined || source.motions.length === 0) return {};
  const { min, max } = movingPhantom(source, source.motions, spanOf(source.motions)).bounds;
  return { reachMin: min, reachMax: max };
}

export function rawFacts(raw: RawFile): Facts {
  return {
    sequence: raw.sequenceName ?? null,
    phantom: raw.phantomName ?? null,
    acquisitions: raw.acquisitions.length,
    samples: raw.acquisitions.reduce((sum, { samples }) => sum + samples, 0),
    coils: raw.coils,
    trajectory: raw.kind,
    matrix: raw.reconMatrix,
    fov: raw.reconFov,
    encodedMatrix: raw.encodedMatrix,
    encodedFov: raw.encodedFov,
    TE: raw.TE,
    TI: raw.TI,
    TR: raw.TR[0] ?? null,
    flipAngle: raw.flipAngle[0] ?? null,
    B0: raw.B0 ?? null,
  };
}

export function imageFacts(image: Image): Facts {
  return {
    matrix: image.matrix,
    voxel: image.voxel,
    origin: image.origin,
    directions: image.directions,
    method: image.method,
    notes: image.notes,
    coils: image.coils,
    contrasts: image.contrasts,
    repetitions: image.repetitions,
  };
}
