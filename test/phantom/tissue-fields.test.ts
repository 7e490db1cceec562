/** Tissue tables with times by field and shifts in ppm. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openPhantom } from '../../host/phantom/open.ts';
import { spinBlock } from '../../host/phantom/types.ts';
import { niftiFile } from '../../testing/phantom-files.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const folder = temporaryFolder();
writeFileSync(join(folder, 'labels.nii'), niftiFile([1, 1, 1], Uint8Array.of(1)));
async function spinAt(tissue: object, B0?: number) {
  writeFileSync(join(folder, 'labels.json'), JSON.stringify({ B0: 1.5, tissues: { 1: { density: 1, ...tissue } } }));
  const source = await openPhantom(join(folder, 'labels.nii'), {}, { warn() {}, ...(B0 && { B0 }) });
  const block = spinBlock(1);
  source.read(0, 1, block);
  return {
    T1: block.T1[0],
    T2: block.T2[0],
    offResonance: block.offResonance[0],
    B0: source.B0,
    knowsField: source.knowsField,
  };
}
const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual / expected - 1) < 1e-6, `${actual}, not ${expected}`);

test('T1 and T2 by field: as given, between them a power of B0, beyond them refused', async () => {
  const times = { T1: { '1.5': 0.9, 3: 1.2, 7: 1.8 }, T2: { '1.5': 0.1, 7: 0.05 } };
  const at3 = await spinAt(times, 3);
  near(at3.T1, 1.2);
  near(at3.T2, 0.1 * 0.5 ** (Math.log(2) / Math.log(7 / 1.5)));
  assert.equal(at3.knowsField, true);
  // Without a scanner the table's own field is taken.
  near((await spinAt(times)).T1, 0.9);
  await assert.rejects(spinAt(times, 9.4), /tissue 1 T2: is given at 1\.5, 7 T, and 9\.4 T is not between them/);
  await assert.rejects(spinAt({ ...times, T1: { high: 1 } }, 3), /'high' is not a field in T/);
  await assert.rejects(spinAt({ ...times, T1: {} }, 3), /T1: names no field/);
});

test('shifts in ppm add to offsets in Hz, at the field of the table', async () => {
  const spin = await spinAt({ T1: 1, T2: 0.1, shift: -3.4, offResonance: 10 }, 3);
  assert.equal(spin.B0, 1.5);
  near(spin.offResonance, 2 * Math.PI * (10 - 3.4e-6 * 42.5774688e6 * 1.5));
  await assert.rejects(
    spinAt({ T1: 1, T2: 0.1, shift: -220 }),
    /shift: is -220; give a number from −100 to 100 \[ppm\]/,
  );
});
