/**
 * Gathers the pages of the site in build/site-pages and has VitePress make build/site of them; `npm
 * run docs` runs it.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { commandsPage } from './commands.ts';
import { writeLibraryPages } from './library.ts';
import { pagesFolder, root, writePage, writePages } from './pages.ts';
import { illustrate } from './pictures.ts';
import { writeSchemaPages } from './schemas.ts';

function run(args: readonly string[], cwd = root): void {
  const { status } = spawnSync(process.execPath, args, { cwd, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

rmSync(pagesFolder, { recursive: true, force: true });
mkdirSync(pagesFolder, { recursive: true });
// Pages become modules that import Vue, which is looked for upwards from where they are.
symlinkSync(join(root, 'site/node_modules'), join(pagesFolder, 'node_modules'));
writePages(illustrate);
writePage('reference/commands.md', commandsPage());
writeSchemaPages();
writeLibraryPages();
mkdirSync(join(pagesFolder, 'public'));
copyFileSync(join(pagesFolder, 'made/gallery/tse.png'), join(pagesFolder, 'public/hero.png'));
run([join(root, 'scripts/playground.mjs'), join(pagesFolder, 'public/playground')]);
run([join(root, 'site/node_modules/vitepress/bin/vitepress.js'), 'build'], join(root, 'site'));
