/**
 * Pulseq extensions: what a block does besides RF, gradients and ADC. A block names the head of a
 * linked list, each link of which names an extension by number and a row in that extension's
 * specification.
 */
import type { Budget } from '../../base/budget.ts';
import { badInput } from '../../base/errors.ts';
import { warn } from '../../base/log.ts';
import type { LabelEvent, RfShimEvent, SoftDelayEvent, TriggerEvent } from '../types.ts';
import { rotationMatrix } from './quaternion.ts';
import { type Cursor, endOfFields, integerField, numberField, wordField, wrong } from './scan.ts';
import { addRow, emptyTable, indexById, type Table } from './table.ts';

/** One list, resolved: what the block gets. */
export interface ExtensionList {
  readonly labels?: readonly LabelEvent[];
  readonly triggers?: readonly TriggerEvent[];
  readonly rotation?: readonly number[];
  readonly shim?: RfShimEvent;
  readonly softDelay?: SoftDelayEvent;
}

type Row = LabelEvent | TriggerEvent | readonly number[] | RfShimEvent | SoftDelayEvent;

interface Specification {
  readonly name: string;
  readonly rows: Map<number, Row>;
}

export interface ExtensionStore {
  /** Links: extension number, row, next link. */
  readonly links: Table;
  /** By extension number. */
  readonly specifications: Map<number, Specification>;
}

const LINK_WIDTH = 3;

export function emptyExtensions(): ExtensionStore {
  return { links: emptyTable('extension', LINK_WIDTH), specifications: new Map() };
}

/** `id type ref next`. */
export function readExtensionRow(cursor: Cursor, { links }: ExtensionStore): void {
  const start = addRow(links, integerField(cursor, 'the id of the extension', 1), cursor.line);
  links.values[start] = integerField(cursor, 'type', 1);
  links.values[start + 1] = integerField(cursor, 'ref', 1);
  links.values[start + 2] = integerField(cursor, 'next', 0);
  endOfFields(cursor, '4 of an extension');
}

const label = (cursor: Cursor, mode: 'set' | 'inc'): LabelEvent => ({
  value: integerField(cursor, 'value', -(2 ** 31)),
  label: wordField(cursor, 'label'),
  mode,
});

/** Memory of a resolved list, and of each of its entries. */
const BYTES_PER_LIST = 256;
const BYTES_PER_LINK = 16;
/** Number of links for which the budget is checked once. */
const LINK_BATCH = 1024;

/** How a row of each known extension reads, after its id. Times in µs. */
const PARSERS: ReadonlyMap<string, (cursor: Cursor) => Row> = new Map<string, (cursor: Cursor) => Row>(
  Object.entries({
    LABELSET: (cursor) => label(cursor, 'set'),
    LABELINC: (cursor) => label(cursor, 'inc'),
    TRIGGERS: (cursor) => {
      const type = integerField(cursor, 'type', 1);
      if (type > 2) throw wrong(cursor, `trigger type is ${type}`, 'it is 1 (output) or 2 (input)');
      return {
        type: type === 1 ? 'output' : 'input',
        channel: integerField(cursor, 'channel', 0),
        delay: microseconds(cursor, 'delay'),
        duration: microseconds(cursor, 'duration'),
      };
    },
    ROTATIONS: (cursor) => {
      const q = ['w', 'x', 'y', 'z'].map((part) => numberField(cursor, `quaternion ${part}`));
      const norm = Math.hypot(...q);
      // Files carry six digits; a norm further from 1 than this is no rotation.
      if (Math.abs(norm - 1) < 1e-3) return rotationMatrix(q.map((part) => part / norm));
      throw wrong(cursor, `the rotation quaternion has norm ${norm}`, 'it must be 1');
    },
    DELAYS: (cursor) => {
      const number = integerField(cursor, 'number', 0);
      const offset = numberField(cursor, 'offset') / 1e6;
      const factor = numberField(cursor, 'factor');
      if (factor === 0) throw wrong(cursor, 'the factor of the soft delay is 0', 'it must not be');
      return { number, offset, factor, hint: wordField(cursor, 'hint') };
    },
    RF_SHIMS: (cursor) => {
      const channels = integerField(cursor, 'number of channels', 1, 2 ** 16);
      const magnitude: number[] = [];
      const phase: number[] = [];
      for (let channel = 0; channel < channels; channel++) {
        magnitude.push(numberField(cursor, 'magnitude'));
        phase.push(numberField(cursor, 'phase'));
      }
      return { magnitude, phase };
    },
  }),
);

function microseconds(cursor: Cursor, name: string): number {
  const value = numberField(cursor, name);
  if (value < 0) throw wrong(cursor, `${name} is ${value}`, 'it cannot be negative');
  return value / 1e6;
}

/**
 * Registers the specification that `extension NAME number` starts, and returns the reader of its
 * lines.
 */
export function readSpecification(cursor: Cursor, { specifications }: ExtensionStore): (cursor: Cursor) => void {
  wordField(cursor, 'extension');
  const name = wordField(cursor, 'the name of the extension');
  const number = integerField(cursor, 'the number of the extension', 1);
  endOfFields(cursor, '3 of an extension specification');
  if (specifications.has(number)) throw wrong(cursor, `extension number ${number} is used twice`, 'give each its own');
  const rows = new Map<number, Row>();
  specifications.set(number, { name, rows });
  const parse = PARSERS.get(name);
  if (parse === undefined) {
    return () => {
      // Rows of an unknown extension have no form that could be checked.
    };
  }
  return (line) => {
    const id = integerField(line, 'the id', 1);
    const row = parse(line);
    endOfFields(line, name);
    if (rows.has(id)) throw wrong(line, `${name} ${id} was already defined`, 'give every one its own id');
    rows.set(id, row);
  };
}

/**
 * Function from the id of a list's head to the contents of the list, the same object each time.
 * @param required names in RequiredExtensions
 * @throws exit 65 when an unknown extension is required, or a list is broken; other unknown
 *   extensions are ignored with a warning
 */
export function resolveExtensions(
  { links, specifications }: ExtensionStore,
  required: readonly string[],
  path: string,
  budget: Budget,
): (head: number, place: string) => ExtensionList {
  for (const name of required) {
    if (PARSERS.has(name)) continue;
    throw badInput(`${path} [DEFINITIONS]`, `extension ${name} is required but unknown`, 'write the file without it');
  }
  for (const { name } of specifications.values()) {
    if (!PARSERS.has(name)) warn(`${path}: extension ${name} is unknown and ignored`);
  }
  const rowOf = indexById(links, path);
  const resolved = new Map<number, ExtensionList>();
  return (head, place) => {
    const known = resolved.get(head);
    if (known !== undefined) return known;
    const gathered: Gathered = { labels: [], triggers: [] };
    let length = 0;
    budget.take(BYTES_PER_LIST, `${resolved.size + 1} extension lists`, place);
    for (let id = head; id !== 0; ) {
      const row = rowOf(id);
      if (row === -1) throw badInput(place, `extension ${id} does not exist`, 'define it or write the file again');
      if (++length % LINK_BATCH === 0)
        budget.take(BYTES_PER_LINK * LINK_BATCH, `extension list ${head} of ${length} entries`, place);
      if (length > links.count) throw badInput(place, `extension list ${head} is circular`, 'end it with next 0');
      const [number, ref, next] = links.values.subarray(
        row * LINK_WIDTH,
        (row + 1) * LINK_WIDTH,
      ) as unknown as number[];
      const here = `${path}:${links.lines[row]}`;
      const specification = specifications.get(number!);
      if (specification === undefined)
        throw badInput(here, `extension number ${number} is not specified`, 'specify it');
      if (PARSERS.has(specification.name)) {
        const found = specification.rows.get(ref!);
        if (found === undefined) throw badInput(here, `${specification.name} ${ref} does not exist`, 'define it');
        gather(gathered, specification.name, found, here);
      }
      id = next!;
    }
    const { labels, triggers, ...rest } = gathered;
    const list = { ...rest, ...(labels.length > 0 && { labels }), ...(triggers.length > 0 && { triggers }) };
    resolved.set(head, list);
    return list;
  };
}

interface Gathered {
  labels: LabelEvent[];
  triggers: TriggerEvent[];
  rotation?: readonly number[];
  shim?: RfShimEvent;
  softDelay?: SoftDelayEvent;
}

/** Fields of a block for extensions that it may have at most one of. */
const SLOTS: Readonly<Record<string, 'rotation' | 'shim' | 'softDelay'>> = {
  ROTATIONS: 'rotation',
  RF_SHIMS: 'shim',
  DELAYS: 'softDelay',
};

function gather(into: Gathered, name: string, row: Row, place: string): void {
  if (name === 'LABELSET' || name === 'LABELINC') into.labels.push(row as LabelEvent);
  else if (name === 'TRIGGERS') into.triggers.push(row as TriggerEvent);
  else {
    const slot = SLOTS[name];
    if (into[slot] !== undefined) throw badInput(place, `a block has two ${name}`, 'give it one');
    Object.assign(into, { [slot]: row });
  }
}
