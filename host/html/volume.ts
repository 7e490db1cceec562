/**
 * The page of a volume: its name, what is known of it, and the script that draws it. Script, NiiVue
 * and the volume are files of the server that sends this page, from which alone its content
 * security policy lets it load. Pictures may be data: NiiVue carries its font as one.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { assetPath } from '../base/assets.ts';
import { escaped, pageHtml } from './shell.ts';

/** @param facts names and texts */
export function volumeHtml(title: string, facts: readonly (readonly [string, string])[]): string {
  const style = readFileSync(assetPath('page/page.css'), 'utf8');
  const hash = createHash('sha256').update(style).digest('base64');
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "connect-src 'self'",
    'img-src data:',
    `style-src 'sha256-${hash}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ];
  const rows = facts.map(([name, text]) => `<div><dt>${escaped(name)}</dt><dd>${escaped(text)}</dd></div>`);
  return pageHtml({
    ...{ title, policy, style },
    body: `<main>
<header>
<h1>${escaped(title)}</h1>
<p class="about">Click to move the crosshair, scroll to change the slice, drag with the right button to set black and white levels. Radiological convention: the patient’s right is on the left.</p>
<dl class="facts">${rows.join('')}</dl>
</header>
<section id="volume"></section>
</main>
<script type="module" src="volume.js"></script>`,
  });
}
