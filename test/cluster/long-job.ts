/**
 * A job of some seconds and 299 tiles (exact methods: more of both), long enough to be interrupted,
 * and what it comes to.
 */
import { rmSync } from 'node:fs';
import { simulate } from '../../testing/launch.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

export const job = ['epi', 'head3d', '--set', 'voxel=1.5e-3', '--exact', '--threads', '1', '-o', 'raw.npy'];

let known: Promise<string> | undefined;

/** Of the job when nothing happens to it. */
export function signalHash(): Promise<string> {
  known ??= (async () => {
    const cwd = temporaryFolder();
    try {
      return (await simulate([...job, '--threads', '2'], { cwd })).signalHash;
    } finally {
      rmSync(cwd, { recursive: true });
    }
  })();
  return known;
}
