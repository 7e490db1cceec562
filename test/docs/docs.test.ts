/** The pages: links lead somewhere, and the tutorial's commands run in the order in which they stand. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../../testing/temporary.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
].map((name) => join(root, name));

const FENCED = /^(```|~~~)[\s\S]*?^\1/gm;

/** Names of the headings of a page, as GitHub makes them. */
function anchorsOf(page: string): Set<string> {
  const headings = readFileSync(page, 'utf8')
    .replace(FENCED, '')
    .matchAll(/^#+ +(.+)$/gm);
  return new Set(
    [...headings].map(([, text]) =>
      text
        .toLowerCase()
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** Links of a page into the project that lead nowhere. */
function broken(page: string): string[] {
  const text = readFileSync(page, 'utf8')
    .replace(FENCED, '')
    .replace(/`[^`\n]*`/g, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [path, anchor] = target.split('#');
      const file = path === '' ? page : join(dirname(page), decodeURI(path));
      if (!existsSync(file)) return true;
      return anchor !== undefined && statSync(file).isFile() && file.endsWith('.md') && !anchorsOf(file).has(anchor);
    })
    .map((target) => `${relative(root, page)}: ${target}`);
}

test('every link from page to page leads somewhere', () => {
  assert.ok(pages.length > 20);
  assert.deepEqual(pages.flatMap(broken), []);
});

/** Labels 0 to 3 in shells of a ball, as a segmentation writes them: NIfTI-1, 16 bit, 4 mm. */
function labelImage(): Buffer {
  const n = 24;
  const header = Buffer.alloc(352);
  header.writeInt32LE(348, 0);
  [3, n, n, n, 1, 1, 1, 1].forEach((size, at) => {
    header.writeInt16LE(size, 40 + 2 * at);
  });
  header.writeInt16LE(4, 70);
  header.writeInt16LE(16, 72);
  [1, 4, 4, 4].forEach((size, at) => {
    header.writeFloatLE(size, 76 + 4 * at);
  });
  header.writeFloatLE(352, 108);
  header.writeInt8(2, 123); // mm
  header.writeInt16LE(1, 254); // the affine below
  for (let axis = 0; axis < 3; axis++) {
    header.writeFloatLE(4, 280 + 20 * axis);
    header.writeFloatLE(-2 * (n - 1), 280 + 16 * axis + 12);
  }
  header.write('n+1\0', 344, 'latin1');
  const labels = Int16Array.from({ length: n ** 3 }, (_, at) => {
    const [x, y, z] = [at % n, Math.floor(at / n) % n, Math.floor(at / n ** 2)].map((i) => i - (n - 1) / 2);
    const radius = Math.hypot(x, y, z);
    return radius > 11 ? 0 : radius > 9 ? 1 : radius > 6 ? 2 : 3;
  });
  return Buffer.concat([header, Buffer.from(labels.buffer)]);
}

test('the commands of the tutorial run, one after the other', () => {
  const folder = temporaryFolder();
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(
    join(bin, 'larmor'),
    `#!/bin/sh\nexec "${process.execPath}" "${join(root, 'dist', 'larmor.js')}" "$@"\n`,
  );
  chmodSync(join(bin, 'larmor'), 0o755);
  writeFileSync(join(folder, 'brain.nii.gz'), labelImage());
  const text = readFileSync(join(root, 'docs', 'tutorial.md'), 'utf8');
  const commands = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block]) => block);
  assert.ok(commands.length >= 7);
  const { status, stderr } = spawnSync('bash', ['-e', '-c', commands.join('\n')], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` },
  });
  assert.equal(status, 0, stderr);
  for (const [, name] of commands.join('\n').matchAll(/ (?:-o|--report) (\S+)/g))
    assert.ok(statSync(join(folder, name)).size > 0, name);
});
