/**
 * The digest of a phantom: sensitive to every bit of every spin and to their order, whoever reads
 * which part.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { boundsBuilder, surveyOf, WALK_SPINS } from '../../host/phantom/bounds.ts';
import { COLUMN_NAMES } from '../../host/phantom/columns.ts';
import {
  addDigests,
  blockDigests,
  digestCheck,
  digestSpins,
  digestText,
  openFastDigest,
  plainDigest,
} from '../../host/phantom/digest.ts';
import { openPhantom } from '../../host/phantom/open.ts';
import { type SpinBlock, spinBlock } from '../../host/phantom/types.ts';
import { matFile, writeHdf5, writeTable } from '../../testing/phantom-files.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const folder = temporaryFolder();
const COUNT = 1000;

function spins(): SpinBlock {
  const block = spinBlock(COUNT);
  for (const [c, name] of COLUMN_NAMES.entries()) {
    block[name].set(Float32Array.from({ length: COUNT }, (_, n) => Math.sin(n + 100 * c) + 2));
  }
  return block;
}

test('any bit of any value, its sign and the order of spins change both halves', () => {
  const text = (block: SpinBlock): string => digestText(digestSpins(0, COUNT, block));
  const seen = new Set([text(spins())]);
  let made = 1;
  for (const name of COLUMN_NAMES) {
    for (const bit of [0, 1, 15, 22, 23, 30, 31]) {
      const block = spins();
      const bits = new Int32Array(block[name].buffer, block[name].byteOffset, COUNT);
      bits[537] = bits[537] ^ (1 << bit);
      seen.add(text(block));
      made++;
    }
  }
  // All of a column turned round, two spins exchanged, two signs changed at once.
  const turn = (column: Float32Array, from: number, to: number): void => {
    for (let n = from; n < to; n++) column[n] = -column[n];
  };
  for (const change of [
    (block: SpinBlock) => turn(block.x, 0, COUNT),
    ({ x, y }: SpinBlock) => {
      turn(x, 3, 4);
      turn(y, 3, 4);
    },
    (block: SpinBlock) => {
      for (const name of COLUMN_NAMES) block[name].subarray(3, 5).reverse();
    },
  ]) {
    const block = spins();
    change(block);
    seen.add(text(block));
    made++;
  }
  assert.equal(seen.size, made);
  assert.equal(new Set([...seen].map((digest) => digest.slice(0, 8))).size, made);
  assert.equal(new Set([...seen].map((digest) => digest.slice(8))).size, made);
});

test('digests are those that files of earlier versions contain, with and without WebAssembly', () => {
  const columns = COLUMN_NAMES.map((_, c) => Float32Array.from({ length: 9001 }, (_, n) => n / 4 - c));
  const block = Object.fromEntries(COLUMN_NAMES.map((name, c) => [name, columns[c]])) as unknown as SpinBlock;
  const first = 2 ** 33 + 7;
  assert.equal(digestText(digestSpins(first, 9001, block)), '51ed322ca9e613c2');
  for (const digest of [plainDigest, openFastDigest()])
    assert.equal(digestText(digest(first | 0, 9001, columns, 0)), '51ed322ca9e613c2');
});

test('parts add up to the whole', () => {
  const block = spins();
  const whole = digestSpins(5, COUNT, block);
  for (const cut of [1, 8, 333, 999]) {
    assert.deepEqual(addDigests(digestSpins(5, cut, block), digestSpins(5 + cut, COUNT - cut, block, cut)), whole);
  }
});

test('a survey finds what one that was split finds', async () => {
  const source = await openPhantom('grid', { n: '45' });
  const { digest, bounds } = surveyOf(source.spinCount, source.read);
  const parts = [30000, WALK_SPINS, source.spinCount];
  const builder = boundsBuilder();
  let sum = digestSpins(0, 0, spinBlock(0));
  for (let first = 0, n = 0; first < source.spinCount; n++) {
    const count = Math.min(parts[n], source.spinCount - first);
    const block = spinBlock(count);
    source.read(first, count, block);
    builder.add(count, block);
    sum = addDigests(sum, digestSpins(first, count, block));
    first += count;
  }
  assert.deepEqual([sum, builder.bounds], [digest, bounds]);
});

test('blocks are checked by whoever reads them without gaps', () => {
  const spinCount = 3 * 65536;
  const block = spinBlock(spinCount);
  for (let n = 0; n < spinCount; n++) block.T1[n] = 1 + n / spinCount;
  const { digests, add } = blockDigests(spinCount);
  add(0, spinCount, block);
  const part = (first: number, count: number): SpinBlock =>
    Object.fromEntries(
      COLUMN_NAMES.map((name) => [name, block[name].slice(first, first + count)]),
    ) as unknown as SpinBlock;
  const walk = (from: number, step: number, end = spinCount): (() => void) => {
    const check = digestCheck('p', spinCount, digests, (first, count, into) => {
      const spins = part(first, count);
      for (const name of COLUMN_NAMES) into[name].set(spins[name]);
    });
    return () => {
      for (let first = from; first < end; first += step) {
        const count = Math.min(step, end - first);
        // Tiles are read again by --verify and by forecasts.
        for (let times = 0; times < 1 + (first % 3); times++) check(first, count, part(first, count));
      }
    };
  };
  walk(0, 4096)();
  walk(0, 50000)();
  block.T1[65536 + 7] = 2;
  assert.throws(walk(0, 4096), /spins 65536 to 131071 are not those/);
  assert.throws(walk(40000, 10001), /spins 65536 to 131071 are not those/);
  // Of two ranks whose shares meet inside the block the second completes it, whichever of them
  // reads the change.
  for (const border of [65536 + 5, 65536 + 8, 131071]) {
    walk(0, 4096, border)();
    assert.throws(walk(border, 4096), /spins 65536 to 131071 are not those/);
  }
});

test('spins that no sample would meet tell two files apart', async () => {
  const spinCount = 100_000;
  const make = (name: string, changed: number): Promise<string> =>
    writeHdf5(join(folder, name), {
      'position/x': { data: new Float64Array(spinCount).fill(0.01) },
      'contrast/T1': { data: new Float64Array(spinCount).fill(1).fill(1.25, changed, changed + 1) },
      'contrast/T2': { data: new Float64Array(spinCount).fill(0.1) },
    });
  const identities = new Set<string>();
  for (const changed of [2000, 2001, 50_000, 99_000]) {
    const source = await openPhantom(await make(`${changed}.phantom`, changed));
    identities.add(source.identity);
    source.close();
  }
  assert.equal(identities.size, 4);
});

test('label images are told apart by every voxel', async () => {
  const tissues = writeTable(join(folder, 't.json'), [1, 2], { voxelSize: 0.001 });
  const identities = new Set<string>();
  for (const voxel of [0, 1500, 39_999]) {
    const data = new Uint8Array(40_000).fill(1);
    data[voxel] = 2;
    const path = join(folder, `${voxel}.mat`);
    writeFileSync(path, matFile([{ name: 'a', dims: [200, 200], data }]));
    identities.add((await openPhantom(path, { tissues })).identity);
  }
  assert.equal(identities.size, 3);
});
