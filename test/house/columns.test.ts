/**
 * Widths of lines that the formatter does not check: kernels, which it does not format, have code of at most 120 columns; comments of
 * at most 100 columns are easier to read.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Rooms of the host whose comments are within the limit. */
const HOST = [
  'fields',
  'figures',
  'formats',
  'model',
  'numerics',
  'phantom',
  'plots',
  'raw',
  'recon',
  'sequence',
  'timeline',
];
const ROOMS = ['assembly', ...HOST.map((room) => `host/${room}`)];
const CODE = 120;
const COMMENT = 100;

/** Lines that are too long, as file:line. @param code limit for lines that are no comment; the formatter leaves long texts whole */
function tooLong(file: string, text: string, code = CODE): string[] {
  return text.split('\n').flatMap((line, n) => {
    const limit = /^\s*(\/?\*|\/\/)/.test(line) ? COMMENT : code;
    return [...line].length > limit ? [`${file}:${n + 1}`] : [];
  });
}

test('code of kernels has at most 120 columns, comments have at most 100', () => {
  const files = ROOMS.flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(room, name)),
  );
  assert.ok(files.length > 40);
  assert.deepEqual(
    files.flatMap((file) =>
      tooLong(file, readFileSync(join(root, file), 'utf8'), file.startsWith('host') ? Number.POSITIVE_INFINITY : CODE),
    ),
    [],
  );
});

test('a line that is one column too long is found, whatever its characters', () => {
  assert.deepEqual(tooLong('a', `${'γ'.repeat(120)}\n// ${'γ'.repeat(97)}`), []);
  assert.deepEqual(tooLong('a', `${'γ'.repeat(121)}\n// ${'γ'.repeat(98)}`), ['a:1', 'a:2']);
});
