/**
 * Outputs that cannot be: extensions, folders, full disks. One line, exit 2 or 73, and nothing
 * half-written left.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { checkWritable, rawWriterFor, writeRaw } from '../../host/raw/index.ts';
import { run, scratch } from './fixture.ts';

const EXTENSIONS = ['.mrd', '.h5', '.npy', '.mat', '.cfl'];

function fails(step: () => void, exitCode: number, message: RegExp): void {
  assert.throws(step, (error: Error & { exitCode: number }) => {
    assert.equal(error.exitCode, exitCode, error.stack);
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });
}

test('an extension that names no format: exit 2 and the list of those that do', () => {
  for (const path of ['raw.nii', 'raw', '.mrd', 'raw.mrd.gz', 'folder.mrd/raw']) {
    fails(
      () => rawWriterFor(path),
      2,
      /\.mrd or \.h5 \(ISMRMRD\), \.npy \(NumPy\), \.mat \(MATLAB\) or \.cfl \(BART\)/,
    );
    fails(() => checkWritable(path), 2, /not a raw-data format/);
  }
  for (const extension of EXTENSIONS)
    assert.equal(rawWriterFor(`A${extension.toUpperCase()}`), rawWriterFor(`a${extension}`));
});

for (const extension of EXTENSIONS) {
  test(`${extension}: no folder, a file for a folder, a folder for a file: exit 73 before and at writing`, () => {
    const file = scratch();
    writeFileSync(file('regular'), '');
    mkdirSync(file(`folder${extension}`));
    for (const [name, message] of [
      [`missing/out${extension}`, /folder does not exist; create it first/],
      [`regular/out${extension}`, /not a folder/],
      [`folder${extension}`, /is a directory/],
    ] as const) {
      fails(() => checkWritable(file(name)), 73, message);
      fails(() => writeRaw(file(name), run()), 73, message);
    }
    assert.deepEqual(readdirSync(file('')).sort(), [`folder${extension}`, 'regular']);
  });

  test(`${extension}: a full disk: exit 73, nothing left, what stood there before untouched`, (t) => {
    const disk = smallDisk(t);
    if (!disk) return;
    const path = `${disk}/out${extension}`;
    writeRaw(path, run({ matrix: [4, 2, 1] }));
    const before = readdirSync(disk);
    const bytes = readFileSync(path);
    const large = run({ kind: 'radial', matrix: [1000, 100, 1] });
    fails(() => writeRaw(path, large), 73, /no space left/);
    assert.deepEqual(readdirSync(disk), before);
    assert.ok(readFileSync(path).equals(bytes));
  });

  test(`${extension}: checking leaves no trace`, () => {
    const file = scratch();
    checkWritable(file(`out${extension}`));
    assert.deepEqual(readdirSync(file('')), []);
    writeFileSync(file(`out${extension}`), 'what stood there');
    checkWritable(file(`out${extension}`));
    assert.equal(readFileSync(file(`out${extension}`), 'utf8'), 'what stood there');
  });
}

test('a folder that may not be written: exit 73', () => {
  const file = scratch();
  mkdirSync(file('locked'));
  chmodSync(file('locked'), 0o555);
  chmodSync(file(''), 0o755);
  // Root may write anywhere: the test is nobody's while it tries.
  const root = process.getuid?.() === 0;
  if (root) process.seteuid?.(65_534);
  try {
    fails(() => checkWritable(file('locked/out.mrd')), 73, /permission denied/);
    fails(() => writeRaw(file('locked/out.mrd'), run()), 73, /permission denied/);
  } finally {
    if (root) process.seteuid?.(0);
  }
});

test('cfl: a header that cannot be written takes the data with it', () => {
  const file = scratch();
  for (const companion of ['out.hdr', 'out_traj.cfl', 'out_traj.hdr']) {
    mkdirSync(file(companion));
    fails(() => checkWritable(file('out.cfl')), 73, /is a directory/);
    fails(() => writeRaw(file('out.cfl'), run({ kind: 'spiral' })), 73, /is a directory/);
    assert.deepEqual(readdirSync(file('')), [companion]);
    spawnSync('rmdir', [file(companion)]);
  }
});

test('a run too large for .mat is refused before it is simulated', () => {
  const size = { samples: 1e8, coils: 4, precision: 'f32' } as const;
  fails(() => checkWritable('/nowhere/out.mat', size), 73, /2 GiB per variable/);
});

/** A disk of 256 KiB, or nothing and the test skipped where mounting is not allowed. */
function smallDisk(t: TestContext): string | undefined {
  let folder = '';
  // Before `scratch`, so that the disk is gone when its folder is removed.
  t.after(() => spawnSync('umount', [folder]));
  folder = scratch()('disk');
  mkdirSync(folder);
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder]);
  if (status === 0) return folder;
  t.skip('mounting a small disk needs root');
  return undefined;
}
