/**
 * Heart signals, and blocks that wait for them. A block with an input trigger waits, from its start
 * plus the trigger's delay, for the next R peak; it becomes longer by this time, and the trigger's
 * own duration follows the peak. Waits of earlier blocks shift later ones.
 */
import { badInput } from '../base/errors.ts';
import { readInput } from '../base/files.ts';
import { type JsonReader, list, number, readJson, record } from '../base/json.ts';
import { type Hertz, SAME_TIME, type Seconds } from '../base/units.ts';
import type { Block, Sequence } from './types.ts';

export interface HeartSignal {
  /** Name for messages. */
  readonly name: string;
  /**
   * First R peak at or after a time since the start of the sequence; undefined when there is none
   * left.
   */
  peakFrom(time: Seconds): Seconds | undefined;
  /** Last R peak at or before a time; undefined before the first one. */
  peakBefore(time: Seconds): Seconds | undefined;
}

/** Peaks at `first` + n/rate for all n, before `first` too. */
export function regularHeart(rate: Hertz, first: Seconds = 0): HeartSignal {
  const at = (n: number): Seconds => first + n / rate;
  return {
    name: `heart rate ${rate} Hz`,
    peakFrom: (time) => at(Math.ceil((time - SAME_TIME - first) * rate)),
    peakBefore: (time) => at(Math.floor((time + SAME_TIME - first) * rate)),
  };
}

/** The same signal in the time since `start`. */
export function heartSince({ name, peakFrom, peakBefore }: HeartSignal, start: Seconds): HeartSignal {
  const since = (peak: Seconds | undefined): Seconds | undefined => (peak === undefined ? undefined : peak - start);
  return {
    name,
    peakFrom: (time) => since(peakFrom(time + start)),
    peakBefore: (time) => since(peakBefore(time + start)),
  };
}

/** @param peaks in increasing order */
function heartOf(name: string, peaks: readonly Seconds[]): HeartSignal {
  return {
    name,
    peakFrom: (time) => peaks.find((peak) => peak >= time - SAME_TIME),
    peakBefore: (time) => peaks.findLast((peak) => peak <= time + SAME_TIME),
  };
}

const EXAMPLE = '{"peaks": [0.1, 0.95, 1.82]}';
/** A scan of a day, and beats of mice to those of a whale. */
const time = number('seconds', -86_400, 86_400);
const LONGEST_INTERVAL: Seconds = 60;
const interval = number('seconds', 0.02, LONGEST_INTERVAL);
const rate = number('Hz', 1 / 60, 50);

/**
 * Reads R peaks: `{"peaks": [...]}`, `{"first": 0.1, "intervals": [...]}` or `{"rate": 1.2,
 * "first": 0.1}` in a .json file, else times in seconds, one a line.
 * @throws LarmorError 66 if the file cannot be read, 65 if it is wrong
 */
export function readHeart(path: string): HeartSignal {
  if (!path.toLowerCase().endsWith('.json')) return heartOf(path, increasing(path, linesOf(path)));
  return readJson(path, EXAMPLE, (value, place) => {
    const has = (key: string): boolean => Object.hasOwn(value as object, key);
    const read = <T>(reader: JsonReader<T>): T => reader(value, place);
    if (has('rate')) {
      const found = read(record({ rate }, { first: time }));
      return regularHeart(found.rate, found.first);
    }
    if (has('intervals')) {
      const found = read(record({ first: time, intervals: list(interval, 'RR intervals in seconds') }, {}));
      let peak = found.first;
      return heartOf(path, [peak, ...found.intervals.map((length) => (peak += length))]);
    }
    if (!has('peaks'))
      throw badInput(path, "has none of 'peaks', 'intervals' and 'rate'", `give one such as ${EXAMPLE}`);
    return heartOf(path, increasing(path, read(record({ peaks: list(time, 'times in seconds') }, {})).peaks));
  });
}

function linesOf(path: string): number[] {
  const lines = readInput(path).toString('utf8').split(/\r?\n/);
  const peaks = lines.flatMap((line, n) => {
    const text = line.replace(/#.*/, '').trim();
    if (text === '') return [];
    const peak = Number(text);
    if (!Number.isFinite(peak))
      throw badInput(`${path}:${n + 1}`, `'${text}' is not a time`, 'give seconds, one R peak per line');
    return peak;
  });
  if (peaks.length === 0) throw badInput(path, 'holds no R peak', 'give times in seconds, one per line');
  return peaks;
}

function increasing(path: string, peaks: readonly number[]): readonly number[] {
  const n = peaks.findIndex((peak, at) => at > 0 && peak <= peaks[at - 1]);
  if (n < 0) {
    const shortest = peaks.reduce(
      (least, peak, at) => (at === 0 ? least : Math.min(least, peak - peaks[at - 1])),
      Number.POSITIVE_INFINITY,
    );
    if (peaks.length > 1 && shortest > LONGEST_INTERVAL)
      throw badInput(
        path,
        `no two R peaks are closer than ${shortest} s`,
        'give times in seconds, not in milliseconds',
      );
    return peaks;
  }
  throw badInput(
    path,
    `peak ${n + 1} at ${peaks[n]} s is not after that at ${peaks[n - 1]} s`,
    'give increasing times',
  );
}

/**
 * The same sequence with the waiting times included.
 * @throws LarmorError 65 for a trigger that cannot wait, or for which there is no R peak
 */
export function waitForPeaks(sequence: Sequence, heart: HeartSignal): Sequence {
  const waited = new Map<number, Block>();
  let [start, channel] = [0, -1];
  for (let n = 0; n < sequence.blockCount; n++) {
    const block = sequence.block(n);
    const input = block.triggers?.find(({ type }) => type === 'input');
    if (input !== undefined) {
      const place = `${sequence.name}: block ${n + 1}`;
      if (block.rf || block.gx || block.gy || block.gz || block.adc)
        throw badInput(place, 'has an input trigger beside a pulse, gradient or readout', 'give it a block of its own');
      if (
        block.triggers!.filter(({ type }) => type === 'input').length > 1 ||
        (channel >= 0 && input.channel !== channel)
      )
        throw badInput(
          place,
          'input triggers of two channels',
          'there is one heart signal: give all of them the same channel',
        );
      channel = input.channel;
      const peak = heart.peakFrom(start + input.delay);
      if (peak === undefined) {
        const what = `waits for an R peak from ${Number((start + input.delay).toPrecision(6))} s on, but ${heart.name} has none left`;
        throw badInput(place, what, 'give more peaks, or a rate');
      }
      const wait = Math.max(0, peak - (start + input.delay));
      const later = { ...input, delay: input.delay + wait };
      const triggers = block.triggers!.map((trigger) => (trigger === input ? later : trigger));
      waited.set(n, { ...block, duration: block.duration + wait, triggers });
    }
    start += waited.get(n)?.duration ?? block.duration;
  }
  return { ...sequence, heart, duration: start, block: (n) => waited.get(n) ?? sequence.block(n) };
}
