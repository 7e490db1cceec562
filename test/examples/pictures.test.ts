/** docs/pictures.md: its pictures are there and small, and its commands run; those that take seconds only with `--slow`. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { folder, larmor } from '../../testing/larmor.ts';

const docs = fileURLToPath(new URL('../../docs', import.meta.url));
const page = readFileSync(join(docs, 'pictures.md'), 'utf8');
export const commands = [...page.matchAll(/^larmor (.*)$/gm)].map(([, args]) => args!.split(' '));

test('all pictures of the page are there, PNG and at most 20 kB', () => {
  const files = [...page.matchAll(/src="([^"]*)"/g)].map(([, file]) => readFileSync(join(docs, file!)));
  assert.equal(files.length, 6);
  for (const file of files) {
    assert.equal(file.toString('latin1', 1, 4), 'PNG');
    assert.ok(file.length <= 20_000, `${file.length} B`);
  }
});

for (const [n, args] of commands.entries())
  if (args[0] === 'simulate' && args[1] === 'epi')
    test(`larmor ${args.join(' ')}`, async () => {
      const own = folder();
      for (const command of [args, commands[n + 1]!]) {
        const { code, stderr } = await larmor(command, { folder: own });
        assert.equal(code, 0, stderr);
      }
      // The page shows this very picture.
      const name = commands[n + 1]!.at(-1)!;
      assert.deepEqual(readFileSync(join(own, name)), readFileSync(join(docs, 'pictures', name)));
    });
