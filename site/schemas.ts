/**
 * The reference of what commands print with `--json`, and of the JSON files they read, made from
 * schemas/.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cell, code, plain } from './markdown.ts';
import { root, writePage } from './pages.ts';

interface Schema {
  readonly [key: string]: unknown;
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema | true>>;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly $defs?: Readonly<Record<string, Schema>>;
}

const folder = join(root, 'schemas');
const names = readdirSync(folder).map((name) => name.replace(/\.json$/, ''));
const files = new Map(
  names.map((name) => [name, JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Schema]),
);

/** A link to the part that a `$ref` names. */
function linkOf(ref: string, within: string): string {
  const [file, part] = ref.split('#/$defs/') as [string, string?];
  const name = file.replace(/\.json$/, '') || within;
  const anchor = part === undefined ? '' : `#${part.toLowerCase()}`;
  return `[${part ?? name}](./${name}.md${anchor})`;
}

/** What a value is, in words. */
function kind(schema: Schema | true, within: string): string {
  if (schema === true) return 'any';
  if (schema.$ref) return linkOf(schema.$ref, within);
  if (schema.enum) return schema.enum.map((each) => code(JSON.stringify(each))).join(', ');
  if ('const' in schema) return code(JSON.stringify(schema.const));
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return [...new Set(choices.map((each) => kind(each, within)))].join(' or ');
  const type = [schema.type ?? 'any'].flat().join(' or ');
  return schema.items && !('properties' in schema.items) ? `${type} of ${kind(schema.items, within)}` : type;
}

type Row = readonly [key: string, kind: string, about: string];

/** A row for each key, those of objects within as `outer.inner`, of lists as `outer[].inner`. */
function rowsOf(schema: Schema, within: string, prefix = ''): Row[] {
  const rows: Row[] = [];
  for (const [key, value] of Object.entries(schema.properties ?? {})) {
    const path = `${prefix}${key}`;
    if (value === true) continue; // declared in a choice beside it
    const isOptional = !schema.required?.includes(key);
    rows.push([isOptional ? `${path}?` : path, kind(value, within), value.description ?? '']);
    rows.push(...rowsOf(value, within, `${path}.`));
    if (value.items) rows.push(...rowsOf(value.items, within, `${path}[].`));
  }
  const others = schema.additionalProperties;
  if (typeof others === 'object') {
    rows.push([`${prefix}NAME`, kind(others, within), others.description ?? '']);
    rows.push(...rowsOf(others, within, `${prefix}NAME.`));
  }
  for (const choice of schema.anyOf ?? schema.oneOf ?? []) rows.push(...rowsOf(choice, within, prefix));
  return rows;
}

function table(schema: Schema, within: string): string {
  const rows = rowsOf(schema, within);
  if (rows.length === 0) return `${kind(schema, within)}\n`;
  return [
    '| key | is | |',
    '| --- | --- | --- |',
    ...rows.map(([key, is, about]) => `| ${code(key)} | ${is} | ${cell(about)} |`),
    '',
  ].join('\n');
}

function page(name: string, schema: Schema): string {
  const parts = Object.entries(schema.$defs ?? {}).map(
    ([part, inner]) => `## ${part}\n\n${plain(inner.description ?? '')}\n\n${table(inner, name)}`,
  );
  return [
    `# ${schema.title ?? name}`,
    '',
    plain(schema.description ?? ''),
    '',
    `The schema is \`schemas/${name}.json\` of the package; \`?\` marks a key that may be absent.`,
    '',
    schema.properties || schema.anyOf || schema.oneOf ? table(schema, name) : '',
    ...parts,
  ].join('\n');
}

export function writeSchemaPages(): void {
  for (const [name, schema] of files) writePage(`reference/schemas/${name}.md`, page(name, schema));
  const list = names.map(
    (name) => `| [${name}](./${name}.md) | ${cell(files.get(name)!.description ?? files.get(name)!.title ?? '')} |`,
  );
  writePage(
    'reference/schemas/index.md',
    [
      '# JSON schemas',
      '',
      'Of what commands print with `--json`, and of the JSON files that they read.',
      '',
      '| schema | |',
      '| --- | --- |',
      ...list,
      '',
    ].join('\n'),
  );
}
