/**
 * Wrong command lines: errors of commander are reported as errors of Larmor, once. Under a launcher
 * the ranks agree on such an error as on any other: usually all have the same one, sometimes only
 * one rank that was started with another command.
 */
import { CommanderError } from 'commander';
import { DEFAULT_WATCHDOG } from '../api/defaults.ts';
import { type LarmorError, usage } from '../base/errors.ts';

/**
 * An error of commander as a LarmorError; undefined if `error` is not an error but a requested help
 * text or version.
 */
export function usageError(error: unknown): LarmorError | undefined {
  if (!(error instanceof CommanderError) || !error.message.startsWith('error: ')) return undefined;
  const what = error.message.slice('error: '.length).replaceAll('\n', ' ').replace(/\.$/, '');
  return usage(what, 'larmor --help lists what there is');
}

/** Collective. @throws CollectiveError, or `error` itself if the ranks cannot join */
export async function agreeOn(error: LarmorError): Promise<never> {
  const [{ agree }, { joinCluster }] = await Promise.all([import('../comm/agree.ts'), import('../comm/ranks.ts')]);
  const cluster = await joinCluster(DEFAULT_WATCHDOG).catch(() => {
    throw error;
  });
  const fail = (): never => {
    throw error;
  };
  return agree(cluster, 'command line', fail, fail).catch((agreed: unknown) => cluster.exitWith(agreed));
}
