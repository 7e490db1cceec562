/**
 * Durations of the blocks of a file. From 1.4 on the file states them, and the events have to fit;
 * before, a block takes as long as its delay or its longest event. Soft delays let the caller
 * decide.
 */
import { badInput, usage } from '../../base/errors.ts';
import { didYouMean } from '../../base/suggest.ts';
import type { Seconds } from '../../base/units.ts';
import type { SoftDelayEvent, SoftDelayValue } from '../types.ts';
import type { ExtensionList } from './extensions.ts';
import { type Sections, SLOT_COUNT, SLOTS } from './sections.ts';

/** Table row of an event's id, by kind. */
export type RowOf = Readonly<Record<'rf' | 'gradient' | 'adc' | 'delay', (id: number) => number>>;
/** The extension list of a head's id; `place` is the location for messages. */
export type Resolve = (head: number, place: string) => ExtensionList;

/** An event may outlast its block by this much: rounding of sums of rasters. */
const SAME_TIME: Seconds = 1e-9;

/**
 * @param raster block duration raster
 * @param ends when each event is over, seconds from its block's start, by table row
 * @param wanted seconds for soft delays, by hint
 * @returns [blocks] s
 * @throws exit 65 for a block shorter than its events, 2 for soft delays that are not there or turn
 * out negative
 */
export function blockDurations(
  sections: Sections,
  raster: Seconds,
  ends: Readonly<Record<'rf' | 'gradient' | 'adc', Float64Array>>,
  rowOf: RowOf,
  extension: Resolve,
  wanted: Readonly<Record<string, Seconds>>,
): Float64Array {
  const { blocks, path } = sections;
  const softDelays = softDelayOverrides(sections, extension, wanted);
  const durations = new Float64Array(blocks.count);
  for (let block = 0; block < blocks.count; block++) {
    const slot = (at: number): number => blocks.slots[block * SLOT_COUNT + at];
    let needed = 0;
    if (slot(SLOTS.rf) !== 0) needed = ends.rf[rowOf.rf(slot(SLOTS.rf))];
    for (let at = SLOTS.gx; at <= SLOTS.gz; at++) {
      if (slot(at) !== 0) needed = Math.max(needed, ends.gradient[rowOf.gradient(slot(at))]);
    }
    if (slot(SLOTS.adc) !== 0) needed = Math.max(needed, ends.adc[rowOf.adc(slot(SLOTS.adc))]);
    const head = slot(SLOTS.extension);
    const list = head === 0 ? undefined : extension(head, `${path}:${blocks.lines[block]}`);
    const timing = blocks.timing[block];
    if (sections.layout === 'old') {
      for (const trigger of list?.triggers ?? []) needed = Math.max(needed, trigger.delay + trigger.duration);
      const delay = timing === 0 ? 0 : sections.delays.values[rowOf.delay(timing)] / 1e6;
      durations[block] = Math.max(delay, needed);
      continue;
    }
    const override = list?.softDelay && softDelays.get(list.softDelay);
    const duration = (override === undefined ? timing : Math.round(override / raster)) * raster;
    if (duration + SAME_TIME < needed) throw tooShort(sections, block, duration, needed);
    durations[block] = duration;
  }
  return durations;
}

/** The soft delays by name, with the value that gives the duration of the first block of each. */
export function softDelayValues(
  { path, blocks }: Sections,
  extension: Resolve,
  durations: Float64Array,
): SoftDelayValue[] {
  const values = new Map<string, Seconds>();
  for (let block = 0; block < blocks.count; block++) {
    const head = blocks.slots[block * SLOT_COUNT + SLOTS.extension];
    if (head === 0) continue;
    const { softDelay } = extension(head, `${path}:${blocks.lines[block]}`);
    if (softDelay === undefined || values.has(softDelay.hint)) continue;
    const value = (durations[block] - softDelay.offset) * softDelay.factor;
    values.set(softDelay.hint, Number(value.toPrecision(12)));
  }
  return [...values].map(([name, value]) => ({ name, value }));
}

function tooShort({ path, blocks }: Sections, block: number, duration: Seconds, needed: Seconds): Error {
  const us = (t: Seconds): string => `${Number((t * 1e6).toFixed(3))} µs`;
  return badInput(
    `${path}:${blocks.lines[block]}`,
    `block ${blocks.ids[block]} takes ${us(duration)} but its events need ${us(needed)}`,
    'lengthen the block',
  );
}

/**
 * Durations set by the caller, by soft delay. Examines every block's extension list, so that an
 * invalid one is found now.
 */
function softDelayOverrides(
  { path, blocks }: Sections,
  extension: Resolve,
  wanted: Readonly<Record<string, Seconds>>,
): Map<SoftDelayEvent, Seconds> {
  const durations = new Map<SoftDelayEvent, Seconds>();
  const hints = new Set<string>();
  for (let block = 0; block < blocks.count; block++) {
    const head = blocks.slots[block * SLOT_COUNT + SLOTS.extension];
    if (head === 0) continue;
    const { softDelay } = extension(head, `${path}:${blocks.lines[block]}`);
    if (softDelay === undefined || durations.has(softDelay)) continue;
    hints.add(softDelay.hint);
    if (!Object.hasOwn(wanted, softDelay.hint)) continue;
    const value = wanted[softDelay.hint];
    const duration = value / softDelay.factor + softDelay.offset;
    if (!(duration >= 0))
      throw usage(`soft delay ${softDelay.hint} = ${value} s gives a block of ${duration} s`, 'set it longer');
    durations.set(softDelay, duration);
  }
  for (const hint of Object.keys(wanted)) {
    if (hints.has(hint)) continue;
    throw usage(
      `${path} has no soft delay ${hint}`,
      didYouMean(hint, hints, (all) => (all === '' ? 'it has none' : `it has ${all}`)),
    );
  }
  return durations;
}
