/** One tile through the whole timeline: spins are loaded once, every op passes over the tile, its signal goes to the sums. */
import { Job, OP, Op, Precession, recordAt, Slot } from './abi';
import { sumCurve } from './curve';
import { excite } from './excitation';
import { flush } from './matrix';
import { keepOperators, play } from './operators';
import { keepMoments, precess, turn } from './precession';
import { read } from './readout';
import { carry, record } from './records';
import { beginSums } from './sums';
import { loadTile } from './tile';
import { sumTrain } from './train';

/** @returns false if the partial signal is not finite, or larger than the densities allow */
export function simulateTile<T>(job: Job, slot: Slot, scratch: usize, sums: usize): bool {
  const tile = loadTile<T>(job, slot, scratch);
  beginSums(job, slot.count);
  if (sizeof<T>() == 4) {
    keepOperators(job, tile);
    keepMoments(job, tile);
  }
  const end = job.ops + <usize>job.opCount * offsetof<Op>();
  let finite = true;
  for (let at = job.ops; at < end; at += offsetof<Op>()) {
    const op = changetype<Op>(at);
    const kind = op.kind, index = op.index;
    if (kind == OP.PRECESS) precess<T>(tile, recordAt<Precession>(job.moments, index));
    else if (kind == OP.EXCITE) excite<T>(job, tile, index);
    else if (kind == OP.READ) finite = read<T>(job, tile, index, sums) && finite;
    else if (sizeof<T>() == 4 && kind == OP.RECORD) record(job, tile, index);
    else if (sizeof<T>() == 4 && kind == OP.CARRY) carry(job, tile, index);
    else if (sizeof<T>() == 4 && kind == OP.FLUSH) finite = flush(job, tile, index, sums) && finite;
    else if (sizeof<T>() == 4 && kind == OP.TURN) turn(job, tile, index);
    else if (sizeof<T>() == 4 && kind == OP.PLAY) play(job, tile, index);
    else if (sizeof<T>() == 4 && kind == OP.TRAIN) finite = sumTrain(job, tile, index, sums) && finite;
    else if (sizeof<T>() == 4 && kind == OP.CURVE) finite = sumCurve(job, tile, index, sums) && finite;
  }
  return finite;
}
