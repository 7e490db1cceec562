/**
 * Wrong command lines: errors of commander are reported as errors of Larmor, once. Under a launcher
 * the ranks agree on it as on any other error: usually all have the same error, sometimes only one
 * that was started with another command.
 */
import { CommanderError } from 'commander';
import { DEFAULT_WATCHDOG } from '../api/defaults.ts';
import { type LarmorError, usage } from '../base/errors.ts';
import { agree } from '../comm/agree.ts';
import { joinCluster } from '../comm/ranks.ts';

/**
 * `error` of a command line as a line of ours; undefined if it is none, but a help text or a
 * version that was asked for.
 */
export function usageError(error: unknown): LarmorError | undefined {
  if (!(error instanceof CommanderError) || !error.message.startsWith('error: ')) return undefined;
  const what = error.message.slice('error: '.length).replaceAll('\n', ' ').replace(/\.$/, '');
  return usage(what, 'larmor --help lists what there is');
}

/** Collective. @throws CollectiveError, or `error` itself if the ranks cannot join */
export async function agreeOn(error: LarmorError): Promise<never> {
  const cluster = await joinCluster(DEFAULT_WATCHDOG).catch(() => {
    throw error;
  });
  const fail = (): never => {
    throw error;
  };
  return agree(cluster, 'command line', fail, fail).catch((agreed: unknown) => cluster.exitWith(agreed));
}
