/**
 * Which columns the event rows of each Pulseq version have, and where they go in one layout for all
 * versions. Only the order of columns changed from version to version, so it is given here as data
 * (specification, sections "Events").
 */
import { type Cursor, endOfFields, hasField, integerField, numberField, wordField, wrong } from './scan.ts';
import { addRow, type Table } from './table.ts';

/** Pulseq minor versions, grouped by layout: 1.2 and 1.3 are `old`. */
export type Layout = 'old' | 'v4' | 'v5';

/** How a column's number is checked. */
type Kind = 'real' | 'time' | 'shape' | 'timeShape' | 'count' | 'use';
type Column = readonly [at: number, kind: Kind, name: string];

export const RF = {
  amplitude: 0,
  magnitude: 1,
  phase: 2,
  time: 3,
  /** NaN before 1.5. */
  center: 4,
  delay: 5,
  frequencyPpm: 6,
  phasePpm: 7,
  frequency: 8,
  phaseOffset: 9,
  /** Character code; 0 before 1.5. */
  use: 10,
  /**
   * Ids of shapes of channel weights, 0 for none: in an older parallel-transmission dialect of 1.3
   * and 1.4.
   */
  shimMagnitude: 11,
  shimPhase: 12,
  width: 13,
} as const;

/** Trapezoids and shapes share ids, hence one table. */
export const GRADIENT = {
  /** 0 trapezoid, 1 shape. */
  kind: 0,
  amplitude: 1,
  delay: 2,
  rise: 3,
  flat: 4,
  fall: 5,
  first: 3,
  last: 4,
  shape: 5,
  time: 6,
  width: 7,
} as const;

export const ADC = {
  samples: 0,
  dwell: 1,
  delay: 2,
  frequencyPpm: 3,
  phasePpm: 4,
  frequency: 5,
  phaseOffset: 6,
  shape: 7,
  width: 8,
} as const;

const rf: Record<string, Column> = {
  amplitude: [RF.amplitude, 'real', 'amplitude'],
  magnitude: [RF.magnitude, 'shape', 'magnitude shape'],
  phase: [RF.phase, 'shape', 'phase shape'],
  time: [RF.time, 'timeShape', 'time shape'],
  center: [RF.center, 'time', 'center'],
  delay: [RF.delay, 'time', 'delay'],
  frequencyPpm: [RF.frequencyPpm, 'real', 'frequency offset in ppm'],
  phasePpm: [RF.phasePpm, 'real', 'phase offset per MHz'],
  frequency: [RF.frequency, 'real', 'frequency offset'],
  phaseOffset: [RF.phaseOffset, 'real', 'phase offset'],
  use: [RF.use, 'use', 'use'],
  shimMagnitude: [RF.shimMagnitude, 'shape', 'shim magnitude shape'],
  shimPhase: [RF.shimPhase, 'shape', 'shim phase shape'],
};
const gradient: Record<string, Column> = {
  amplitude: [GRADIENT.amplitude, 'real', 'amplitude'],
  first: [GRADIENT.first, 'real', 'first'],
  last: [GRADIENT.last, 'real', 'last'],
  shape: [GRADIENT.shape, 'shape', 'amplitude shape'],
  time: [GRADIENT.time, 'timeShape', 'time shape'],
  rise: [GRADIENT.rise, 'time', 'rise time'],
  flat: [GRADIENT.flat, 'time', 'flat time'],
  fall: [GRADIENT.fall, 'time', 'fall time'],
  delay: [GRADIENT.delay, 'time', 'delay'],
};
const adc: Record<string, Column> = {
  samples: [ADC.samples, 'count', 'number of samples'],
  dwell: [ADC.dwell, 'time', 'dwell time'],
  delay: [ADC.delay, 'time', 'delay'],
  frequencyPpm: [ADC.frequencyPpm, 'real', 'frequency offset in ppm'],
  phasePpm: [ADC.phasePpm, 'real', 'phase offset per MHz'],
  frequency: [ADC.frequency, 'real', 'frequency offset'],
  phaseOffset: [ADC.phaseOffset, 'real', 'phase offset'],
  shape: [ADC.shape, 'shape', 'phase shape'],
};

const pick = (from: Record<string, Column>, names: string): readonly Column[] =>
  names.split(' ').map((name) => from[name]);

const rfOld = pick(rf, 'amplitude magnitude phase delay frequency phaseOffset');
const adcOld = pick(adc, 'samples dwell delay frequency phaseOffset');
const trapezoid = pick(gradient, 'amplitude rise flat fall delay');

/** Columns after the id. */
export const COLUMNS: Record<Layout, Record<'rf' | 'shaped' | 'trapezoid' | 'adc', readonly Column[]>> = {
  old: { rf: rfOld, shaped: pick(gradient, 'amplitude shape delay'), trapezoid, adc: adcOld },
  v4: {
    rf: pick(rf, 'amplitude magnitude phase time delay frequency phaseOffset'),
    shaped: pick(gradient, 'amplitude shape time delay'),
    trapezoid,
    adc: adcOld,
  },
  v5: {
    rf: pick(rf, 'amplitude magnitude phase time center delay frequencyPpm phasePpm frequency phaseOffset use'),
    shaped: pick(gradient, 'amplitude first last shape time delay'),
    trapezoid,
    adc: pick(adc, 'samples dwell delay frequencyPpm phasePpm frequency phaseOffset shape'),
  },
};

/** Columns that may follow those of [RF], all or none of them. */
export const SHIM_COLUMNS = pick(rf, 'shimMagnitude shimPhase');

/**
 * Reads the current line as a row of `table` and returns where its values start.
 * @param further columns that a dialect appends
 */
export function readRow(
  cursor: Cursor,
  table: Table,
  columns: readonly Column[],
  further: readonly Column[] = [],
): number {
  const id = integerField(cursor, `the id of the ${table.name}`, 1);
  const start = addRow(table, id, cursor.line);
  for (const [at, kind, name] of columns) table.values[start + at] = field(cursor, kind, name);
  if (further.length > 0 && hasField(cursor)) {
    for (const [at, kind, name] of further) table.values[start + at] = field(cursor, kind, name);
  }
  endOfFields(cursor, `${columns.length + 1} of a ${table.name}`);
  return start;
}

function field(cursor: Cursor, kind: Kind, name: string): number {
  switch (kind) {
    case 'shape':
      return integerField(cursor, name, 0);
    case 'timeShape':
      return integerField(cursor, name, -1);
    case 'count':
      return integerField(cursor, name, 1);
    case 'use': {
      const letter = wordField(cursor, name);
      if (/^[erispou]$/.test(letter)) return letter.charCodeAt(0);
      throw wrong(cursor, `use is \`${letter}\``, 'it is one of e r i s p o u');
    }
    case 'real':
      return numberField(cursor, name);
    case 'time': {
      const value = numberField(cursor, name);
      if (value >= 0) return value;
      throw wrong(cursor, `${name} is ${value}`, 'it cannot be negative');
    }
  }
}
