/** A scan of the playground as a command: it has the same signal, bit for bit. */
import type { Scan } from './messages.ts';

export function commandOf({ sequence, phantom, sequenceParameters, phantomParameters, spinsPerVoxel }: Scan): string {
  const settings = (owner: string, of: Scan['sequenceParameters']): string[] =>
    Object.entries(of).map(([name, value]) => `--set ${owner}.${name}=${value}`);
  return [
    `larmor simulate ${sequence} ${phantom}`,
    ...settings('sequence', sequenceParameters),
    ...settings('phantom', phantomParameters),
    ...(spinsPerVoxel === undefined ? [] : [`--spins-per-voxel ${spinsPerVoxel}`]),
    '-o raw.mrd',
  ].join(' ');
}
