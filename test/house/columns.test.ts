/**
 * Widths of lines that the formatter does not check: of comments, which are easier to read in at
 * most 100 columns, and of the code of kernels, which it does not format.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const CODE = 120;
const COMMENT = 100;

/**
 * Files that are in them at least, of folders whose code the formatter breaks but for texts that
 * cannot be.
 */
const FORMATTED = {
  ...{ host: 400, test: 150, testing: 20, bench: 20, validation: 15 },
  ...{ scripts: 10, site: 5, 'mpi-node-bindings': 30 },
};

/** Lines that are too long, as file:line. */
function tooLong(file: string, text: string, code = CODE): string[] {
  return text.split('\n').flatMap((line, n) => {
    const limit = /^\s*(\/?\*|\/\/)|[;,{})] \/\/ /.test(line) ? COMMENT : code;
    return [...line].length > limit ? [`${file}:${n + 1}`] : [];
  });
}

for (const { folder, least, code } of [
  { folder: 'assembly', least: 20, code: CODE },
  ...Object.entries(FORMATTED).map(([folder, least]) => ({ folder, least, code: Number.POSITIVE_INFINITY })),
])
  test(`${folder}/: comments have at most 100 columns, code that is not formatted has 120`, () => {
    const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
    const files = names.filter((name) => /(?<!\.generated)\.ts$|\.mjs$/.test(name) && !name.includes('node_modules'));
    assert.ok(files.length > least);
    assert.deepEqual(
      files.flatMap((name) => tooLong(name, readFileSync(join(root, folder, name), 'utf8'), code)),
      [],
    );
  });

test('a line that is one column too long is found, whatever its characters', () => {
  assert.deepEqual(tooLong('a', `${'γ'.repeat(120)}\n// ${'γ'.repeat(97)}`), []);
  assert.deepEqual(tooLong('a', `${'γ'.repeat(121)}\n// ${'γ'.repeat(98)}`), ['a:1', 'a:2']);
  assert.deepEqual(tooLong('a', `x; // ${'γ'.repeat(95)}`), ['a:1']);
});
