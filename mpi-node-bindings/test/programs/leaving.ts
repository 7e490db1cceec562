/**
 * One rank leaves in the way that the first argument names, while the others wait for it: inside a
 * blocking call, or in the event loop with the second argument 'awaiting'. Started by
 * leaving.serial.test.ts.
 */
import { writeSync } from 'node:fs';
import { abortOnUncaught, type Communicator, load } from '../../index.ts';

const mpi = load();
const { world } = mpi;
const [way = '', waiting = 'blocking'] = process.argv.slice(2);

const LAST = world.size - 1;

const WAYS: Readonly<Record<string, (comm: Communicator) => void>> = {
  throw: () => {
    throw new Error('thrown on purpose');
  },
  reject: () => void Promise.reject(new Error('rejected on purpose')),
  exit0: () => process.exit(0),
  exit75: () => process.exit(75),
  exit256: () => process.exit(256),
  exit331: () => process.exit(256 + 75),
  kill: () => process.kill(process.pid, 'SIGKILL'),
  abort: (comm) => comm.abort(9),
  abort0: (comm) => comm.abort(0),
  custom: () => void setImmediate(() => Promise.reject('plain text')),
};

if (way !== 'custom') abortOnUncaught(world);
else abortOnUncaught(world, { code: 33, report: (error) => writeSync(2, `reported: ${String(error)}\n`) });

world.barrier();
if (way === 'all75') {
  // How a job that stops at a time limit leaves: everybody finalizes, then everybody exits with the
  // code.
  mpi.finalize();
  process.exit(75);
}
if (way === 'late') {
  mpi.finalize();
  if (world.rank === LAST) WAYS.throw!(world);
  process.exit(0);
}
if (world.rank === LAST) WAYS[way](world);
else if (waiting === 'awaiting') await world.ibarrier().wait();
else world.barrier();
// The one that leaves may only do so when the event loop turns; it must not reach the end of the
// program before.
await new Promise((resolve) => setTimeout(resolve, 10_000));
