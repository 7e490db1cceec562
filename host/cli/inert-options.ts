/**
 * Options and scanner keys that have no effect without another option: a sentence for each one
 * given.
 */
import type { Receive } from '../sequence/scanner-types.ts';

/** Options that may have no effect; undefined: not given. */
export interface Given {
  readonly noise?: object;
  readonly snr?: number;
  readonly seed?: number;
  readonly checkpoint?: string;
  readonly checkpointInterval?: number;
  readonly startTime?: number;
}

/**
 * @param coils the option or file that names the receive coils
 * @param timed whether spins move or blocks wait for R peaks
 */
export function inertOptions(given: Given, coils: string, receive: Receive | undefined, timed: boolean): string[] {
  const noisy = given.noise !== undefined || given.snr !== undefined;
  const without = 'has no effect without --noise or --snr';
  return [
    ...(given.seed !== undefined && !noisy ? [`--seed ${without}`] : []),
    ...(receive?.noiseCovariance !== undefined && !noisy ? [`${coils}: receive.noiseCovariance ${without}`] : []),
    ...(given.checkpointInterval !== undefined && given.checkpoint === undefined
      ? ['--checkpoint-interval has no effect without --checkpoint']
      : []),
    ...(given.startTime && !timed ? ['--start-time has no effect on spins at rest without a heart signal'] : []),
  ];
}
