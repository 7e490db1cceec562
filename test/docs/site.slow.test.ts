/**
 * The documentation site as `npm run docs` builds it, served as files: every page is reached from
 * the first, links and pictures lead somewhere, the search finds, and nothing is asked of another
 * host. Slow because all pictures are simulated.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, posix } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openBrowser, type Page } from '../../testing/browser.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const site = join(root, 'build', 'site');

const TYPES: Readonly<Record<string, string>> = {
  ...{ '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' },
  ...{ '.svg': 'image/svg+xml', '.png': 'image/png' },
};

/** A server of files and no more, as any web server is. */
const server = createServer(({ url }, response) => {
  const path = join(site, decodeURI(url!.split('?')[0]).replace(/\/$/, '/index.html'));
  if (!existsSync(path)) response.writeHead(404).end();
  else response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'text/plain' }).end(readFileSync(path));
});

/** Attributes of a kind of element in a page. */
const attributes = (html: string, element: string, attribute: string): string[] =>
  [...html.matchAll(new RegExp(`<${element}\\b[^>]*? ${attribute}="([^"]*)"`, 'g'))].map(([, value]) =>
    value.replaceAll('&amp;', '&'),
  );

const read = (page: string): string => readFileSync(join(site, page), 'utf8');

describe('documentation site', { timeout: 30 * 60e3 }, () => {
  let origin = '';
  before(async () => {
    const { status, stderr, stdout } = spawnSync(process.execPath, [join(root, 'scripts/docs.mjs')], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, `${stdout}${stderr}`);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    server.unref();
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  test('every page is reached from the first, and every link and picture leads somewhere', () => {
    const pages = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'));
    const found = new Set(['index.html']);
    const broken: string[] = [];
    for (const page of found) {
      const html = read(page);
      for (const link of attributes(html, 'a', 'href')) {
        if (/^[a-z]+:/.test(link)) continue;
        const [path, anchor] = link.split('#') as [string, string?];
        const file = posix.resolve('/', posix.dirname(page), path === '' ? posix.basename(page) : path).slice(1);
        const name = path.endsWith('/') ? posix.join(file, 'index.html') : file;
        if (!existsSync(join(site, name))) broken.push(`${page}: ${link}`);
        else if (name.endsWith('.html')) {
          found.add(name);
          if (anchor && !read(name).includes(`id="${decodeURI(anchor)}"`)) broken.push(`${page}: ${link}`);
        }
      }
      for (const source of attributes(html, 'img', 'src'))
        if (!source.startsWith('data:') && !existsSync(join(site, source))) broken.push(`${page}: ${source}`);
      const pictures = html.match(/<img\b[^>]*>/g) ?? [];
      for (const picture of pictures) if (!/ alt="[^"]+"/.test(picture)) broken.push(`${page}: no alt in ${picture}`);
    }
    assert.deepEqual(broken, []);
    assert.deepEqual(
      pages.filter((page) => !found.has(page) && page !== '404.html'),
      [],
    );
    assert.ok(found.size > 60, `${found.size} pages`);
  });

  test('pages show their pictures, light and dark, wide and narrow, and ask for nothing elsewhere', async (t) => {
    const page = await openBrowser(t);
    if (!page) return;
    for (const name of ['index', 'tutorial', 'gallery', 'faq', 'reference/commands', 'reference/library/larmor/index'])
      for (const [width, isDark] of [
        [1280, false],
        [400, true],
      ] as const) {
        await page.size(width, 900);
        await page.dark(isDark);
        await page.open(`${origin}/${name}.html`);
        await page.until('document.readyState === "complete"');
        assert.equal(await hidden(page), '', name);
        assert.equal(await page.evaluate('document.documentElement.classList.contains("dark")'), isDark, name);
        const wider = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        assert.ok(wider <= 0, `${name} is ${wider} pixels wider than ${width}`);
      }
    assert.deepEqual(page.complaints, []);
    assert.deepEqual(elsewhere(page, origin), []);
  });

  test('the search finds a word and opens its page', async (t) => {
    const page = await openBrowser(t);
    if (!page) return;
    await page.open(`${origin}/index.html`);
    await page.until('!!document.querySelector(".DocSearch-Button")');
    await page.until(
      '(document.querySelector(".DocSearch-Button").click(), !!document.querySelector("#localsearch-input"))',
    );
    for (const letter of 'spurious') await page.key(letter);
    await page.until('document.querySelectorAll(".VPLocalSearchBox .result").length > 0');
    const titles = await page.evaluate<string>('document.querySelector(".VPLocalSearchBox .results").textContent');
    assert.match(titles, /My gradient echo/);
    await page.evaluate('document.querySelector(".VPLocalSearchBox .result").click()');
    await page.until('location.pathname !== "/index.html" && /spurious/i.test(document.body.textContent)');
    assert.deepEqual(elsewhere(page, origin), []);
  });
});

/** Sources of pictures that do not show. */
const hidden = (page: Page): Promise<string> =>
  page.evaluate<string>(`Promise.all([...document.images].map(async (image) => {
    image.loading = 'eager';
    try { await image.decode(); } catch { return image.src; }
    return image.naturalWidth > 0 ? '' : image.src;
  })).then((sources) => sources.join(''))`);

const elsewhere = (page: Page, origin: string): string[] =>
  page.requests.filter((request) => !request.startsWith(`${origin}/`) && !/^(data:|about:)/.test(request));
