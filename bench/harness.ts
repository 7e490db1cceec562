/**
 * What every benchmark shares: contestants run in turns (A B A B …), so that whatever else the
 * machine does meets all of them alike; a ratio is the median over the rounds of what two of them
 * took in the same round, its spread the middle half of those ratios over the median. Seconds are
 * processor time unless a row says otherwise.
 */

export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is compared with; null where it stands alone. */
  readonly against: string | null;
  /** How many times as fast as that. */
  readonly ratio: number | null;
  /**
   * Half-width of the middle half of the ratios (without a ratio: of the times), relative to their
   * median.
   */
  readonly spread: number | null;
  /** ‖s − s64‖ / ‖s64‖ of what `name` computed; null where nothing is computed. */
  readonly error: number | null;
  /** Why there is no figure. */
  readonly note?: string;
}

export interface Contestant {
  readonly name: string;
  /** Does the work once. @returns seconds it took */
  run(): number | Promise<number>;
}

export interface Times {
  readonly name: string;
  /** [rounds] s */
  readonly seconds: readonly number[];
}

/** One warm round that does not count, then `rounds` that do. */
export async function inTurns(contestants: readonly Contestant[], rounds: number): Promise<Times[]> {
  const times = contestants.map(({ name }) => ({ name, seconds: [] as number[] }));
  for (let round = -1; round < rounds; round++) {
    for (const [n, contestant] of contestants.entries()) {
      const seconds = await contestant.run();
      if (round >= 0) times[n].seconds.push(seconds);
    }
  }
  return times;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Linear between order statistics. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}

/** Half-width of the middle half, relative to the median. */
export function spreadOf(values: readonly number[]): number {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / median(values);
}

/** How many times as fast `ours` was as `theirs`, round by round. */
export function ratioOf(ours: Times, theirs: Times): { ratio: number; spread: number } {
  const ratios = ours.seconds.map((seconds, round) => theirs.seconds[round] / seconds);
  return { ratio: median(ratios), spread: spreadOf(ratios) };
}

/** A contestant in this process, by the processor time of its threads. */
export function inProcess(name: string, work: () => unknown): Contestant {
  return {
    name,
    async run() {
      const begun = process.cpuUsage();
      await work();
      const { user, system } = process.cpuUsage(begun);
      return (user + system) / 1e6;
    },
  };
}

/** A row for what could not be measured, so that its absence shows. */
export function missing(name: string, note: string): Row {
  return { name, value: Number.NaN, unit: '', against: null, ratio: null, spread: null, error: null, note };
}
