/**
 * The sums of a finished run: the same from memory and from the files of passes, in pieces that a
 * hash takes.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openSums, writeCheckpoint } from '../../host/run/checkpoint.ts';
import { bytesOfPasses, type CoilPass } from '../../host/run/passes.ts';
import { isZero, piecesOf, type Sums, sumsInFiles, sumsInMemory } from '../../host/run/sums.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const [COILS, SAMPLES] = [3, 300_000];
const whole = BigInt64Array.from({ length: 2 * COILS * SAMPLES }, (_, n) => BigInt(n));
/** The second begins with a coil of the first. */
const PASSES: readonly CoilPass[] = [0, 1].map((first) => ({ first, coils: 2 }));

function inFiles(): Sums {
  const folder = temporaryFolder();
  const plan = {
    spinCount: 1,
    tileSize: 8,
    tileCount: 1,
    scaleExponent: 0,
    precision: 'f32',
    parts: {},
    hash: 'x',
  } as const;
  const done = [{ first: 0, count: 1 }];
  const files = PASSES.map(({ first, coils }, pass) => {
    const sums = whole.subarray(2 * first * SAMPLES, 2 * (first + coils) * SAMPLES);
    writeCheckpoint(folder, plan, { title: 'x', coils, done, sums, pass, passes: PASSES.length });
    return openSums(folder, pass);
  });
  return sumsInFiles(files, PASSES, SAMPLES);
}

for (const [where, open] of [
  ['memory', () => sumsInMemory(whole, COILS, SAMPLES)],
  ['files', inFiles],
] as const)
  test(`sums in ${where}`, () => {
    const sums = open();
    let at = 0;
    for (const piece of piecesOf(sums)) {
      // 2 GiB in one array are more than a hash takes.
      assert.ok(piece.byteLength <= 2 ** 22, `${piece.byteLength}`);
      assert.deepEqual(piece, whole.subarray(at, at + piece.length));
      at += piece.length;
    }
    assert.equal(at, whole.length);
    assert.deepEqual(sums.read(2, 7, 2), whole.subarray(2 * (2 * SAMPLES + 7), 2 * (2 * SAMPLES + 9)));
    assert.equal(isZero(sums), false);
    sums.close();
  });

test('files of passes take what their coils do', () => {
  assert.equal(bytesOfPasses(PASSES, SAMPLES), 4 * 16 * SAMPLES);
  assert.equal(isZero(sumsInMemory(new BigInt64Array(2 * SAMPLES), 1, SAMPLES)), true);
});
