/**
 * `larmor sweep`: its numbers against the Ernst formula, its rows against single simulations, what
 * is kept and what is refused.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sweep } from '../../host/api/index.ts';
import { larmor, larmorSync } from '../../testing/larmor.ts';
import { niftiFile } from '../../testing/phantom-files.ts';
import { some } from '../../testing/some.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const where = temporaryFolder();
const at = (name: string): string => join(where, name);

/** Runs `larmor sweep …` and returns its table. */
function rowsOf(args: string, code = 0): Record<string, string>[] {
  const ended = larmorSync(['sweep', ...args.split(' ')], where);
  assert.equal(ended.code, code, ended.stderr);
  return table(args.match(/-o (\S+)/)![1]);
}

function table(name: string): Record<string, string>[] {
  const [header = '', ...lines] = readFileSync(at(name), 'utf8').trimEnd().split('\n');
  return lines.map((line) => Object.fromEntries(header.split(',').map((column, n) => [column, line.split(',')[n]])));
}

test('the gradient echo of a sphere follows the Ernst formula, per region', () => {
  // A label in the middle of the sphere, one to its left, and a background.
  const labels = new Uint8Array(64 * 64);
  for (let n = 0; n < labels.length; n++) {
    const [x, y] = [(n % 64) - 31.5, Math.floor(n / 64) - 31.5];
    if (Math.hypot(x, y) < 17) labels[n] = x > 0 ? 1 : 2;
  }
  writeFileSync(at('labels.nii'), niftiFile([64, 64, 1], labels, [2, 2, 100], [-63, -63, 0]));
  // All spins are in the flat middle of a thick slice, and nothing transverse is left after a TR of
  // 20 T2.
  const scan = 'gre sphere --set flip=10deg:90deg:5 --set tr=1s,2s --set T2=50ms';
  const thin = '--set thickness=100mm --set slab=1mm --set n=16 --set dummies=30';
  const rows = rowsOf(
    `${scan} ${thin} --roi labels.nii --precision f64 -o ernst.csv --curve ernst.svg --sheet ernst.png`,
  );
  assert.equal(rows.length, 10);
  // The first parameter varies slowest; numbers are in SI.
  assert.deepEqual(
    rows.slice(0, 3).map(({ flip, tr }) => [Number(flip).toFixed(6), tr]),
    [
      ['0.174533', '1'],
      ['0.174533', '2'],
      ['0.523599', '1'],
    ],
  );
  const ernst = ({ flip, tr }: Record<string, string>): number => {
    const e1 = Math.exp(-Number(tr)); // T1 is 1 s
    return (Math.sin(Number(flip)) * (1 - e1)) / (1 - e1 * Math.cos(Number(flip)));
  };
  for (const label of ['1', '2']) {
    const levels = rows.map((row) => Number(row[`mean${label}`]) / ernst(row));
    for (const level of levels) {
      // 0.4 %: what relaxes during the pulse of 2 ms, a twenty-fifth of T2, depends on its angle.
      assert.ok(Math.abs(level / levels[0] - 1) < 5e-3, `region ${label}: ${levels}`);
    }
    // Pixels of 15.6 mm whose centres are within 34 mm of the middle, and to one side of it.
    assert.ok(rows.every((row) => Number(row[`pixels${label}`]) >= 3));
  }
  const figure = readFileSync(at('ernst.svg'), 'utf8');
  for (const text of ['gre on sphere', 'flip [°]', 'tr 1s', 'tr 2s', 'region 1', 'region 2'])
    assert.ok(figure.includes(`>${text}<`), text);
  assert.ok(existsSync(at('ernst.png')));
});

test('numbers of coils are numbers to draw along', () => {
  const rows = rowsOf('epi column --set n=8 --set option.coils=1,2 -o coils.csv --curve coils.svg');
  assert.deepEqual(
    rows.map((row) => row['option.coils']),
    ['1', '2'],
  );
  assert.ok(readFileSync(at('coils.svg'), 'utf8').includes('>option.coils<'));
});

const small = 'epi column --set n=8';

test('each row has the bits of the one simulation with its parameters', () => {
  const rows = rowsOf(
    `${small} --set scanner.B0=1.5,3 --set option.t2prime=none,analytic --set option.dt-rf=25us:50us:2 -o options.csv`,
  );
  assert.equal(rows.length, 8);
  assert.deepEqual(
    [rows[7]['scanner.B0'], rows[7]['option.t2prime'], rows[7]['option.dt-rf']],
    ['3', 'analytic', '0.00005'],
  );
  writeFileSync(at('three.json'), '{"B0": 3}');
  const one = 'simulate epi column --set n=8 --scanner three.json --t2prime analytic --dt-rf 25us --json -o one.npy';
  const { signalHash, planHash } = JSON.parse(larmorSync(one.split(' '), where).stdout);
  assert.deepEqual([rows[6].signalHash, rows[6].planHash], [signalHash, planHash]);
});

test('rows are kept, of this sweep and of others, and noise and regions tell them apart', () => {
  const kept = (args: string): number => {
    const ended = larmorSync(['sweep', ...`${small} ${args} -o kept.csv --json`.split(' ')], where);
    assert.equal(ended.code, 0, ended.stderr);
    return JSON.parse(ended.stdout).kept;
  };
  assert.equal(kept('--set te=30ms,50ms'), 0);
  const before = table('kept.csv');
  assert.equal(kept('--set te=30ms,50ms,70ms'), 2);
  assert.deepEqual(table('kept.csv').slice(0, 2), before);
  assert.equal(kept('--set te=50ms'), 1);
  assert.equal(table('kept.csv').length, 3, 'rows of other runs stay');
  assert.equal(kept('--set te=50ms --snr 20'), 0);
  assert.equal(kept('--set te=50ms --snr 20'), 1);
  const other = larmorSync(['sweep', ...`${small} --set flip=20deg -o kept.csv`.split(' ')], where);
  assert.match(other.stderr, /kept.csv has the columns n, te, .*, not those of this sweep; name another file/);
  assert.equal(other.code, 2);
});

test('parts share the runs, and the whole takes them over with their pictures', () => {
  const args = `${small} --set te=30ms,40ms,50ms,60ms,70ms --sheet parts.svg`;
  const sizes = ['1/2', '2/2'].map((part) => {
    const ended = larmorSync(['sweep', ...`${args} --part ${part} -o parts.csv`.split(' ')], where);
    assert.equal(ended.code, 0, ended.stderr);
    return table(`parts.part-${part.replace('/', '-of-')}.csv`).length;
  });
  assert.deepEqual(sizes, [3, 2]);
  const whole = larmorSync(['sweep', ...`${args} -o parts.csv --json -q`.split(' ')], where);
  const { kept, outputs } = JSON.parse(whole.stdout);
  assert.deepEqual([kept, outputs], [5, ['parts.csv', 'parts.svg']]);
  assert.deepEqual(
    table('parts.csv').map(({ te }) => te),
    ['0.03', '0.04', '0.05', '0.06', '0.07'],
  );
  assert.equal(readFileSync(at('parts.svg'), 'utf8').match(/>te \d0ms</g)?.length, 5);
});

test('a run that fails is a row with its message, and exit 65', () => {
  const ended = larmorSync(['sweep', ...`${small} --set te=1ms,30ms -o failed.csv`.split(' ')], where);
  assert.equal(ended.code, 65);
  assert.match(ended.stderr, /^larmor: failed.csv: 1 of 2 runs failed; see the column 'error'$/m);
  const [, bad, good] = readFileSync(at('failed.csv'), 'utf8').split('\n');
  assert.match(good!, /^8,0.03,[0-9a-f]{64},/);
  assert.match(bad!, /^8,0.001,,,,,,,,.*too short/);
});

test('a sweep that is stopped has the rows that were done, and goes on', async () => {
  const args = [
    'sweep',
    'epi',
    'head2d',
    '--set',
    'option.seed=1:20:20',
    '--set',
    'option.snr=20',
    '-o',
    'stopped.csv',
  ];
  const first = async (stderr: () => string): Promise<void> => {
    while (!stderr().includes('1 of 20')) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  const ended = await larmor(args, { folder: where, signal: { name: 'SIGTERM', when: first } });
  assert.equal(ended.code, 75, ended.stderr);
  const [, count] = ended.stderr.match(/stopped by SIGTERM after (\d+) of 20 runs, which are in stopped.csv/) ?? [];
  assert.equal(table('stopped.csv').length, Number(count));
});

test('the package yields rows with images', async () => {
  const rows = [];
  for await (const row of sweep('epi', 'column', {
    sequenceParameters: { n: 8 },
    vary: { te: ['30ms', 0.05, '1ms'] },
  }))
    rows.push(row);
  assert.deepEqual(
    rows.map(({ values }) => values.te),
    [0.03, 0.05, 0.001],
  );
  assert.deepEqual(rows[0].image!.matrix, [8, 8, 1]);
  assert.ok(rows[0].all!.mean > rows[1].all!.mean && rows[1].error === null);
  assert.match(rows[2].error!, /te=1ms is too short/);
  const wrong = sweep('epi', 'column', { vary: { te: ['30ms', 'long'] } });
  await assert.rejects(wrong.next(), { exitCode: 2, message: /^epi: te=long is not a number/ });
});

test('a table of failed runs alone does not stand in the way of another sweep', () => {
  rowsOf(`${small} --set te=1ms -o again.csv`, 65);
  assert.equal(rowsOf(`${small} --set flip=20deg -o again.csv`).length, 1);
});

const refused: readonly [args: string, message: RegExp][] = [
  ['gre sphere -o t.csv', /nothing varies; give for example --set flip/],
  ['gre sphere --set flip -o t.csv', /--set flip is not name=values/],
  ['gre sphere --set flop=1,2 -o t.csv', /neither gre nor sphere has a parameter 'flop'; did you mean flip\?/],
  ['gre sphere --set sequence.flop=1,2 -o t.csv', /gre has no parameter 'flop'; did you mean flip\?/],
  ['gre sphere --set te=3ms:x:4 -o t.csv', /te=3ms:x:4 is not start:stop:count; give numbers/],
  ['gre sphere --set te=3ms:5us:4 -o t.csv', /give both ends in one unit/],
  ['gre sphere --set te=3ms:5ms:0 -o t.csv', /the count is a whole number from 1/],
  ['gre sphere --set te=1ms:2ms:1000 --set tr=1:2:1000 -o t.csv', /1000000 runs; give at most 100000/],
  ['gre sphere --set te=1ms --set te=2ms -o t.csv', /te is varied twice/],
  [
    'gre sphere --set option.spin-per-voxel=20 -o t.csv',
    /no option --spin-per-voxel to vary; did you mean spins-per-voxel\?/,
  ],
  ['gre sphere --set option.t2prime=all -o t.csv', /option.t2prime=all; Allowed choices are none/],
  ['gre sphere --set te=3ms:5ms -o t.csv', /te=3ms:5ms is not start:stop:count; for example te=3ms:5ms:8/],
  ['gre sphere --set te=3ms,long -o t.csv', /gre: te=long is not a number/],
  ['gre sphere --set te=3ms --set n=8,8.5 -o t.csv', /gre: n=8.5 is not a whole number/],
  ['gre sphere --set radius=5cm,-5cm -o t.csv', /sphere: radius=-5cm is less than 0/],
  ['gre sphere --set te= -o t.csv', /gre: te= has no value/],
  ['gre sphere --set scanner.b0=1,2 -o t.csv', /unknown key 'scanner.b0'; did you mean B0\?/],
  ['gre sphere --set scanner.B0=1,-2 -o t.csv', /scanner.B0 is -2; give T from/],
  ['gre sphere --set scanner.__proto__.x=1 -o t.csv', /unknown key 'scanner.__proto__'/],
  ['gre sphere --exact --set option.tolerance=1e-5,1e-4 -o t.csv', /exact and .*tolerance contradict each other/],
  ['gre spheres --set te=3ms -o t.csv', /there is no phantom 'spheres'; did you mean sphere\?/],
  ['gree sphere --set te=3ms -o t.csv', /there is no sequence 'gree'; did you mean gre\?/],
  [
    'gre sphere --set option.t2prime=none,analytic -o t.csv --curve t.svg',
    /--curve t.svg: no parameter has several numb/,
  ],
  ['gre sphere --set te=3ms -o t.txt', /the table of a sweep is CSV; end it in .csv/],
  ['gre sphere --set te=3ms -o -', /a sweep cannot be written to standard output/],
  [
    'gre sphere --set te=3ms -o t.csv --part 3/2',
    /give the number of the part, from 1, and the number of parts, such as 2\/8/,
  ],
  ['gre sphere --set te=3ms -o t.csv --sheet t.gif', /t.gif: not a format of figures/],
];
for (const [args, message] of some(refused, 3)) {
  test(`larmor sweep ${args}: exit 2, one line`, () => {
    const { code, stderr } = larmorSync(['sweep', ...args.split(' ')], where);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
    assert.ok(!existsSync(at('t.csv')));
  });
}

test('outputs that are one file, and a table that is no file, are refused before the first run', () => {
  spawnSync('mkfifo', [at('pipe.csv')]);
  for (const [args, code, line] of [
    ['-o one.csv --curve x.svg --sheet x.svg', 2, /x\.svg is named twice as an output/],
    ['-o pipe.csv', 2, /pipe\.csv is not a regular file/],
  ] as const) {
    const ended = larmorSync(['sweep', 'epi', 'column', '--set', 'flip=10deg', ...args.split(' ')], where);
    assert.equal(ended.code, code, ended.stderr);
    assert.match(ended.stderr, line);
  }
});

test('label images that are none: exit 65', () => {
  for (const [labels, message] of [
    [new Uint8Array(8), /holds no labels but 0/],
    [undefined, /no such file/],
  ] as const) {
    rmSync(at('odd.nii'), { force: true });
    if (labels !== undefined) writeFileSync(at('odd.nii'), niftiFile([2, 2, 2], labels));
    const args = `sweep ${small} --set te=3ms --roi odd.nii -o odd.csv`;
    const { code, stderr } = larmorSync(args.split(' '), where);
    assert.equal(code, labels === undefined ? 66 : 65, stderr);
    assert.match(stderr, message);
  }
});
