/**
 * Makes a tile from the spins of a slot, at thermal equilibrium or with the slot's magnetisation:
 * rates instead of times, off-resonance in hertz at the scanner's field.
 */
import { KernelContext, PANEL, Slot } from './abi';
import { hasColumns, layOutTile, Tile } from './scratch';
import { partialSums, loadColumn, splat, storeT } from './simd';

export const T1: usize = 4, T2: usize = 5;
/** Columns of one spin block, in the order of `SpinBlock`. */
const X: usize = 0, Y: usize = 1, Z: usize = 2, DENSITY: usize = 3, OFF_RESONANCE: usize = 7, COLUMNS: usize = 8;

/** Terms whose columns are displacements of two nodes of a path: the last ones. */
export const SLIDING: i32 = 6;

export function loadTile<T>(job: KernelContext, slot: Slot, scratch: usize): Tile {
  const tile = changetype<Tile>(scratch);
  const capacity = <usize>job.capacity;
  const input = slot.spins;
  tile.x = input + X * 4 * capacity;
  tile.y = input + Y * 4 * capacity;
  tile.z = input + Z * 4 * capacity;
  tile.density = input + DENSITY * 4 * capacity;
  layOutTile(job, tile, scratch);
  tile.placed = 0;
  tile.count = (slot.count + PANEL - 1) & ~(PANEL - 1);

  const one = splat<T>(1);
  const zero = splat<T>(0);
  for (let n = 0; n < tile.count; n += partialSums<T>()) {
    storeT<T>(tile.R1, n, v128.div<T>(one, loadColumn<T>(input + T1 * 4 * capacity, n)));
    storeT<T>(tile.R2, n, v128.div<T>(one, loadColumn<T>(input + T2 * 4 * capacity, n)));
    storeT<T>(tile.mx, n, zero);
    storeT<T>(tile.my, n, zero);
    storeT<T>(tile.mz, n, loadColumn<T>(tile.density, n));
  }
  if (slot.initial != 0) readMagnetization<T>(tile, slot);
  const offResonanceHz = splat<f64>(slot.fieldRatio / (2 * Math.PI));
  for (let n = 0; n < tile.count; n += partialSums<f64>()) {
    const rate = loadColumn<f64>(input + OFF_RESONANCE * 4 * capacity, n);
    storeT<f64>(tile.offResonanceHz, n, v128.mul<f64>(rate, offResonanceHz));
  }
  if (hasColumns(job)) placeModel<T>(job, tile, input);
  return tile;
}

/** Addresses of a model's columns. */
function placeModel<T>(job: KernelContext, tile: Tile, input: usize): void {
  const column: usize = <usize>job.capacity << 2;
  const sliding = job.nodes == 0 ? 0 : SLIDING;
  const fields = 2 * job.fieldWidth;
  const terms = job.phaseTerms - sliding - fields;
  tile.phaseTerms = job.phaseTerms;
  tile.sense = 0;
  tile.transmits = input + (COLUMNS + <usize>terms) * column;
  tile.coils = tile.transmits + 2 * <usize>job.transmits * column;
  tile.nodes = tile.coils + 2 * <usize>job.coils * <usize>job.coilSets * column;
  tile.resets = tile.nodes + 3 * <usize>job.nodes * column;
  tile.fields = tile.resets + <usize>job.nodes * column;
  for (let n = 0; n < terms; n++)
    store<usize>(tile.termColumns + (<usize>n << 2), input + (COLUMNS + <usize>n) * column);
  for (let n = 0; n < fields; n++)
    store<usize>(tile.termColumns + (<usize>(terms + n) << 2), tile.fields + <usize>n * column);
  for (let n = 0; n < sliding; n++)
    store<usize>(tile.termColumns + (<usize>(terms + fields + n) << 2), tile.nodes + <usize>n * column);
  if (sliding == 0) return;
  memory.copy(tile.densities, tile.density, <usize>tile.count << 2);
  tile.density = tile.densities;
}

/** Reads the magnetisation that the tile's spins start from, [count][x, y, z] f64. */
function readMagnetization<T>(tile: Tile, slot: Slot): void {
  let from = slot.initial;
  for (let n: usize = 0; n < <usize>slot.count; n++) {
    store<T>(tile.mx + n * sizeof<T>(), <T>load<f64>(from));
    store<T>(tile.my + n * sizeof<T>(), <T>load<f64>(from, 8));
    store<T>(tile.mz + n * sizeof<T>(), <T>load<f64>(from, 16));
    from += 24;
  }
}

/** The magnetisation of the tile's spins, [count][x, y, z] f64. */
export function writeMagnetization<T>(tile: Tile, slot: Slot): void {
  let to = slot.magnetization;
  for (let n: usize = 0; n < <usize>slot.count; n++) {
    store<f64>(to, <f64>load<T>(tile.mx + n * sizeof<T>()));
    store<f64>(to, <f64>load<T>(tile.my + n * sizeof<T>()), 8);
    store<f64>(to, <f64>load<T>(tile.mz + n * sizeof<T>()), 16);
    to += 24;
  }
}
