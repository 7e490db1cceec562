/**
 * Every example runs as it stands, with the built command on the PATH, and leaves the files it says
 * it makes.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pathWithLarmor } from '../../testing/page-commands.ts';
import { some } from '../../testing/some.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const scratch = temporaryFolder();

const path = pathWithLarmor(join(scratch, 'bin'));
const made: Readonly<Record<string, readonly string[]>> = {
  'first-image.sh': ['raw.mrd', 'head.png', 'head.nii.gz'],
  'flip-angles.sh': ['raw/flip5.mrd', 'flip5.png', 'flip20.png', 'flip60.png'],
  'sweep.sh': ['ernst.csv', 'ernst.svg', 'ernst.png'],
  'three-tesla.sh': ['raw.mrd', 'signal.npy', 'head-3t.png'],
  'eight-coils.sh': ['raw.mrd', 'signal.npy', 'head.png', 'coils.png', 'coils.nii.gz'],
  'own-phantom.sh': ['sphere.phantom', 'fid.json', 'fid.npy'],
  'moving-head.sh': ['nod.mrd', 'nod.png', 'nodding.phantom'],
  'design.mjs': ['own-se.seq', 'own-se.png'],
  'library.mjs': ['flip-5deg.png', 'flip-20deg.png', 'flip-60deg.png'],
};

test('each script in examples/ is run here', () => {
  const scripts = readdirSync(join(root, 'examples')).filter((name) => /\.(sh|mjs)$/.test(name));
  assert.deepEqual(scripts.sort(), Object.keys(made).sort());
});

test('the page about the designer shows its example as it is', () => {
  const page = readFileSync(join(root, 'docs/how-to/design-a-sequence.md'), 'utf8');
  assert.ok(page.includes(readFileSync(join(root, 'examples/design.mjs'), 'utf8').trimEnd()));
});

for (const [script, files] of some(Object.entries(made), 2)) {
  test(script, () => {
    const folder = mkdtempSync(join(scratch, 'run-'));
    const file = join(root, 'examples', script);
    const [program, args] = script.endsWith('.mjs') ? [process.execPath, [file]] : [file, []];
    const { status, stderr } = spawnSync(program, args, {
      cwd: folder,
      encoding: 'utf8',
      timeout: 120_000,
      env: { ...process.env, PATH: path },
    });
    assert.equal(status, 0, stderr);
    for (const file of files) assert.ok(readFileSync(join(folder, file)).length > 0, `${file} is missing or empty`);
  });
}
