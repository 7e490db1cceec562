/** Scanner files: what they may hold, and the line every wrong one is answered with. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { EXIT, LarmorError } from '../../host/base/errors.ts';
import { readScanner } from '../../host/sequence/scanner.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/types.ts';

const folder = mkdtempSync(join(tmpdir(), 'larmor-scanner-'));
after(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'scanner.json');

const read = (text: string): ReturnType<typeof readScanner> => {
  writeFileSync(path, text);
  return readScanner(path);
};

test('keys given replace defaults, the rest stays', () => {
  assert.deepEqual(read('{"B0": 3, "rfDeadTime": 0}'), { ...DEFAULT_SCANNER, B0: 3, rfDeadTime: 0 });
  assert.deepEqual(read('{}'), DEFAULT_SCANNER);
});

test('every wrong file is refused, naming file and key', () => {
  const wrong: [string, RegExp][] = [
    ['{"b0": 3}', /unknown key 'b0'; did you mean B0/],
    ['{"__proto__": 3}', /unknown key '__proto__'/],
    ['{"toString": 3}', /unknown key 'toString'/],
    ['{"B0": "3"}', /B0 is "3", not a number; give T from 0\.000001 to 100/],
    ['{"Gmax": null}', /Gmax is null, not a number/],
    ['{"Smax": 0}', /Smax is 0; give T\/m\/s from 0\.001 to 1000000000/],
    ['{"Gmax": -0.04}', /Gmax is -0\.04/],
    ['{"rfDeadTime": -1e-6}', /rfDeadTime is -0\.000001; give s from 0 to 10/],
    ['{"B1": 1e-12}', /B1 is 1e-12; give T from 1e-9 to 1/],
    ['{"Gmax": 1e-300}', /Gmax is 1e-300; give T\/m from/],
    ['{"rfRaster": 1e-12}', /rfRaster is 1e-12; give s from 1e-9 to 0\.1/],
    ['{"B0": 1e999}', /B0 is Infinity/],
    ['[3]', /not a JSON object/],
    ['null', /not a JSON object/],
    ['{"B0": }', /not JSON \(/],
    ['', /not JSON \(/],
  ];
  for (const [text, message] of wrong) {
    assert.throws(
      () => read(text),
      (error) =>
        error instanceof LarmorError &&
        error.exitCode === EXIT.badInput &&
        error.message.startsWith(`${path}: `) &&
        !error.message.includes('\n') &&
        message.test(error.message),
      text,
    );
  }
  assert.throws(
    () => readScanner(join(folder, 'none.json')),
    (error) => error instanceof LarmorError && error.exitCode === EXIT.missingInput,
  );
});
