/**
 * The pages: links lead somewhere, and the tutorial's commands run in the order in which they
 * stand.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { builtinSequences } from '../../host/sequence/builtin/index.ts';
import { anchorOf } from '../../site/markdown.ts';
import { SECTIONS } from '../../site/navigation.ts';
import { projectPages } from '../../site/pages.ts';
import { commandBlocks, runBlocks } from '../../testing/page-commands.ts';
import { some } from '../../testing/some.ts';
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
  return new Set([...headings].map(([, text]) => anchorOf(text)));
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

for (const page of some(['tutorial.md', 'faq.md'], 2))
  test(`the commands of ${page} run, one after the other`, () => {
    const folder = temporaryFolder();
    const blocks = commandBlocks(readFileSync(join(root, 'docs', page), 'utf8'));
    assert.ok(blocks.length >= 7);
    const { status, stderr } = runBlocks(blocks, folder);
    assert.equal(status, 0, stderr);
    const commands = blocks.join('\n');
    for (const [, name] of commands.matchAll(/ (?:-o|--report|--sheet) (\S+)/g))
      assert.ok(name === 'cluster.mrd' || statSync(join(folder, name)).size > 0, name);
  });

test('the pages of the project are in the navigation of the site', () => {
  const links = new Set(SECTIONS.flatMap(({ items }) => items.map(({ link }) => `${link.slice(1)}.md`)));
  const missing = [...projectPages().values()].filter((page) => page !== 'index.md' && !links.has(page));
  assert.deepEqual(missing, []);
});

test('the gallery shows every built-in sequence', () => {
  const gallery = readFileSync(join(root, 'site', 'gallery.md'), 'utf8');
  for (const name of builtinSequences.keys())
    if (name !== 'fid') assert.match(gallery, new RegExp(`^larmor simulate ${name} `, 'm'));
});
