/** Serves a page as cross-origin isolated, so that it has threads and may measure its memory. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** @returns its address on this machine, until the test ends */
export async function serveIsolated(t: TestContext, html: Buffer): Promise<string> {
  const server = createServer((_, response) =>
    response
      .writeHead(200, {
        'Content-Type': 'text/html',
        'Cross-Origin-Opener-Policy': 'same-origin',
        'Cross-Origin-Embedder-Policy': 'require-corp',
      })
      .end(html),
  ).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
