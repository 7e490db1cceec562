/**
 * Many ranks in one process: channels over a network made of arrays, so that what travels between
 * 64 or 1 000 ranks is tested without MPI, in a fraction of a second.
 */
import { type Channel, openChannel } from '../../host/comm/channel.ts';

/** One rank, as much of it as an agreement needs. */
export interface Member {
  readonly rank: number;
  readonly size: number;
  readonly hosts: readonly string[];
  readonly channel: Channel;
}

/**
 * @param onMessage sees every message
 * @param limit of the watchdog [s]: a twentieth of it is the time between heartbeats
 */
export function networkOf(
  size: number,
  onMessage: (text: string) => void = () => {},
  limit = 600,
): { readonly members: readonly Member[]; undelivered(): number; close(): Promise<unknown> } {
  const queues = Array.from({ length: size }, (): { source: number; data: Uint8Array }[] => []);
  const hosts = queues.map((_, rank) => `node${rank >> 4}`);
  const sent = { test: () => true, wait: () => Promise.resolve(), cancel: () => {}, status: undefined };
  const watch = { limit, progress: () => 0, onSilence: () => {}, onDeadlock: () => {} };
  const members = queues.map((queue, rank) => {
    const comm = {
      ...{ rank, size },
      isend(data: Uint8Array, to: number) {
        onMessage(new TextDecoder().decode(data));
        queues[to].push({ source: rank, data });
        return sent;
      },
      iprobe: () => queue[0] && { source: queue[0].source, tag: 0, count: queue[0].data.length },
      recv(into: Uint8Array) {
        const { source, data } = queue.shift()!;
        into.set(data);
        return { source, tag: 0, count: data.length };
      },
    } as unknown as Parameters<typeof openChannel>[0];
    return { rank, size, hosts, channel: openChannel(comm, watch) };
  });
  return {
    members,
    undelivered: () => queues.flat().length,
    close: () => Promise.all(members.map(({ channel }) => channel.close())),
  };
}
