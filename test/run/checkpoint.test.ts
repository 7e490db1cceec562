/** The checkpoint file by itself: what is written is read back, and nothing else is. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  describeFile,
  hasCheckpoint,
  prepareDirectory,
  readCheckpoint,
  readCompletion,
  recordCompletion,
  writeCheckpoint,
} from '../../host/run/checkpoint.ts';
import type { Plan } from '../../host/run/plan.ts';
import { findResumePoint } from '../../host/run/resume.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const parts = { version: '1', sequence: 'a', phantom: 'b', 'tile size': '8', precision: 'f32', kernels: 'k' };
const plan: Plan = {
  ...{ spinCount: 80, tileSize: 8, tileCount: 10, scaleExponent: 40, precision: 'f32' },
  ...{ parts, hash: 'one' },
};
const sums = BigInt64Array.from([1n, -2n, 2n ** 62n, -(2n ** 63n)]);
/** Of `sums`. */
const SIZE = { pass: 0, passes: 1, coils: 1, samples: 2 };
const done = [
  { first: 0, count: 3 },
  { first: 7, count: 1 },
];

test('sums and tiles come back; from shared memory too', () => {
  const folder = temporaryFolder();
  const shared = new BigInt64Array(new SharedArrayBuffer(sums.byteLength));
  shared.set(sums);
  writeCheckpoint(folder, plan, { title: 'epi on Köpfchen', coils: 1, done, sums: shared });
  assert.deepEqual(readdirSync(folder), ['checkpoint.larmor']);
  assert.deepEqual(readCheckpoint(folder, plan, SIZE), { done, sums });
});

test('every cut and every flipped byte is refused by name, exit 65', () => {
  const folder = temporaryFolder();
  writeCheckpoint(folder, plan, { title: 'epi', coils: 1, done, sums });
  const path = join(folder, 'checkpoint.larmor');
  const whole = readFileSync(path);
  const refused = (bytes: Uint8Array, what: string) => {
    writeFileSync(path, bytes);
    assert.throws(
      () => readCheckpoint(folder, plan, SIZE),
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
    bytes[at] ^= 0x11;
    refused(bytes, `byte ${at}`);
  }
  refused(Buffer.concat([whole, Buffer.alloc(8)]), 'something behind it');
});

test('a checkpoint of another run is refused with what differs', () => {
  const folder = temporaryFolder();
  writeCheckpoint(folder, plan, { title: 'epi on head2d', coils: 1, done, sums });
  const other = { ...plan, hash: 'two', parts: { ...parts, sequence: 'c', kernels: 'l' } };
  assert.throws(() => readCheckpoint(folder, other, SIZE), {
    exitCode: 65,
    message: /another run \(epi on head2d\), which differs in: sequence, kernels; /,
  });
});

test('sums of other coils are those of another run', () => {
  const folder = temporaryFolder();
  writeCheckpoint(folder, plan, { title: 'epi', coils: 2, done, sums });
  assert.deepEqual(readCheckpoint(folder, plan, { ...SIZE, coils: 2, samples: 1 }), { done, sums });
  assert.throws(() => readCheckpoint(folder, plan, SIZE), { exitCode: 65, message: /another run/ });
});

test('an unfinished run is not overwritten unasked, and --resume without a checkpoint begins', () => {
  const folder = temporaryFolder();
  const checkpoint = join(folder, 'new/deep');
  const options = { checkpoint, checkpointInterval: 1 };
  assert.deepEqual(findResumePoint(options, plan, [SIZE], [], 'none'), { pass: 0, done: [] });
  assert.deepEqual(findResumePoint({ ...options, resume: true }, plan, [SIZE], [], 'none'), { pass: 0, done: [] });
  writeCheckpoint(checkpoint, plan, { title: 'epi', coils: 1, done, sums });
  assert.throws(() => findResumePoint(options, plan, [SIZE], [], 'none'), { exitCode: 2, message: /--resume/ });
  assert.deepEqual(findResumePoint({ ...options, resume: true }, plan, [SIZE], [], 'none'), { pass: 0, done, sums });
});

test('a finished run leaves a record; resumed, it is complete only if its outputs are what it wrote', () => {
  const folder = temporaryFolder();
  const output = join(folder, 'a.npy');
  writeFileSync(join(folder, 'checkpoint.larmor.123.partial'), 'half');
  prepareDirectory(folder);
  assert.deepEqual(readdirSync(folder), []);
  const all = [{ first: 0, count: 10 }];
  writeCheckpoint(folder, plan, { title: 'epi', coils: 1, done: all, sums });
  writeFileSync(output, 'signal');
  const about = {
    planHash: 'one',
    noise: 'none',
    signalHash: 'h',
    tiles: 10,
    title: 'epi',
    finishedAt: 'now',
    summary: { tiles: 10 },
  };
  const record = { ...about, outputs: [describeFile(output)] };
  recordCompletion(folder, record);
  assert.deepEqual(readCompletion(folder), record);
  const resume = { checkpoint: folder, checkpointInterval: 1, resume: true };
  assert.deepEqual(findResumePoint(resume, plan, [SIZE], [[output]], 'none').completion, record);
  for (const spoil of [() => writeFileSync(output, 'sIgnal'), () => writeFileSync(output, ''), () => rmSync(output)]) {
    recordCompletion(folder, record);
    spoil();
    assert.deepEqual(
      findResumePoint(resume, plan, [SIZE], [[output]], 'none'),
      { pass: 0, done: all, sums },
      'only to be written again',
    );
    assert.equal(readCompletion(folder), undefined);
  }
  recordCompletion(folder, record);
  writeFileSync(output, 'signal');
  assert.deepEqual(
    findResumePoint(resume, plan, [SIZE], [[output]], 'some'),
    { pass: 0, done: all, sums },
    'other noise',
  );
  recordCompletion(folder, record);
  assert.deepEqual(findResumePoint({ ...resume, resume: false }, plan, [SIZE], [[output]], 'none'), {
    pass: 0,
    done: [],
  });
  assert.ok(!hasCheckpoint(folder), 'a finished run may be overwritten');
});

test('a header with any field wrong, negative, repeated or null is refused by name, checksum or not', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'checkpoint.larmor');
  const sound = {
    plan: { hash: 'one', parts, tileCount: 10 },
    title: 'epi',
    coils: 1,
    values: 4,
    done: [
      [0, 3],
      [7, 1],
    ],
  };
  writeFileSync(path, checkpointBytes(sound));
  assert.deepEqual(readCheckpoint(folder, plan, SIZE), { done, sums });
  const wrong: [string, unknown][] = [
    ...['plan', 'title', 'coils', 'values', 'done'].flatMap((name): [string, unknown][] => [
      [name, { ...sound, [name]: null }],
      [name, { ...sound, [name]: undefined }],
      [name, { ...sound, [name]: -1 }],
    ]),
    ...['hash', 'parts', 'tileCount'].map((name): [string, unknown] => [
      `plan.${name}`,
      { ...sound, plan: { ...sound.plan, [name]: null } },
    ]),
    ['plan.tileCount', { ...sound, plan: { ...sound.plan, tileCount: -10 } }],
    ['plan.parts', { ...sound, plan: { ...sound.plan, parts: { version: 1 } } }],
    ['values', { ...sound, coils: 3 }],
    ['values', { ...sound, values: 4.5 }],
    ['values', { ...sound, values: 1e300 }],
    ...[
      [
        [0, 3],
        [2, 1],
      ],
      [
        [7, 1],
        [0, 3],
      ],
      [[0, 11]],
      [[-1, 3]],
      [[0, -3]],
      [[0, 0]],
      [[0]],
      [[0, 1, 2]],
      [null],
      ['0,1'],
      {},
    ].map((ranges): [string, unknown] => ['done', { ...sound, done: ranges }]),
    ['header', null],
    ['header', [sound]],
  ];
  for (const [name, header] of wrong) {
    writeFileSync(path, checkpointBytes(header));
    const what = `${name} of ${JSON.stringify(header)}`;
    const message = `${path}: is damaged (its field '${name}' is wrong); remove it to start from the beginning`;
    assert.throws(() => readCheckpoint(folder, plan, SIZE), { exitCode: 65, message }, what);
  }
  writeFileSync(path, checkpointBytes({ ...sound, values: 2 ** 40 }));
  assert.throws(() => readCheckpoint(folder, plan, SIZE), { exitCode: 65, message: /is cut short/ });
  rmSync(path);
  spawnSync('mkfifo', [path]);
  assert.throws(() => readCheckpoint(folder, plan, SIZE), { exitCode: 65, message: /not a regular file/ });
});

/** A checkpoint with this header and a right checksum, whatever the header says. */
function checkpointBytes(header: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(16);
  prefix.write('LARMORCK', 'latin1');
  prefix.writeUInt32LE(2, 8);
  prefix.writeUInt32LE(text.length, 12);
  const body = Buffer.concat([prefix, text, new Uint8Array(sums.buffer)]);
  return Buffer.concat([body, createHash('sha256').update(body).digest()]);
}
