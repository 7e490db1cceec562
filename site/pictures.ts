/**
 * Pictures of the pages, made by the commands on them. A comment
 *
 *     <!-- picture head.png: the head in an EPI -->
 *
 * becomes that picture, with the text as its alternative; in the repository it does not show. The
 * `sh` blocks of a page that has such comments run in their order in one folder, as a reader would
 * type them. What they made is kept until the page's commands or the build of Larmor change.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { commandBlocks, runBlocks } from '../testing/page-commands.ts';
import { anchorOf } from './markdown.ts';
import { pagesFolder, projectPages, root } from './pages.ts';

const PICTURE = /^<!-- picture /m;
const PICTURE_OR_HEADING = /^## (.+)$|<!-- picture (\S+): ([^>"]*?) -->/gm;
/** Where all pictures of a page are shown together, each a link to its section. */
const SHEET = '<!-- contact sheet -->';
/** Width at which an image of a small matrix is shown. */
const SHOWN = 384;

/** A page's Markdown with its pictures in place. */
export function illustrate(file: string, text: string): string {
  if (text.search(PICTURE) < 0) return text;
  const made = madeBy(file, commandBlocks(text));
  const page = projectPages().get(file)!;
  const shown: string[] = [];
  let heading = '';
  const illustrated = text.replace(PICTURE_OR_HEADING, (whole, title: string, name: string, alt: string) => {
    if (title !== undefined) {
      heading = title;
      return whole;
    }
    const own = join(dirname(page), 'made', page.replace(/^.*\/|\.md$/g, ''), name);
    mkdirSync(dirname(join(pagesFolder, own)), { recursive: true });
    copyFileSync(join(made, name), join(pagesFolder, own));
    const address = `./${own.slice(dirname(page) === '.' ? 0 : dirname(page).length + 1)}`;
    const image = imageOf(join(made, name), address, alt);
    shown.push(`<a href="#${anchorOf(heading)}"><img src="${address}" alt="${alt}"><span>${heading}</span></a>`);
    return image;
  });
  return illustrated.replace(SHEET, `<div class="sheet">${shown.join('')}</div>`);
}

function imageOf(path: string, address: string, alt: string): string {
  const width = path.endsWith('.png') ? readFileSync(path).readUInt32BE(16) : Number.POSITIVE_INFINITY;
  const size = width < SHOWN ? ` class="pixels" width="${width * Math.ceil(SHOWN / width)}"` : '';
  return `<img src="${address}" alt="${alt}"${size}>`;
}

/** @returns the folder with what the commands of a page wrote */
function madeBy(file: string, blocks: readonly string[]): string {
  const key = createHash('sha256').update(blocks.join('\n')).update(buildHash()).digest('hex').slice(0, 16);
  const kept = join(root, 'build', 'site-made', key);
  if (existsSync(kept)) return kept;
  const folder = `${kept}.${process.pid}`;
  mkdirSync(folder, { recursive: true });
  const { status, stderr } = runBlocks(blocks, folder);
  if (status !== 0) {
    rmSync(folder, { recursive: true });
    throw new Error(`${file}: a command failed: ${stderr}`);
  }
  renameSync(folder, kept);
  return kept;
}

/** Of the built command and its kernels. */
function buildHash(): Buffer {
  const hash = createHash('sha256');
  for (const name of readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' }).sort())
    if (/\.(js|wasm)$/.test(name)) hash.update(readFileSync(join(root, 'dist', name)));
  return hash.digest();
}
