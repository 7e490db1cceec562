/** docs/pictures.md as what it tells its reader to type, and what that has to leave. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { larmor } from '../../testing/larmor.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

export const docs = fileURLToPath(new URL('../../docs', import.meta.url));
export const page = readFileSync(join(docs, 'pictures.md'), 'utf8');
const commands = [...page.matchAll(/^larmor (.*)$/gm)].map(([, args]) => args!.split(' '));

/**
 * A test of each of a scan's simulations and of the reconstruction in the next line, which makes
 * the very picture that the page shows.
 */
export function testCommands(scan: string): void {
  const simulations = [...commands.entries()].filter(([, [verb, name]]) => verb === 'simulate' && name === scan);
  assert.ok(simulations.length > 0, `docs/pictures.md simulates ${scan}`);
  for (const [n, simulate] of simulations)
    test(`larmor ${simulate.join(' ')}`, async () => {
      const own = temporaryFolder();
      const reconstruct = commands[n + 1];
      for (const command of [simulate, reconstruct]) {
        const { code, stderr } = await larmor(command, { folder: own });
        assert.equal(code, 0, stderr);
      }
      const name = reconstruct.at(-1)!;
      assert.deepEqual(readFileSync(join(own, name)), readFileSync(join(docs, 'pictures', name)));
    });
}
