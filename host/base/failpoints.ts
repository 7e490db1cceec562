/**
 * Failpoints: faults on request, so that tests can prove what the command does when something
 * breaks. Only the variable LARMOR_FAILPOINT=ACTION@LOCATION[#RANK] (see `environment.ts`) switches
 * one on; without it a location costs one comparison.
 *
 * Locations are the steps that `lifetime.enter` begins, `worker` (a simulation thread's start),
 * `write` (a write to an output), `message KIND` (a message between ranks), `verified run` and
 * `verified reference` (spins as the two sides of `--verify` read them).
 */
import { failpointSetting } from './environment.ts';

const setting = failpointSetting();
let rank = 0;

/** The rank of this process: `#RANK` restricts a failpoint to one. */
export function setFailpointRank(own: number): void {
  rank = own;
}

function strikes(location: string): boolean {
  return setting !== undefined && setting.location === location && (setting.rank ?? rank) === rank;
}

/** Whether the message or event at `location` is to be dropped. */
export function isLost(location: string): boolean {
  return strikes(location) && setting!.action === 'lose';
}

/**
 * The value to use at `location`: `value` itself, or what an active failpoint replaces it by: 0,
 * NaN or a value that exceeds every bound.
 */
export function spoiled(location: string, value: number): number {
  if (!strikes(location)) return value;
  return { lose: 0, nan: Number.NaN, overflow: 1e30 }[setting!.action as string] ?? value;
}

const SLOW_MS = 2000;

/**
 * Triggers the failpoint at `location`, if there is one. At an asynchronous location the returned
 * promise must be awaited.
 */
export function failpoint(location: string): Promise<void> | undefined {
  if (!strikes(location)) return undefined;
  switch (setting!.action) {
    case 'never':
      return new Promise(() => {});
    case 'slow':
      return new Promise((resolve) => {
        setTimeout(resolve, SLOW_MS);
      });
    case 'throw':
      throw new Error(`failpoint at '${location}'`);
    case 'full':
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    case 'exit':
      return process.exit(0);
    case 'stop':
      process.kill(process.pid, 'SIGSTOP');
      return undefined;
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      return undefined;
    default:
      return undefined;
  }
}
