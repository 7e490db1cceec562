/** One tile through the whole timeline: spins are loaded once, every op passes over the tile, its signal goes to the sums. */
import { excite } from './excitation';
import { Job, Slot } from './layout';
import { precess } from './precession';
import { read } from './readout';
import { loadTile } from './tile';

/** Kinds of op, as `host/timeline/types.ts` numbers them. */
const PRECESS: i32 = 0;
const EXCITE: i32 = 1;

/** @returns false if the partial signal is not finite */
export function simulateTile<T>(job: Job, slot: Slot, scratch: usize, sums: usize): bool {
  const tile = loadTile<T>(job, slot, scratch);
  const end = job.ops + (<usize>job.opCount << 3);
  let finite = true;
  for (let op = job.ops; op < end; op += 8) {
    const kind = load<i32>(op);
    const index = load<i32>(op, 4);
    if (kind == PRECESS) precess<T>(tile, job.segments + (<usize>index << 5));
    else if (kind == EXCITE) excite<T>(job, tile, index);
    else finite = read<T>(job, tile, index, sums) && finite;
  }
  return finite;
}
