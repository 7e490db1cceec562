/**
 * The table of `npm run validate`, a test per section, so that an error above its bound fails the
 * suite too: some of its rows every day, all of them with --slow.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { some } from '../testing/some.ts';
import { holds } from './report.ts';
import { sections } from './sections.ts';

for (const section of sections) {
  test(section.title, async (t) => {
    const missing = section.missing?.();
    if (missing !== undefined) {
      assert.notEqual(process.env.CI, 'true', missing);
      t.skip(missing);
      return;
    }
    const rows = await section.rows(some);
    assert.ok(rows.length > 0);
    for (const row of rows) assert.ok(holds(row), `${row.what}: ${row.value.toExponential(2)} > ${row.bound}`);
  });
}
