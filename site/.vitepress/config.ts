/** Settings of VitePress, which makes the site of the pages that site/build.ts gathered. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';
import { anchorOf } from '../markdown.ts';
import { SECTIONS } from '../navigation.ts';

const built = (name: string): string => fileURLToPath(new URL(`../../build/${name}`, import.meta.url));

export default defineConfig({
  title: 'Larmor',
  description: 'MRI simulator for clusters',
  lang: 'en-GB',
  // A site may put it anywhere: LARMOR_SITE_BASE=/larmor/ for https://host/larmor/.
  base: process.env.LARMOR_SITE_BASE ?? '/',
  srcDir: built('site-pages'),
  outDir: built('site'),
  cacheDir: built('site-cache'),
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  // Braces in the text are formulas, no attributes.
  markdown: {
    attrs: { disable: true },
    anchor: { slugify: anchorOf },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark' },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Tutorial', link: '/tutorial' },
      { text: 'Gallery', link: '/gallery' },
      { text: 'Playground', link: '/playground/index.html', target: '_self' },
      { text: 'Reference', link: '/reference/commands' },
    ],
    sidebar: SECTIONS.map(({ text, items }) => ({ text, items: [...items], collapsed: false })),
    docFooter: { prev: 'Before', next: 'Next' },
    footer: { message: 'Larmor is free software under the MIT licence.' },
  },
});
