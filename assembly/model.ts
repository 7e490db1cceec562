/**
 * Spins with a model, beyond static spins in one coil: phase terms κ·q, a complex weight of B1 and
 * of each coil, paths of nodes, and resets. All ops of programs with a model are here; each
 * computes a spin's phase from its columns in f64, and is exact for any model. Products of matrices
 * are for columns that stay the same from pulse to pulse.
 */
import { KernelContext, OP, Op, Precession, recordAt, Sense, Slot } from './abi';
import { excite } from './excitation';
import { sumLine } from './line';
import { sampleLineStarts } from './line-starts';
import { cacheLookUp, lookUp } from './look-up';
import { sumBatch } from './matrix';
import { readModel } from './model-readout';
import { applyOperator } from './operators';
import { PRECESSION_BYTES, precess } from './precession';
import { Modelled, Tile } from './scratch';
import { loadColumn, loadT, partialSums, storeT } from './simd';
import { SLIDING } from './tile';

/** @returns false if the partial signal is not finite, or larger than densities and coils allow */
export function runModel<T>(job: KernelContext, slot: Slot, tile: Tile, sums: usize): bool {
  const first = job.ops + <usize>slot.firstOp * offsetof<Op>();
  const end = first + <usize>slot.opCount * offsetof<Op>();
  let finite = true;
  for (let at = first; at < end; at += offsetof<Op>()) {
    const op = changetype<Op>(at);
    const kind = op.kind, index = op.index;
    if (kind == OP.PRECESS) precess<T, Modelled>(tile, changetype<Precession>(precessionAt(job, index)));
    else if (kind == OP.EXCITE) excite<T, Modelled>(job, tile, index);
    else if (kind == OP.READOUT) finite = readModel<T>(job, tile, index, sums) && finite;
    else if (sizeof<T>() == 4 && kind == OP.SAMPLE_LINE_STARTS) sampleLineStarts<Modelled>(job, tile, index);
    else if (sizeof<T>() == 4 && kind == OP.SUM_BATCH) finite = sumBatch<Modelled>(job, tile, index, sums) && finite;
    else if (sizeof<T>() == 4 && kind == OP.LINE) finite = sumLine<Modelled>(job, tile, index, sums) && finite;
    else if (sizeof<T>() == 4 && kind == OP.LOOK_UP) lookUp(job, tile, index);
    else if (sizeof<T>() == 4 && kind == OP.CACHE_LOOK_UP) cacheLookUp(job, tile, index);
    else if (sizeof<T>() == 4 && kind == OP.APPLY_OPERATOR) applyOperator(job, tile, index);
    else if (kind == OP.SLIDE) slide(job, tile, job.phaseTerms - SLIDING, SLIDING, tile.nodes, 3 * index);
    else if (kind == OP.FIELD)
      slide(job, tile, fieldTerm(job), 2 * job.fieldWidth, tile.fields, job.fieldWidth * index);
    else if (kind == OP.SENSE) {
      const sense = recordAt<Sense>(job.senses, index);
      const before = <usize>job.transmits + <usize>sense.set * <usize>job.coils;
      tile.sense = changetype<usize>(sense);
      tile.coils = tile.transmits + 2 * before * (<usize>job.capacity << 2);
    }
    else if (kind == OP.HOLD) reset<T>(job, slot, tile, index, false);
    else if (kind == OP.RELEASE) reset<T>(job, slot, tile, index, true);
  }
  return finite;
}

/** Precession `index` and its phase terms. */
// @ts-ignore: decorator
@inline export function precessionAt(job: KernelContext, index: i32): usize {
  return job.precessions + <usize>index * (PRECESSION_BYTES + (<usize>job.phaseTerms << 3));
}

/** The first term whose column is a value of a field. */
function fieldTerm(job: KernelContext): i32 {
  return job.phaseTerms - (job.nodes == 0 ? 0 : SLIDING) - 2 * job.fieldWidth;
}

/** From here on terms `term`, … are columns `from`, … of `columns`: the values at two nodes. */
function slide(job: KernelContext, tile: Tile, term: i32, count: i32, columns: usize, from: i32): void {
  const column = <usize>job.capacity << 2;
  const to = tile.termColumns + (<usize>term << 2);
  for (let n = 0; n < count; n++) store<usize>(to + (<usize>n << 2), columns + <usize>(from + n) * column);
}

/**
 * Spins that are reset at a node lose their magnetisation and their equilibrium value; when
 * released, they are at equilibrium.
 */
function reset<T>(job: KernelContext, slot: Slot, tile: Tile, node: i32, released: bool): void {
  const column = <usize>job.capacity << 2;
  const flags = tile.resets + <usize>node * column;
  const given = slot.spins + 3 * column;
  for (let n = 0; n < tile.count; n += 4) {
    const kept = v128.eq<f32>(loadT<f32>(flags, n), f32x4.splat(0));
    const density = v128.and(loadT<f32>(tile.density, n), kept);
    storeT<f32>(tile.density, n, released ? v128.or(density, v128.andnot(loadT<f32>(given, n), kept)) : density);
  }
  for (let n = 0; n < tile.count; n += partialSums<T>()) {
    const kept = v128.eq<T>(loadColumn<T>(flags, n), v128.splat<T>(0));
    storeT<T>(tile.mx, n, v128.and(loadT<T>(tile.mx, n), kept));
    storeT<T>(tile.my, n, v128.and(loadT<T>(tile.my, n), kept));
    const mz = v128.and(loadT<T>(tile.mz, n), kept);
    storeT<T>(tile.mz, n, released ? v128.or(mz, v128.andnot(loadColumn<T>(tile.density, n), kept)) : mz);
  }
}
