/** Readouts, labels, blocks of events, and sequences of blocks. */
import type { Radians, Seconds } from '../../base/units.ts';
import type { AdcEvent, Block, GradientEvent, LabelEvent, RfEvent, Sequence } from '../types.ts';

export function adc(samples: number, dwell: Seconds, delay: Seconds, phaseOffset: Radians = 0): AdcEvent {
  return { kind: 'adc', delay, samples, dwell, frequencyOffset: 0, phaseOffset, frequencyPpm: 0, phasePpm: 0 };
}

export function setLabel(label: string, value: number): LabelEvent {
  return { label, mode: 'set', value };
}

export function incrementLabel(label: string, value: number): LabelEvent {
  return { label, mode: 'inc', value };
}

/** End of an event, seconds from the block's start, without the dead time that follows. */
export function eventEnd(event: RfEvent | GradientEvent | AdcEvent): Seconds {
  switch (event.kind) {
    case 'adc':
      return event.delay + event.samples * event.dwell;
    case 'trapezoid':
      return event.delay + event.rise + event.flat + event.fall;
    default:
      return event.delay + event.time[event.time.length - 1];
  }
}

/** A block as long as its longest event, or as `duration` if that is given. */
export function blockOf(events: Omit<Block, 'duration'>, duration?: Seconds): Block {
  if (duration !== undefined) return { duration, ...events };
  const { rf, gx, gy, gz, adc: readout } = events;
  const ends = [rf, gx, gy, gz, readout].map((event) => (event === undefined ? 0 : eventEnd(event)));
  return { duration: Math.max(...ends), ...events };
}

export function delayOf(duration: Seconds): Block {
  return { duration };
}

/** Time that blocks take one after the other. */
export function durationOf(blocks: readonly Block[]): Seconds {
  return blocks.reduce((total, { duration }) => total + duration, 0);
}

/** Blocks as a sequence; `definitions` become Pulseq's [DEFINITIONS]. */
export function sequenceOf(
  name: string,
  blocks: readonly Block[],
  definitions: Readonly<Record<string, string | number | readonly number[]>>,
): Sequence {
  // Twelve digits, the precision of sums of rasters, so that 5 ms is not written as
  // 0.005000000000000001.
  const text = (value: string | number): string =>
    typeof value === 'number' ? String(Number(value.toPrecision(12))) : value;
  const written = Object.entries(definitions).map(([key, value]): [string, string] => [
    key,
    typeof value === 'object' ? value.map(text).join(' ') : text(value),
  ]);
  return {
    name,
    definitions: new Map(written),
    blockCount: blocks.length,
    duration: durationOf(blocks),
    block(n) {
      const found = blocks[n];
      if (found === undefined) throw new RangeError(`block ${n} of ${blocks.length}`);
      return found;
    },
  };
}
