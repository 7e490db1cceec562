/**
 * The time that ranks spent in each step, as a table: all ranks if they are few, else the slowest
 * and the fastest ones.
 */
import type { Summary } from './summary.ts';

/** Rows shown; of more ranks the slowest and the fastest to simulate. */
const ROWS = 8;

export function rankLines({ perRank, imbalance }: Summary): string[] {
  if (perRank.length === 1) return [];
  const bySimulate = [...perRank].sort((a, b) => b.seconds.simulate - a.seconds.simulate);
  const shown = perRank.length <= ROWS ? perRank : [...bySimulate.slice(0, ROWS / 2), ...bySimulate.slice(-ROWS / 2)];
  const hostWidth = Math.max(4, ...shown.map(({ host }) => host.length));
  const head = ['rank', 'tiles', 'load', 'simulate', 'wait', 'reduce', 'MiB'].map((name) => name.padStart(9)).join('');
  const rows = shown.map(({ rank, host, tiles, seconds, peakMemory }) => {
    const times = [seconds.load, seconds.simulate, seconds.wait, seconds.reduce].map((value) => value.toFixed(3));
    const cells = [rank, tiles, ...times, Math.round(peakMemory / 2 ** 20)];
    return `${host.padEnd(hostWidth)}${cells.map((cell) => String(cell).padStart(9)).join('')}`;
  });
  const many = perRank.length > ROWS ? `, the slowest and the fastest ${ROWS / 2} of ${perRank.length}` : '';
  return [
    `${'host'.padEnd(hostWidth)}${head}`,
    ...rows,
    `imbalance ${(100 * imbalance).toFixed(1)} % (longest simulation over the mean)${many}`,
  ];
}
