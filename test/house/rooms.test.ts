/**
 * The linter knows the rooms: an import that rooms.json does not allow is an error, whatever its
 * form, and one that it allows is none.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../../testing/temporary.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');

/** The table and what is made from it, beside no other file of the project. */
const folder = temporaryFolder();
for (const name of ['.gitignore', 'rooms.json', 'biome.json', 'docs/explanation/architecture.md', 'scripts/rooms.mjs'])
  cpSync(join(root, name), join(folder, name));

/** What Biome says of each file's imports, by the file's path. */
function lint(files: Readonly<Record<string, string>>): string[] {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const args = ['lint', '--only=style/noRestrictedImports', '--reporter=github', ...Object.keys(files)];
  const { stdout, stderr } = spawnSync(process.execPath, [biome, ...args], { cwd: folder, encoding: 'utf8' });
  assert.doesNotMatch(stderr, /configuration/i);
  return Object.keys(files).map((path) =>
    stdout
      .split('\n')
      .filter((line) => line.includes(`/${path},`))
      .join('\n'),
  );
}

test('a file that imports what its room may not is an error, with the room in its message', () => {
  const planted: Record<string, readonly [text: string, message: RegExp]> = {
    'host/sequence/value.ts': ["import { open } from '../phantom/open.ts';\nopen();\n", /host\/sequence.*this room/],
    'host/sequence/pulseq/type.ts': ["export type { Plan } from '../../run/plan.ts';\n", /host\/sequence.*this room/],
    'host/base/dynamic.ts': ["export const f = () => import('../raw/npy.ts');\n", /host\/base.*this room/],
    'host/run/tests.ts': ["import '../../testing/run.ts';\n", /host\/run.*this room/],
    'bench/tests.ts': ["import '../test/engine/fixture.ts';\n", /bench.*this room/],
    'host/run/package.ts': ["import 'mpi-node-bindings/index.ts';\n", /host\/run.*this package/],
  };
  const said = lint(Object.fromEntries(Object.entries(planted).map(([path, [text]]) => [path, text])));
  for (const [n, [path, [, message]]] of Object.entries(planted).entries()) assert.match(said[n], message, path);
});

test('an allowed import is none', () => {
  const text = ['../base/errors.ts', '../comm/channel.ts', './plan.ts', 'node:test'].map((path) => `import '${path}';`);
  assert.deepEqual(lint({ 'host/run/allowed.ts': text.join('\n') }), ['']);
});

test('rules or a picture that differ from the table fail the check by name, as do rooms in a circle', () => {
  const check = () => spawnSync(process.execPath, ['scripts/rooms.mjs', '--check'], { cwd: folder, encoding: 'utf8' });
  const table = readFileSync(join(folder, 'rooms.json'), 'utf8');
  const change = (from: string, to: string): void => {
    assert.ok(table.includes(from));
    writeFileSync(join(folder, 'rooms.json'), table.replace(from, to));
  };
  mkdirSync(join(folder, 'host'), { recursive: true });
  assert.equal(check().status, 0);
  change(
    '["host/base", "host/numerics", "host/formats", "host/raw"]',
    '["host/base", "host/numerics", "host/formats", "host/sequence", "host/raw"]',
  );
  const { status, stderr } = check();
  assert.equal(status, 1);
  assert.match(stderr, /^biome\.json does not agree with rooms\.json: run node scripts\/rooms\.mjs$/m);
  assert.match(stderr, /^docs\/explanation\/architecture\.md does not agree/m);
  change(
    '"host/sequence",\n    "about": "Pulseq reader and writer, built-in sequences, k-space, checks",\n    "imports": ["host/base", "host/formats"]',
    '"host/sequence",\n    "about": "Pulseq reader and writer, built-in sequences, k-space, checks",\n    "imports": ["host/base", "host/formats", "host/raw"]',
  );
  const circle = check();
  assert.equal(circle.status, 1);
  assert.equal(
    circle.stderr,
    'rooms.json: host/sequence imports from host/raw: list a room after those it imports from\n',
  );
});
