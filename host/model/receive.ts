/**
 * Receive coils as a layer: the complex sensitivity of each coil at each spin, from loops, an array
 * of loops, or maps.
 */
import { createHash } from 'node:crypto';
import {
  cylinderArray,
  isNearWire,
  keepsClear,
  type Loop,
  loopBound,
  loopSensitivity,
  onWire,
  WIRE,
  wireClearance,
} from '../fields/loops.ts';
import type { PhantomBounds, PhantomSource } from '../phantom/types.ts';
import type { CoilArray, Sensitivities } from '../sequence/scanner-types.ts';
import { type Layer, placeOf, type Spins, unlessEmpty } from './layer.ts';
import { checkSize, largestModulus, mapLayer, openMap } from './maps.ts';

/** Sensitivities are relative to about 1, or of the order of 1e-6 T/A. */
const PLAUSIBLE = { most: 10, never: 1e12, unit: 'sensitivities of coils are about 1, or in T/A' } as const;

/**
 * @param file that names the coils, for messages
 * @param phantom at rest, to which an array without a declared size is fitted
 */
export async function receiveLayer(file: string, receive: Sensitivities, phantom: PhantomSource): Promise<Layer> {
  if ('coils' in receive) return loopLayer(file, receive.coils, phantom);
  if ('array' in receive) return loopLayer(file, arrayLoops(receive.array, phantom.bounds), phantom);
  const map = await openMap(receive);
  const largest = largestModulus(map);
  checkSize(map.path, largest, PLAUSIBLE);
  return {
    adds: { coils: map.channels },
    largest: { coil: largest },
    identity: `coils ${map.identity}`,
    ...mapLayer(map),
  };
}

function loopLayer(file: string, loops: readonly Loop[], { bounds, spinCount }: PhantomSource): Layer {
  const clearance = Math.max(WIRE, Math.min(WIDEST_GAP, spacingOf(bounds, spinCount)));
  const wire = (spins: Spins, coil: number, n: number): void =>
    unlessEmpty(spins, n, () => onWire(file, coil, spins.nameOf(n), placeOf(spins.block, n)));
  return {
    adds: { coils: loops.length },
    largest: { coil: Math.max(...loops.map((loop) => loopBound(loop, bounds))) },
    identity: `coils ${createHash('sha256').update(JSON.stringify(loops)).digest('hex')}`,
    residentBytes: 0,
    fitsBox: (box) => loops.every((loop) => keepsClear(loop, box, clearance)),
    check(spins) {
      const { x, y, z } = spins.block;
      for (const [coil, loop] of loops.entries())
        for (let n = 0; n < spins.count; n++) if (isNearWire(loop, [x[n], y[n], z[n]], clearance)) wire(spins, coil, n);
    },
    // Spins nearer to the middle of a wire than its surface are refused.
    clearance: (box) => loops.reduce((least, loop) => Math.min(least, wireClearance(loop, box)), Infinity),
    fill(spins, columns) {
      for (const [coil, loop] of loops.entries()) {
        const [re, im] = [columns[2 * coil], columns[2 * coil + 1]];
        loopSensitivity(loop, spins.block, spins.count, re, im, (n) => wire(spins, coil, n));
      }
    },
  };
}

/**
 * Distance between spins [m] beyond which a wire may pass between them: the phantom is then not a
 * body but a set of points.
 */
const WIDEST_GAP = 5e-3;
/** A phantom thinner than this is a plane [m]. */
const THINNEST = 5e-3;

/**
 * Approximate distance between spins that fill the phantom's box evenly: a wire within the box is
 * closer than that to a spin.
 */
function spacingOf({ min, max }: PhantomBounds, spins: number): number {
  const sides = ([0, 1, 2] as const).map((axis) => max[axis] - min[axis]).filter((side) => side > THINNEST);
  return sides.length === 0 ? 0 : (sides.reduce((volume, side) => volume * side, 1) / spins) ** (1 / sides.length);
}

/** Distance that an array without a stated size keeps from the corners of the phantom's box [m]. */
const GAP = 0.01;
/** An array is this much longer than wide, at least [length over radius]. */
const SHORTEST = 1.5;

/** The loops of an array about the z axis, fitted to the phantom where no size is stated. */
function arrayLoops({ coils, radius, length }: CoilArray, { min, max }: PhantomBounds): Loop[] {
  const reach = ([0, 1, 2] as const).map((axis) => Math.max(Math.abs(min[axis]), Math.abs(max[axis])));
  const wide = radius ?? Math.hypot(reach[0], reach[1]) + GAP;
  return cylinderArray(coils, wide, length ?? Math.max(2 * reach[2], SHORTEST * wide));
}
