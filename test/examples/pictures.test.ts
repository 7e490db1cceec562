/**
 * docs/pictures.md: its pictures are there and small, and its EPI commands make them;
 * pictures.slow.test.ts runs the others, which take seconds each.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { docs, page, testCommands } from './picture-page.ts';

test('all pictures of the page are there, PNG and at most 24 kB', () => {
  const files = [...page.matchAll(/src="([^"]*)"/g)].map(([, file]) => readFileSync(join(docs, file!)));
  assert.equal(files.length, 10);
  for (const file of files) {
    assert.equal(file.toString('latin1', 1, 4), 'PNG');
    assert.ok(file.length <= 24_000, `${file.length} B`);
  }
});

testCommands('epi');
