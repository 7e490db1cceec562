/**
 * A sequence as JSON for other programs: events and shapes stored once, blocks that name them by
 * number (schemas/sequence.json). SI units; phases have the sign of Pulseq. Text comes in pieces,
 * because long sequences exceed the longest string.
 */
import { sequenceTables } from './tables.ts';
import type { Sequence } from './types.ts';

export function* sequenceJson(sequence: Sequence): Generator<string> {
  const { name, duration, definitions } = sequence;
  const head = {
    schema: { name: 'sequence', version: 1 },
    name,
    duration,
    definitions: Object.fromEntries(definitions),
  };
  const { blocks, ...lists } = sequenceTables(sequence);
  yield `${JSON.stringify(head).slice(0, -1)},\n"blocks":[`;
  yield* lines(blocks);
  for (const [key, rows] of Object.entries(lists)) {
    yield `],\n"${key}":[`;
    yield* lines(rows);
  }
  yield ']}\n';
}

function* lines(rows: Iterable<object>): Generator<string> {
  let before = '\n';
  for (const row of rows) {
    yield before + JSON.stringify(row);
    before = ',\n';
  }
}
