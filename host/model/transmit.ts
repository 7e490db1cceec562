/**
 * Transmit channels as a layer: a spin experiences b(r) = Σ_c w_c·b_c(r) times the pulse, with the
 * weights w of the block's RF_SHIMS, m·e^{−iφ} (a Pulseq phase, and so conjugated; the maps b_c are
 * not), or 1 without. Every distinct shim of a sequence is one complex column.
 */
import { badInput } from '../base/errors.ts';
import { type FieldMap, fieldMap } from '../fields/map.ts';
import type { PhantomSource, PhantomTransmit } from '../phantom/types.ts';
import type { MapFiles } from '../sequence/scanner-types.ts';
import type { Block, RfShimEvent, Sequence } from '../sequence/types.ts';
import type { Layer } from './layer.ts';
import { checkSize, largestModulus, mapLayer, openMap } from './maps.ts';

/** Local transmit channels overshoot near their conductors, but not more. */
const PLAUSIBLE = { most: 3, never: 1e6, unit: 'B1+ is relative to the nominal field, 1' } as const;

export interface Transmit {
  readonly layer: Layer;
  /** The column of B1 in which a block's pulse plays. */
  columnOf(block: Block): number;
}

/** @throws LarmorError 65 if a shim has not as many channels as the map */
export async function openTransmit(files: MapFiles, sequence: Sequence): Promise<Transmit> {
  const channels = await openMap(files);
  checkSize(channels.path, largestModulus(channels), PLAUSIBLE);
  const { weights, columnOf } = shimsOf(sequence, channels);
  const map = combine(channels, weights);
  return {
    columnOf,
    layer: {
      adds: { transmits: map.channels },
      largest: { transmit: largestModulus(map) },
      identity: `transmit ${map.identity}`,
      ...mapLayer(map),
    },
  };
}

/** The same of B1+ that a phantom states for its spins. */
export function phantomTransmit({ name }: PhantomSource, own: PhantomTransmit, sequence: Sequence): Transmit {
  checkSize(name, own.largest, PLAUSIBLE);
  const { weights, columnOf } = shimsOf(sequence, { channels: own.channels, path: name });
  const most = Math.max(...weights.map((factors) => factors.reduce((sum, part) => sum + Math.abs(part), 0)));
  let channels: Float64Array[] = [];
  return {
    columnOf,
    layer: {
      adds: { transmits: weights.length },
      largest: { transmit: most * own.largest },
      identity: `transmit ${own.identity} ${JSON.stringify(weights.map((factors) => [...factors]))}`,
      residentBytes: 0,
      fill({ first, count }, columns) {
        if ((channels[0]?.length ?? 0) < count)
          channels = Array.from({ length: 2 * own.channels }, () => new Float64Array(count));
        own.read(first, count, channels);
        for (const [s, factors] of weights.entries())
          for (let n = 0; n < count; n++) {
            let [re, im] = [0, 0];
            for (let c = 0; c < own.channels; c++) {
              const [wr, wi] = [factors[2 * c], factors[2 * c + 1]];
              const [x, y] = [channels[2 * c][n], channels[2 * c + 1][n]];
              re += wr * x - wi * y;
              im += wr * y + wi * x;
            }
            columns[2 * s][n] = re;
            columns[2 * s + 1][n] = im;
          }
      },
    },
  };
}

/** [channels][re, im] */
type Weights = Float64Array;

/** Distinct shims of the pulses of a sequence, in the order played. */
function shimsOf(
  sequence: Sequence,
  { channels, path }: Pick<FieldMap, 'channels' | 'path'>,
): { weights: Weights[]; columnOf: Transmit['columnOf'] } {
  const weights: Weights[] = [];
  const known = new Map<string, number>();
  const ofEvent = new Map<RfShimEvent | undefined, number>();
  const add = (shim: RfShimEvent | undefined): number => {
    const factors = weightsOf(shim, channels);
    const key = factors.join(' ');
    const column = known.get(key) ?? weights.push(factors) - 1;
    known.set(key, column);
    ofEvent.set(shim, column);
    return column;
  };
  for (let n = 0; n < sequence.blockCount; n++) {
    const { rf, shim } = sequence.block(n);
    if (rf === undefined || ofEvent.has(shim)) continue;
    if (shim !== undefined && shim.magnitude.length !== channels) {
      const what = `its RF_SHIMS have ${shim.magnitude.length} channels, but ${path} has ${channels}`;
      throw badInput(`${sequence.name}: block ${n + 1}`, what, 'give a weight for each transmit channel');
    }
    add(shim);
  }
  if (weights.length === 0) add(undefined);
  return { weights, columnOf: ({ shim }) => ofEvent.get(shim) ?? 0 };
}

/** A shim of one channel is part of the pulse already (`shimmed`). */
function weightsOf(shim: RfShimEvent | undefined, channels: number): Weights {
  const weights = new Float64Array(2 * channels);
  for (let c = 0; c < channels; c++) {
    const magnitude = shim === undefined || shim.applied ? 1 : shim.magnitude[c];
    const phase = shim === undefined || shim.applied ? 0 : shim.phase[c];
    weights[2 * c] = magnitude * Math.cos(phase);
    weights[2 * c + 1] = -magnitude * Math.sin(phase);
  }
  return weights;
}

/**
 * Σ_c w_c·b_c at every voxel, a volume for each set of weights: interpolation is linear, so the
 * order does not matter.
 */
function combine(map: FieldMap, sets: readonly Weights[]): FieldMap {
  const volume = map.values.length / map.channels;
  const values = new Float64Array(sets.length * volume);
  for (const [s, weights] of sets.entries()) {
    for (let c = 0; c < map.channels; c++) {
      const [re, im] = [weights[2 * c], weights[2 * c + 1]];
      const [from, to] = [c * volume, s * volume];
      for (let n = 0; n < volume; n += 2) {
        const [x, y] = [map.values[from + n], map.values[from + n + 1]];
        values[to + n] += re * x - im * y;
        values[to + n + 1] += re * y + im * x;
      }
    }
  }
  return fieldMap({ ...map, channels: sets.length, values });
}
