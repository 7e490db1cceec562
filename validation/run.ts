/**
 * `npm run validate [-- part of a title …] [--json FILE]`: how exact the numbers are, as one table.
 * Exits 1 if an error exceeds its bound.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { all } from '../testing/some.ts';
import { holds, type Row, tableLines } from './report.ts';
import { sections } from './sections.ts';

const { values, positionals } = parseArgs({ options: { json: { type: 'string' } }, allowPositionals: true });
const wanted = sections.filter(
  ({ title }) =>
    positionals.length === 0 || positionals.some((part) => title.toLowerCase().includes(part.toLowerCase())),
);
if (wanted.length === 0) {
  console.error(`validate: no section named so; there are ${sections.map(({ title }) => `'${title}'`).join(', ')}`);
  process.exit(2);
}

const results: { title: string; bounds: string; rows: Row[]; skipped?: string }[] = [];
for (const section of wanted) {
  const { title, bounds } = section;
  const skipped = section.missing?.();
  const rows = skipped === undefined ? await section.rows(all) : [];
  results.push({ title, bounds, rows, ...(skipped === undefined ? {} : { skipped }) });
  const lines = skipped === undefined ? tableLines(section, rows) : [title, `  SKIPPED: ${skipped}`, ''];
  process.stdout.write(`${lines.join('\n')}\n`);
}

const rows = results.flatMap((result) => result.rows);
const exceeded = rows.filter((row) => !holds(row)).length;
const skipped = results.filter((result) => result.skipped !== undefined).length;
process.stdout.write(`${rows.length} errors, ${exceeded} above their bound, ${skipped} sections skipped\n`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, undefined, 2)}\n`);
process.exitCode = exceeded > 0 || (skipped > 0 && process.env.CI === 'true') ? 1 : 0;
