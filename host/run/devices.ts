/**
 * Assignment of GPUs to ranks: the one given by --gpu, the one the scheduler bound the rank to,
 * else the rank's number on its node modulo the number of GPUs. Ranks that share a GPU get a
 * warning, because they take turns on it.
 */

import { deviceBinding } from '../base/environment.ts';
import { usage } from '../base/errors.ts';
import type { NodeContext } from '../comm/ranks.ts';

/** A GPU as an engine sees it. */
export interface Device {
  readonly name: string;
  /**
   * PCI address or UUID, if the driver reports one; otherwise the GPUs of a node are identified by
   * number.
   */
  readonly id?: string | undefined;
}

export interface DeviceChoice {
  /** Number in the list. */
  readonly index: number;
  readonly name: string;
  /** Why this one, for the summary. */
  readonly reason: string;
  /** Equal on ranks of a node that share a GPU; null where that cannot be known. */
  readonly key: string | null;
}

/**
 * @param devices that this rank sees, in the driver's order; not empty
 * @param asked `--gpu`: a number in the list, or part of a name
 * @throws LarmorError 2 if there is no such device
 */
export function chooseDevice(
  devices: readonly Device[],
  context: Pick<NodeContext, 'localRank'>,
  asked?: string,
  binding = deviceBinding(),
): DeviceChoice {
  const choice = (index: number, reason: string, known = true): DeviceChoice => ({
    index,
    name: devices[index].name,
    reason,
    key: devices[index].id ?? (known ? String(index) : null),
  });
  if (asked !== undefined) {
    const same = devices.findIndex(({ name }, n) =>
      /^\d+$/.test(asked) ? n === Number(asked) : name.toLowerCase().includes(asked.toLowerCase()),
    );
    const list = devices.map(({ name }, n) => `${n}: ${name}`).join(', ');
    if (same < 0) throw usage(`--gpu ${asked}: there is no such GPU`, `there are ${list}`);
    return choice(same, `--gpu ${asked}`);
  }
  const localRank = `rank ${context.localRank} of its node`;
  if (binding === undefined) return choice(context.localRank % devices.length, localRank);
  const bound = `${binding.variable}=${binding.devices.join(',')}`;
  // A scheduler that constrains devices shows each task its own alone, and may number it 0 for all
  // of them.
  if (devices.length === 1) return choice(0, bound, false);
  const own = binding.devices[context.localRank % binding.devices.length];
  const index = /^\d+$/.test(own) ? Number(own) : devices.findIndex(({ id }) => id === own);
  return index >= 0 && index < devices.length
    ? choice(index, bound)
    : choice(context.localRank % devices.length, `${localRank}; ${bound} names none of the GPUs here`);
}

/**
 * Warnings about GPUs that are used by several ranks.
 * @param all host and key of every rank
 */
export function sharedDevices(
  all: readonly { readonly host: string; readonly key: string | null; readonly name: string }[],
): string[] {
  const users = new Map<string, number[]>();
  all.forEach(({ host, key }, rank) => {
    if (key === null) return;
    const device = JSON.stringify([host, key]);
    users.set(device, [...(users.get(device) ?? []), rank]);
  });
  return [...users.values()]
    .filter((ranks) => ranks.length > 1)
    .map((ranks) => {
      const { host, name } = all[ranks[0]];
      return `ranks ${ranks.join(', ')} share one GPU of ${host} (${name}): start one rank per GPU, or bind them (srun --gpus-per-task=1)`;
    });
}
