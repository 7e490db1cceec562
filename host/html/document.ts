/**
 * The report as one HTML file: the page's code and style, and the data, compressed, in base64. Text
 * from files is therefore never parsed as markup; only the title is written as text, escaped. The
 * content security policy in the head forbids the page to fetch anything, and to run any script but
 * its own.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';
import { assetPath } from '../base/assets.ts';
import { pack } from './pack.ts';
import { pageHtml } from './shell.ts';
import type { Report } from './types.ts';

/** The data as the page reads it. */
export function encodeReport(report: Report): Buffer {
  return deflateRawSync(pack(report));
}

export function reportHtml(report: Report): string {
  const script = readFileSync(assetPath('page/page.js'), 'utf8');
  const style = readFileSync(assetPath('page/page.css'), 'utf8');
  const hash = createHash('sha256').update(script).digest('base64');
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${hash}'`,
    "style-src 'unsafe-inline'",
    // The server that sent a live page simulates for it, or follows a run.
    ...(report.live || report.partial ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ];
  return pageHtml({
    ...{ title: report.title, policy, style },
    body: `<noscript>This report draws its pictures with JavaScript; allow it for this page. Nothing is loaded from the network.</noscript>
<main id="report"></main>
<template id="data">${encodeReport(report).toString('base64')}</template>
<script>${script}</script>`,
  });
}
