/** Results on standard output: one JSON object with its schema's name, or lines for a person. */
import { print } from '../base/log.ts';

/** Version of every schema in `schemas/`; raised when a key changes its meaning or goes away. */
const SCHEMA_VERSION = 1;

/**
 * Prints `record` as one line of JSON.
 * @param schema name of the file in `schemas/` that describes it, without the ending
 */
export function printJson(schema: string, record: Readonly<Record<string, unknown>>): void {
  print(`${JSON.stringify({ ...record, schema: { name: schema, version: SCHEMA_VERSION } })}\n`);
}

export function printLines(lines: readonly string[]): void {
  print(`${lines.join('\n')}\n`);
}
