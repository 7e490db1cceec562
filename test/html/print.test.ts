/**
 * A report on paper: as Chromium prints it, with everything that it says, light, and without pages
 * of blanks.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { larmorSync } from '../../testing/larmor.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { requireTool, runTool } from '../../testing/tools.ts';

test('the report of the default scan fits on four pages', (t) => {
  const chromium = requireTool(t, 'chromium', 'chromium');
  const [pdfinfo, pdftotext] = ['pdfinfo', 'pdftotext'].map((name) => requireTool(t, name, 'poppler-utils'));
  if (!chromium || !pdfinfo || !pdftotext) return;
  const at = temporaryFolder();
  larmorSync(['simulate', '-o', 'raw.mrd', '--report', 'report.html', '-q'], at);
  const pdf = join(at, 'report.pdf');
  const options = ['--headless', '--disable-gpu', '--no-sandbox', '--no-pdf-header-footer', `--user-data-dir=${at}`];
  const address = pathToFileURL(join(at, 'report.html')).href;
  runTool(chromium, [...options, '--virtual-time-budget=10000', `--print-to-pdf=${pdf}`, address]);
  const pages = Number(runTool(pdfinfo, [pdf]).match(/^Pages:\s+(\d+)$/m)?.[1]);
  assert.ok(pages >= 3 && pages <= 4, `${pages} pages`);
  const text = runTool(pdftotext, ['-layout', pdf, '-']);
  const headings = [
    'epi on head2d',
    'Image',
    'Sequence, k-space and signal',
    'One readout',
    'Phantom',
    'How it was computed',
  ];
  let from = 0;
  for (const heading of [...headings, 'Where it comes from']) {
    from = text.indexOf(heading, from);
    assert.ok(from >= 0, `${heading} is missing or out of order`);
  }
  // Each page but the last holds several parts: none was left for a single picture.
  for (const page of text.split('\f').slice(0, pages - 1)) assert.ok(page.trim().split('\n').length > 10, page);
});
