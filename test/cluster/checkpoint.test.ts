/** The checkpoint file by itself: what is written is read back, and nothing else is. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  hasCheckpoint,
  prepareDirectory,
  readCheckpoint,
  readCompletion,
  recordCompletion,
  writeCheckpoint,
} from '../../host/cluster/checkpoint.ts';
import type { Plan } from '../../host/cluster/plan.ts';
import { findStart } from '../../host/cluster/restart.ts';
import { scratch } from './launch.ts';

const parts = { version: '1', sequence: 'a', phantom: 'b', 'tile size': '8', precision: 'f32', kernels: 'k' };
const plan: Plan = {
  ...{ spinCount: 80, tileSize: 8, tileCount: 10, scaleExponent: 40, precision: 'f32' },
  ...{ parts, hash: 'one' },
};
const sums = BigInt64Array.from([1n, -2n, 2n ** 62n, -(2n ** 63n)]);
const done = [
  { first: 0, count: 3 },
  { first: 7, count: 1 },
];

test('sums and tiles come back; from shared memory too', (t) => {
  const folder = scratch(t);
  const shared = new BigInt64Array(new SharedArrayBuffer(sums.byteLength));
  shared.set(sums);
  writeCheckpoint(folder, plan, 'epi on Köpfchen', done, shared);
  assert.deepEqual(readdirSync(folder), ['checkpoint.larmor']);
  assert.deepEqual(readCheckpoint(folder, plan, 4), { done, sums });
});

test('every cut and every flipped byte is refused by name, exit 65', (t) => {
  const folder = scratch(t);
  writeCheckpoint(folder, plan, 'epi', done, sums);
  const path = join(folder, 'checkpoint.larmor');
  const whole = readFileSync(path);
  const refused = (bytes: Uint8Array, what: string) => {
    writeFileSync(path, bytes);
    assert.throws(
      () => readCheckpoint(folder, plan, 4),
      (error: Error & { exitCode?: number }) => {
        assert.equal(error.exitCode, 65, `${what}: ${error.stack}`);
        assert.ok(error.message.startsWith(path) && !error.message.includes('\n'), error.message);
        return true;
      },
      what,
    );
  };
  for (let length = 0; length < whole.length; length++) refused(whole.subarray(0, length), `cut to ${length}`);
  for (let at = 0; at < whole.length; at++) {
    const bytes = Buffer.from(whole);
    bytes[at]! ^= 0x11;
    refused(bytes, `byte ${at}`);
  }
  refused(Buffer.concat([whole, Buffer.alloc(8)]), 'something behind it');
});

test('a checkpoint of another run is refused with what differs', (t) => {
  const folder = scratch(t);
  writeCheckpoint(folder, plan, 'epi on head2d', done, sums);
  const other = { ...plan, hash: 'two', parts: { ...parts, sequence: 'c', kernels: 'l' } };
  assert.throws(() => readCheckpoint(folder, other, 4), {
    exitCode: 65,
    message: /another run \(epi on head2d\), which differs in: sequence, kernels; /,
  });
});

test('an unfinished run is not overwritten unasked, and --resume without a checkpoint begins', (t) => {
  const folder = scratch(t);
  const checkpoint = join(folder, 'new/deep');
  const options = { checkpoint, checkpointInterval: 1 };
  assert.deepEqual(findStart(options, plan, 4, []), { done: [] });
  assert.deepEqual(findStart({ ...options, resume: true }, plan, 4, []), { done: [] });
  writeCheckpoint(checkpoint, plan, 'epi', done, sums);
  assert.throws(() => findStart(options, plan, 4, []), { exitCode: 2, message: /--resume/ });
  assert.deepEqual(findStart({ ...options, resume: true }, plan, 4, []), { done, sums });
});

test('a finished run leaves a record and no checkpoint; resumed, it is complete only if its outputs are there', (t) => {
  const folder = scratch(t);
  const output = join(folder, 'a.npy');
  writeFileSync(join(folder, 'checkpoint.larmor.123.partial'), 'half');
  prepareDirectory(folder);
  assert.deepEqual(readdirSync(folder), []);
  writeCheckpoint(folder, plan, 'epi', done, sums);
  const record = { planHash: 'one', signalHash: 'h', outputs: [output], finishedAt: 'now', summary: { tiles: 10 } };
  recordCompletion(folder, record);
  assert.ok(!hasCheckpoint(folder));
  assert.deepEqual(readCompletion(folder), record);
  const resume = { checkpoint: folder, checkpointInterval: 1, resume: true };
  writeFileSync(output, 'signal');
  assert.deepEqual(findStart(resume, plan, 4, [output]).completion, record);
  assert.equal(findStart(resume, plan, 4, [output, join(folder, 'b.npy')]).completion, undefined);
  assert.equal(readCompletion(folder), undefined, 'a new run takes the record away');
});
