/** The data that a report carries, read back as its page reads them. */
import { readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';
import { unpack } from '../host/html/pack.ts';
import type { Report } from '../host/html/types.ts';

export function reportIn(path: string): { readonly html: string; readonly report: Report } {
  const html = readFileSync(path, 'utf8');
  const data = html.match(/<template id="data">([A-Za-z0-9+/=]*)<\/template>/)?.[1] ?? '';
  return { html, report: unpack<Report>(inflateRawSync(Buffer.from(data, 'base64'))) };
}
