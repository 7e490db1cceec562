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
const CODE = 120;
const COMMENT = 100;

/** Lines that are too long, as file:line. */
function tooLong(file: string, text: string): string[] {
  return text.split('\n').flatMap((line, n) => {
    const limit = /^\s*(\/?\*|\/\/)/.test(line) ? COMMENT : CODE;
    return [...line].length > limit ? [`${file}:${n + 1}`] : [];
  });
}

test('code of kernels has at most 120 columns, comments have at most 100', () => {
  const files = readdirSync(join(root, 'assembly')).filter((name) => name.endsWith('.ts'));
  assert.ok(files.length > 20);
  assert.deepEqual(
    files.flatMap((name) => tooLong(name, readFileSync(join(root, 'assembly', name), 'utf8'))),
    [],
  );
});

test('a line that is one column too long is found, whatever its characters', () => {
  assert.deepEqual(tooLong('a', `${'γ'.repeat(120)}\n// ${'γ'.repeat(97)}`), []);
  assert.deepEqual(tooLong('a', `${'γ'.repeat(121)}\n// ${'γ'.repeat(98)}`), ['a:1', 'a:2']);
});
