/**
 * Parses a `.seq` file into its sections: tables of rows exactly as written, without resolving
 * references. `read.ts` interprets them.
 */
import { badInput } from '../../base/errors.ts';
import { type ExtensionStore, emptyExtensions, readExtensionRow, readSpecification } from './extensions.ts';
import { ADC, COLUMNS, GRADIENT, type Layout, RF, readRow, SHIM_COLUMNS } from './layouts.ts';
import {
  type Cursor,
  endOfFields,
  integerField,
  lineStartsWith,
  lineText,
  nextLine,
  numberField,
  openCursor,
  wordField,
  wrong,
} from './scan.ts';
import { emptyShapes, openShape, pushPacked, type ShapeStore } from './shapes.ts';
import { addRow, emptyTable, grown, type Table } from './table.ts';

/** Event ids a block refers to, in this order. */
export const SLOTS = { rf: 0, gx: 1, gy: 2, gz: 3, adc: 4, extension: 5 } as const;
export const SLOT_COUNT = 6;

export interface Blocks {
  count: number;
  /** [count] */
  ids: Int32Array;
  lines: Int32Array;
  /** [count] duration in rasters from 1.4 on; id of a delay before. */
  timing: Float64Array;
  /** [count][SLOT_COUNT] */
  slots: Int32Array;
}

export interface Sections {
  readonly path: string;
  version: string;
  layout: Layout;
  /** Blocks of 1.2 have none. */
  hasExtensionColumn: boolean;
  /** A shape of as many numbers as samples is not packed, from 1.4 on. */
  mayBePlain: boolean;
  readonly definitions: Map<string, string>;
  readonly blocks: Blocks;
  readonly rf: Table;
  readonly gradients: Table;
  readonly adc: Table;
  readonly delays: Table;
  readonly shapes: ShapeStore;
  readonly extensions: ExtensionStore;
  signature?: { readonly section: number; type?: string; hash?: string };
}

const SLOT_NAMES = ['RF id', 'GX id', 'GY id', 'GZ id', 'ADC id', 'extension id'];

/** @throws exit 65 at the first line that does not fit the format */
export function readSections(path: string, bytes: Buffer): Sections {
  if (bytes.length === 0) throw badInput(path, 'is empty', 'give a Pulseq file');
  const mark = bytes.toString('latin1', 0, 2);
  if (mark === '\xff\xfe' || mark === '\xfe\xff') throw badInput(path, 'is UTF-16 text', 'save it as UTF-8');
  if (mark === '\x1f\x8b') throw badInput(path, 'is compressed (gzip)', 'decompress it first, e.g. with gunzip');
  if (bytes.toString('latin1', 0, 8) === '\x01pulseq\x02') {
    throw badInput(path, 'is a binary Pulseq file', 'write it as text, e.g. with seq.write');
  }
  const cursor = openCursor(path, bytes);
  const sections: Sections = {
    path,
    version: '',
    layout: 'old',
    hasExtensionColumn: true,
    mayBePlain: true,
    definitions: new Map(),
    blocks: {
      count: 0,
      ids: new Int32Array(64),
      lines: new Int32Array(64),
      timing: new Float64Array(64),
      slots: new Int32Array(64 * SLOT_COUNT),
    },
    rf: emptyTable('RF event', RF.width),
    gradients: emptyTable('gradient', GRADIENT.width),
    adc: emptyTable('ADC event', ADC.width),
    delays: emptyTable('delay', 1),
    shapes: emptyShapes(),
    extensions: emptyExtensions(),
  };
  let section: Section | undefined;
  while (nextLine(cursor)) {
    if (lineStartsWith(cursor, 91)) {
      section = enterSection(cursor, sections);
    } else if (section !== undefined && startsSpecification(cursor, section)) {
      section = { name: '[EXTENSIONS]', line: readSpecification(cursor, sections.extensions) };
    } else if (section === undefined) {
      throw notPulseq(cursor);
    } else section.line(cursor, sections);
  }
  if (sections.version === '') throw notPulseq(cursor);
  settleVersion(cursor, sections);
  return sections;
}

function notPulseq(cursor: Cursor): Error {
  return badInput(cursor.path, 'is not a Pulseq file: it does not start with [VERSION]', 'give a .seq file');
}

/** Pulseq 1.0 had no [VERSION], and other columns. */
function tooOld(cursor: Cursor): Error {
  const fault = 'there is no [VERSION] before the blocks, as in Pulseq 1.0, which this reader does not know';
  return wrong(cursor, fault, 'write it as 1.2 to 1.5');
}

/**
 * `extension NAME id` mostly follows [EXTENSIONS], but the reference toolbox takes it after any
 * section.
 */
function startsSpecification(cursor: Cursor, section: Section): boolean {
  return lineStartsWith(cursor, 101) && section.name !== '[DEFINITIONS]' && /^extension\s/.test(lineText(cursor));
}

interface Section {
  readonly name: string;
  /** Reads one line of it. */
  readonly line: (cursor: Cursor, sections: Sections) => void;
}

function enterSection(cursor: Cursor, sections: Sections): Section {
  // Hand-written files explain a section behind its name, and some writers differ in case.
  const name = /^\[[^\]]*\]/.exec(lineText(cursor))?.[0].toUpperCase() ?? lineText(cursor);
  const line = READERS.get(name);
  if (sections.version !== '') settleVersion(cursor, sections);
  else if (name !== '[VERSION]' && name !== '[DEFINITIONS]')
    throw line === undefined ? notPulseq(cursor) : tooOld(cursor);
  if (line === undefined || (name === '[DELAYS]' && sections.layout !== 'old')) {
    throw wrong(
      cursor,
      `section ${name.slice(0, 40)} is unknown in version ${sections.version}`,
      'remove or correct it',
    );
  }
  if (name === '[SIGNATURE]') sections.signature = { section: cursor.start };
  return { name, line };
}

const READERS: ReadonlyMap<string, Section['line']> = new Map<string, Section['line']>(
  Object.entries({
    '[VERSION]': readVersion,
    '[DEFINITIONS]': (cursor, { definitions }) => {
      const key = wordField(cursor, 'a key');
      definitions.set(key, cursor.bytes.toString('utf8', cursor.at, cursor.end).trim());
    },
    '[BLOCKS]': readBlock,
    '[RF]': (cursor, { rf, layout }) => {
      const start = readRow(cursor, rf, COLUMNS[layout].rf, layout === 'v5' ? [] : SHIM_COLUMNS);
      if (layout !== 'v5') rf.values[start + RF.center] = Number.NaN;
    },
    '[GRADIENTS]': (cursor, { gradients, layout }) => {
      const start = readRow(cursor, gradients, COLUMNS[layout].shaped);
      gradients.values[start + GRADIENT.kind] = 1;
    },
    '[TRAP]': (cursor, { gradients, layout }) => {
      readRow(cursor, gradients, COLUMNS[layout].trapezoid);
    },
    '[ADC]': (cursor, { adc, layout }) => {
      const start = readRow(cursor, adc, COLUMNS[layout].adc);
      // Writers of single samples (navigators, field probes) leave the dwell time at 0.
      if (adc.values[start + ADC.dwell] === 0 && adc.values[start + ADC.samples] > 1)
        throw wrong(cursor, 'dwell time is 0', 'it must be above 0 for more than one sample');
    },
    '[DELAYS]': (cursor, { delays }) => {
      const start = addRow(delays, integerField(cursor, 'the id of the delay', 1), cursor.line);
      const delay = numberField(cursor, 'delay');
      if (delay < 0) throw wrong(cursor, `delay is ${delay}`, 'it cannot be negative');
      delays.values[start] = delay;
      endOfFields(cursor, '2 of a delay');
    },
    '[EXTENSIONS]': (cursor, { extensions }) => readExtensionRow(cursor, extensions),
    '[SHAPES]': readShapeLine,
    '[SIGNATURE]': (cursor, { signature }) => {
      const key = wordField(cursor, 'a key');
      if (key === 'Type') signature!.type = wordField(cursor, 'Type');
      if (key === 'Hash') signature!.hash = wordField(cursor, 'Hash');
    },
  }),
);

/** `major 1`, `minor 5`, `revision 1`, gathered as `1.5.1`. */
function readVersion(cursor: Cursor, sections: Sections): void {
  const part = ['major', 'minor', 'revision'].indexOf(wordField(cursor, 'a key'));
  if (part === -1) throw wrong(cursor, 'is not major, minor or revision', 'correct [VERSION]');
  // Development builds write revisions such as `1post2`.
  const text = wordField(cursor, 'the number');
  const value = /^\d{1,4}/.exec(text)?.[0];
  if (value === undefined) throw wrong(cursor, `the version number is \`${text.slice(0, 40)}\``, 'correct [VERSION]');
  const parts = sections.version === '' ? ['0', '0', '0'] : sections.version.split('.');
  parts[part] = value;
  sections.version = parts.join('.');
}

/** Decides the layout once the version is known. */
function settleVersion(cursor: Cursor, sections: Sections): void {
  const [major, minor, revision] = sections.version.split('.').map(Number) as [number, number, number];
  // Some writers of transmit weights call their files 1.4 but keep the columns of 1.3, with delays
  // in a section of their own.
  const keepsDelays = minor === 4 && cursor.bytes.includes('\n[DELAYS]');
  const layout = ({ 2: 'old', 3: 'old', 4: keepsDelays ? 'old' : 'v4', 5: 'v5' } as const)[minor];
  if (major !== 1 || layout === undefined) {
    const fix = 'write the file as version 1.2 to 1.5';
    throw badInput(`${cursor.path} [VERSION]`, `version ${major}.${minor}.${revision} is not supported`, fix);
  }
  sections.layout = layout;
  sections.hasExtensionColumn = minor > 2;
  sections.mayBePlain = minor > 3;
}

/** The long part of long files: no allocation per line. */
function readBlock(cursor: Cursor, sections: Sections): void {
  const { blocks, layout, hasExtensionColumn } = sections;
  const block = blocks.count++;
  if (block === blocks.ids.length) {
    blocks.ids = grown(blocks.ids, new Int32Array(2 * block));
    blocks.lines = grown(blocks.lines, new Int32Array(2 * block));
    blocks.timing = grown(blocks.timing, new Float64Array(2 * block));
    blocks.slots = grown(blocks.slots, new Int32Array(2 * block * SLOT_COUNT));
  }
  blocks.ids[block] = integerField(cursor, 'the id of the block', 0);
  blocks.lines[block] = cursor.line;
  blocks.timing[block] = integerField(cursor, layout === 'old' ? 'delay id' : 'duration', 0, 2 ** 53);
  const columns = hasExtensionColumn ? SLOT_COUNT : SLOT_COUNT - 1;
  for (let slot = 0; slot < columns; slot++) {
    blocks.slots[block * SLOT_COUNT + slot] = integerField(cursor, SLOT_NAMES[slot], 0);
  }
  endOfFields(cursor, `${columns + 2} of a block`);
}

/** Name of the number of samples; the second name is that of the first versions of the format. */
const SAMPLE_COUNTS: readonly string[] = ['num_samples', 'num_uncompressed'];

/** `shape_id 3`, `num_samples 100`, then one value a line. */
function readShapeLine(cursor: Cursor, { shapes }: Sections): void {
  const first = cursor.bytes[cursor.start] | 32;
  if (first === 115 || first === 110) {
    const key = wordField(cursor, 'a key').toLowerCase();
    if (key === 'shape_id') openShape(shapes, integerField(cursor, 'shape_id', 1), cursor.line);
    else if (SAMPLE_COUNTS.includes(key) && shapes.count > 0 && shapes.samples[shapes.count - 1] === -1) {
      shapes.samples[shapes.count - 1] = integerField(cursor, 'num_samples', 1);
    } else if (key === 'nan') throw wrong(cursor, 'a sample is not a finite number', 'write the file again');
    else
      throw wrong(cursor, `\`${key.slice(0, 40)}\` does not belong here`, 'a shape is shape_id, num_samples, samples');
    endOfFields(cursor, `2 of ${key}`);
    return;
  }
  if (shapes.count === 0 || shapes.samples[shapes.count - 1] === -1) {
    throw wrong(cursor, 'a sample stands before its shape_id and num_samples', 'write the file again');
  }
  pushPacked(shapes, numberField(cursor, 'a sample'));
  endOfFields(cursor, '1 of a shape sample');
}
