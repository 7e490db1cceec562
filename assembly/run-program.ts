/**
 * Runs the whole program on one tile of static spins, in one coil or several: every op passes over
 * the tile, and its signal is added to the sums.
 */
import { KernelContext, OP, Op, Precession, recordAt, Slot } from './abi';
import { sumNufft2d3 } from './nufft2d3';
import { excite } from './excitation';
import { sumBatch } from './matrix';
import { buildOperatorCache, applyOperator } from './operators';
import { cachePrecessions, precess, precessCached } from './precession';
import { sumLine } from './line';
import { readModel } from './model-readout';
import { read } from './readout';
import { recurLine, sampleLineStarts } from './line-starts';
import { Plain, Tile } from './scratch';
import { sumNufft2d1 } from './nufft2d1';
import { sumNufft2d1Coils } from './nufft2d1-coils';

/** @returns false if the partial signal is not finite, or larger than the densities allow */
export function runProgram<T>(job: KernelContext, slot: Slot, tile: Tile, sums: usize): bool {
  if (sizeof<T>() == 4) {
    buildOperatorCache(job, tile);
    cachePrecessions(job, tile);
  }
  const first = job.ops + <usize>slot.firstOp * offsetof<Op>();
  const end = first + <usize>slot.opCount * offsetof<Op>();
  let finite = true;
  for (let at = first; at < end; at += offsetof<Op>()) {
    const op = changetype<Op>(at);
    const kind = op.kind, index = op.index;
    if (kind == OP.PRECESS) precess<T, Plain>(tile, recordAt<Precession>(job.precessions, index));
    else if (kind == OP.EXCITE) excite<T, Plain>(job, tile, index);
    else if (kind == OP.READOUT)
      finite = (job.coils == 0 ? read<T>(job, tile, index, sums) : readModel<T>(job, tile, index, sums)) && finite;
    else if (sizeof<T>() == 4 && kind == OP.SAMPLE_LINE_STARTS) sampleLineStarts<Plain>(job, tile, index);
    else if (sizeof<T>() == 4 && kind == OP.LINE_RECURRENCE) recurLine(job, tile, index);
    else if (sizeof<T>() == 4 && kind == OP.SUM_BATCH) finite = sumBatch<Plain>(job, tile, index, sums) && finite;
    else if (sizeof<T>() == 4 && kind == OP.PRECESS_CACHED) precessCached(job, tile, index);
    else if (sizeof<T>() == 4 && kind == OP.APPLY_OPERATOR) applyOperator(job, tile, index);
    else if (sizeof<T>() == 4 && kind == OP.LINE) finite = sumLine<Plain>(job, tile, index, sums) && finite;
    else if (sizeof<T>() == 4 && kind == OP.NUFFT2D1)
      finite = (job.coils == 0 ? sumNufft2d1(job, tile, index, sums) : sumNufft2d1Coils(job, tile, index, sums))
        && finite;
    else if (sizeof<T>() == 4 && kind == OP.NUFFT2D3) finite = sumNufft2d3(job, tile, index, sums) && finite;
  }
  return finite;
}
