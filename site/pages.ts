/**
 * The project's Markdown as pages of the site. In the repository a link leads to a file; here one
 * to a page leads to its page, one to a schema to its table, one to any other file to a page that
 * shows it, and one to a folder without a page becomes text.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const pagesFolder = join(root, 'build', 'site-pages');

/** Markdown outside docs/ that the site has too: file in the repository → page. */
const OUTSIDE: Readonly<Record<string, string>> = {
  'README.md': 'overview.md',
  'CHANGELOG.md': 'changes.md',
  'CONTRIBUTING.md': 'contributing.md',
  'examples/README.md': 'examples/index.md',
  'recipes/README.md': 'recipes/index.md',
  'python/README.md': 'python/index.md',
  'site/index.md': 'index.md',
  'site/gallery.md': 'gallery.md',
};

const LANGUAGES: Readonly<Record<string, string>> = {
  ...{ '.mjs': 'js', '.ts': 'ts', '.sh': 'sh', '.json': 'json', '.py': 'python' },
};

/** @returns all pages: path in the repository → path in the site */
export function projectPages(): Map<string, string> {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .sort();
  return new Map([...docs.map((name) => [posix.join('docs', name), name] as const), ...Object.entries(OUTSIDE)]);
}

/** Fenced blocks and inline code, where a bracket is no link. */
const CODE = /^(```|~~~)[\s\S]*?^\1[^\n]*$|`[^`\n]*`/gm;
const LINK = /\[((?:[^[\]]|`[^`]*`)*)\]\(([^)\s]+)\)|<img src="([^"]+)"/g;

/** Copies the pages into the site's folder; `edit` changes the Markdown of one. */
export function writePages(edit: (file: string, text: string) => string): void {
  const pages = projectPages();
  const shown = new Set<string>();
  for (const [file, page] of pages) {
    const text = edit(file, readFileSync(join(root, file), 'utf8'));
    writePage(
      page,
      relink(text, (target) => siteTarget(file, target, pages, shown), page),
    );
  }
  for (const file of shown) writePage(`files/${file}.md`, sourcePage(file));
}

export function writePage(page: string, text: string): void {
  const path = join(pagesFolder, page);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/**
 * Links by what `resolve` makes of their targets, relative to `page`; undefined: only their text is
 * left.
 */
function relink(text: string, resolve: (target: string) => string | undefined, page: string): string {
  const kept: string[] = [];
  const away = text.replace(CODE, (code) => `\0${kept.push(code) - 1}\0`);
  // VitePress reads a page as a template of Vue: what is no image or comment is text.
  const linked = away
    .replace(/<(?!img |!--|\/?(?:a|div|span)[ >])/g, '&lt;')
    .replaceAll('{{', '&#123;&#123;')
    .replace(LINK, (whole, label: string, target: string, image: string) => {
      const [path, anchor] = (target ?? image).split('#') as [string, string?];
      if (/^[a-z]+:/.test(path) || path === '' || path.startsWith('./')) return whole;
      const to = resolve(path);
      if (to === undefined) return label;
      const relative = posix.relative(posix.dirname(page), to);
      const address = `${relative.startsWith('.') ? '' : './'}${relative}${anchor === undefined ? '' : `#${anchor}`}`;
      return image ? `<img src="${address}"` : `[${label}](${address})`;
    });
  return linked.replace(/\0(\d+)\0/g, (_, n) => kept[Number(n)]);
}

/** Where the site has what a link of a page leads to. */
function siteTarget(file: string, target: string, pages: Map<string, string>, shown: Set<string>): string | undefined {
  const path = posix.join(posix.dirname(file), decodeURI(target)).replace(/\/$/, '');
  if (!existsSync(join(root, path))) throw new Error(`${file}: ${target} leads nowhere`);
  const page = pages.get(path) ?? pages.get(posix.join(path, 'README.md'));
  if (page) return page;
  if (statSync(join(root, path)).isDirectory()) return undefined;
  if (/\.(png|svg)$/.test(path)) return copyPicture(path);
  const schema = path.match(/^schemas\/([\w-]+)\.json$/)?.[1];
  if (schema) return `reference/schemas/${schema}.md`;
  shown.add(path);
  return `files/${path}.md`;
}

function copyPicture(path: string): string {
  const to = path.replace(/^docs\//, '');
  mkdirSync(dirname(join(pagesFolder, to)), { recursive: true });
  writeFileSync(join(pagesFolder, to), readFileSync(join(root, path)));
  return to;
}

/** A page that shows a file of the project. */
function sourcePage(file: string): string {
  const text = readFileSync(join(root, file), 'utf8').trimEnd();
  return `---\nsearch: false\n---\n# ${file.split('/').at(-1)}\n\n\`${file}\`\n\n~~~~${LANGUAGES[extname(file)] ?? 'text'}\n${text}\n~~~~\n`;
}
