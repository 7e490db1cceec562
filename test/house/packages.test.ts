/**
 * `npm test` installs every Debian package whose programs a test asks for: otherwise that test
 * fails on a fresh machine with CI=true, and only there.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Every Debian has these. */
const ESSENTIAL = ['bash', 'bsdutils'];

/** The package is the last argument: one name, or one of two. */
const ASKED = /\b(?:requireTool|requirePython|absent|missing)\(t,[^;{]*?(?:'([\w.+-]+)' : )?'([\w.+-]+)'\)/g;

test('packages that tests ask for are installed', () => {
  const setup = readFileSync(join(root, 'scripts/setup.mjs'), 'utf8');
  const list = setup.match(/debianPackages = \[([\s\S]*?)\n\];/)?.[1] ?? '';
  const installed = [...list.matchAll(/'([^']+)'/g)].map(([, name]) => name);
  assert.ok(installed.length > 30);
  const asked = ['test', 'testing', 'bench', 'validation']
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(root, folder, name)),
    )
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(ASKED)].flatMap(([, one, other]) => [one, other]))
    .filter((name) => name !== undefined);
  assert.ok(asked.length > 30, `${asked.length}`);
  assert.deepEqual(
    [...new Set(asked)].filter((name) => ![...installed, ...ESSENTIAL].includes(name)),
    [],
  );
});
