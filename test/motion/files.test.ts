/**
 * Motions in files: written and read again, given beside a phantom, and everything that can be
 * wrong with them in one line.
 */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as h5 from 'h5wasm/node';
import { LarmorError, simulate } from '../../host/api/index.ts';
import { readNpy } from '../../host/formats/npy.ts';
import { readMotionFile } from '../../host/phantom/motion/file.ts';
import { cases, skipWithoutCases } from '../../testing/cases.ts';
import { larmorSync } from '../../testing/larmor.ts';
import { writeHdf5 } from '../../testing/phantom-files.ts';
import { some } from '../../testing/some.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const write = (name: string, value: unknown): string => {
  writeFileSync(at(name), typeof value === 'string' ? value : JSON.stringify(value));
  return name;
};
const column = (values: readonly number[]) => ({ data: Float64Array.from(values) });

await writeHdf5(at('rest.phantom'), {
  'position/x': column([-0.03, -0.01, 0.01, 0.03]),
  'position/y': column([0.01, 0.02, -0.02, 0.01]),
  'position/z': column([0, 0.01, -0.01, 0.02]),
  'contrast/T1': column([1, 1, 1, 1]),
  'contrast/T2': column([0.1, 0.1, 0.1, 0.1]),
});

/** The signal of a short FID with gradients, all of it. */
function signal(phantom: string, ...args: readonly string[]): Float64Array {
  const { code, stderr } = larmorSync(
    ['simulate', 'epi', phantom, '--set', 'n=8', '-o', 's.npy', '-q', '--precision', 'f64', ...args],
    folder,
  );
  assert.equal(code, 0, stderr);
  return readNpy(at('s.npy')).data;
}
const apart = (a: Float64Array, b: Float64Array): number =>
  Math.sqrt(a.reduce((sum, value, n) => sum + (value - b[n]) ** 2, 0) / b.reduce((sum, value) => sum + value ** 2, 0));

const time = { t: [0, 0.004, 0.02], t_unit: [0, 1, 0], periodic: true, periods: [1, 1.5] };
const rows = (value: (spin: number, node: number) => number) =>
  [0, 1, 2, 3].map((spin) => [0, 1, 2].map((node) => value(spin, node)));
const everyKind = {
  motions: [
    {
      action: { type: 'HeartBeat', circumferential_strain: -0.1, radial_strain: 0.05, longitudinal_strain: 0.1 },
      time,
      spins: '1:2:3',
    },
    { action: { type: 'Rotate', pitch: 5, roll: -3, yaw: 10 }, time },
    { action: { type: 'Rotate', pitch: 0, roll: 0, yaw: -4, center: [0.01, 0, 0.02] }, time, spins: [2, 4] },
    {
      action: {
        type: 'FlowPath',
        ...{ dx: rows((spin, node) => 0.002 * spin * node), dy: rows(() => 0), dz: rows((_, node) => 0.01 * node) },
        spin_reset: rows((spin, node) => Number(spin === 2 && node === 2)),
      },
      time: { t: [0, 0.03], t_unit: [0, 1] },
    },
    {
      action: { type: 'Translate', dx: 0.001, dy: -0.002, dz: 0.003 },
      time: { t: [0.001, 0.05], t_unit: [0, 1] },
      spins: 'all',
    },
  ],
};

test('a phantom written with its motions is the same moving phantom', () => {
  const { code, stderr } = larmorSync(
    ['phantom', 'make', 'rest.phantom', '--motion', write('all.json', everyKind), '-o', 'all.phantom'],
    folder,
  );
  assert.equal(code, 0, stderr);
  const written = signal('all.phantom');
  assert.deepEqual(written, signal('rest.phantom', '--motion', 'all.json'));
  assert.ok(apart(written, signal('rest.phantom')) > 0.1);
});

test('reference files written again are the same moving phantoms', skipWithoutCases(), () => {
  for (const name of some(['flow', 'old_layout', 'rotate', 'heartbeat'], 2)) {
    const args = ['simulate', cases(`motion/${name}.seq`)];
    assert.equal(
      larmorSync(['phantom', 'make', cases(`motion/${name}.phantom`), '-o', 'again.phantom'], folder).code,
      0,
    );
    for (const [phantom, output] of [
      [cases(`motion/${name}.phantom`), 'a.npy'],
      ['again.phantom', 'b.npy'],
    ])
      assert.equal(larmorSync([...args, phantom, '-o', output, '-q'], folder).code, 0);
    assert.deepEqual(readFileSync(at('a.npy')), readFileSync(at('b.npy')), name);
  }
});

test('a rigid track, in .csv with and without names and in .json, is the rotations and translations that it says', () => {
  const named = write(
    'named.csv',
    '# seconds, metres, degrees\ntime, z, yaw\n0, 0, 0\n0.01, 0.002, 3\n0.03, -0.001, 5\n',
  );
  const plain = write('plain.csv', '0,0,0,0,0,0,0\n0.01,0,0,0.002,0,0,3\n0.03,0,0,-0.001,0,0,5\n');
  const track = {
    time: [0, 0.01, 0.03],
    translation: [
      [0, 0, 0],
      [0, 0, 0.002],
      [0, 0, -0.001],
    ],
    rotation: [
      [0, 0, 0],
      [0, 0, 3],
      [0, 0, 5],
    ],
  };
  const json = write('track.json', { track });
  const spelled = write('spelled.json', {
    motions: [
      {
        action: { type: 'Rotate', pitch: 0, roll: 0, yaw: 5, center: [0, 0, 0] },
        time: { t: track.time, t_unit: [0, 0.6, 1] },
      },
      { action: { type: 'Translate', dx: 0, dy: 0, dz: 0.002 }, time: { t: track.time, t_unit: [0, 1, -0.5] } },
    ],
  });
  const expected = signal('rest.phantom', '--motion', spelled);
  for (const file of [named, plain, json]) assert.ok(apart(signal('rest.phantom', '--motion', file), expected) < 1e-12);
  // A built-in phantom moves too.
  assert.ok(apart(signal('sphere', '--motion', json), signal('sphere')) > 1e-3);
});

test('a track of more rows than a call has room for arguments', () => {
  const rows = Array.from({ length: 200_000 }, (_, n) => `${n * 1e-3},${1e-4 * (n % 7)}`);
  const file = write('long.csv', ['time,x', ...rows].join('\n'));
  const { code, stderr } = larmorSync(['plan', 'fid', 'rest.phantom', '--motion', file, '-q'], folder);
  assert.equal(code, 0, stderr);
});

let refusals = 0;
/**
 * A run of this phantom is refused in one line: as a call, and every fifth time through the
 * command.
 */
async function refused(pattern: RegExp, exitCode: number, phantom: string, motion?: string): Promise<void> {
  const options = { sequenceParameters: { n: 8 }, ...(motion === undefined ? {} : { motion: at(motion) }) };
  await assert.rejects(simulate('epi', at(phantom), options), (error: unknown) => {
    assert.ok(error instanceof LarmorError, String(error));
    assert.match(error.message, pattern);
    assert.equal(error.exitCode, exitCode);
    return true;
  });
  if (refusals++ % 5 !== 0) return;
  const given = motion === undefined ? [] : ['--motion', motion];
  const outcome = larmorSync(['simulate', 'epi', phantom, ...given, '--set', 'n=8', '-o', 'x.npy'], folder);
  assert.match(outcome.stderr.trim().split('\n').at(-1)!, pattern);
  assert.equal(outcome.code, exitCode, outcome.stderr);
}

test('motion files that are wrong', async () => {
  const motion = (name: string, more: object) =>
    write(name, { motions: [{ action: { type: 'Translate', dx: 0.01, dy: 0, dz: 0 }, ...more }] });
  const given = (file: string) => ['rest.phantom', file] as const;
  await refused(/a\.txt: not a motion file; give \.json or \.csv/, 2, ...given('a.txt'));
  await refused(/none\.csv: no such file/, 66, ...given('none.csv'));
  await refused(
    /bad\.csv:2: unknown column 'q'; give time, x, y, z/,
    65,
    ...given(write('bad.csv', '\ntime,q\n0,1\n')),
  );
  await refused(/nan\.csv:3: x is 'nan'; give a finite number/, 65, ...given(write('nan.csv', 'time,x\n0,1\n1,nan\n')));
  await refused(/short\.csv:3: 1 values for 2 columns/, 65, ...given(write('short.csv', 'time,x\n0,1\n1\n')));
  await refused(/one\.csv track: has 1 rows; give at least two/, 65, ...given(write('one.csv', 'time,x\n0,1\n')));
  await refused(
    /back\.csv track: its time curve runs back from 1 to 0\.5 s at knot 3/,
    65,
    ...given(write('back.csv', 'time,x\n0,0\n1,0\n0.5,0.01\n')),
  );
  await refused(
    /mm\.csv track: dx is 500, beyond ±100 m; check its unit/,
    65,
    ...given(write('mm.csv', 'time,x\n0,0\n1,500\n')),
  );
  await refused(/neither\.json: has neither 'track' nor 'motions'/, 65, ...given(write('neither.json', {})));
  await refused(
    /rows\.json: track\.rotation has 1 rows for 2 times/,
    65,
    ...given(write('rows.json', { track: { time: [0, 1], rotation: [[0, 0, 1]] } })),
  );
  assert.throws(
    () => readMotionFile(at(write('words.json', { track: { time: [0, 'x'] } })), 4),
    /words\.json: track\.time\[1\] is "x", not a number; give a finite number/,
  );
  await refused(
    /kind\.json: motions\[0\]\.action\.type is "Wobble"; give Translate, Rotate/,
    65,
    ...given(write('kind.json', { motions: [{ action: { type: 'Wobble' } }] })),
  );
  const spun = { type: 'Rotate', pitch: 0, roll: 0, yaw: 10, center: [0, 0, 0] };
  await refused(
    /spun\.json motions\[0\]: its spins turn by up to .* rad within .* s; check the units of its motions/,
    65,
    ...given(write('spun.json', { motions: [{ action: spun, time: { t: [0, 1], t_unit: [0, 1e308] } }] })),
  );
  await refused(
    /type\.json: motions\[0\]\.action\.type is missing; give Translate, Rotate/,
    65,
    ...given(write('type.json', { motions: [{ action: { 't ype': 'Rotate' } }] })),
  );
  await refused(
    /key\.json: unknown key 'motions\[0\]\.action\.dw'/,
    65,
    ...given(write('key.json', { motions: [{ action: { type: 'Translate', dx: 1, dy: 0, dz: 0, dw: 1 } }] })),
  );
  await refused(
    /range\.json motions\[0\]\.spins: range 2:9 is not within a phantom of 4 spins/,
    65,
    ...given(motion('range.json', { spins: '2:9' })),
  );
  await refused(
    /curve\.json motions\[0\]\.time: 2 times and 3 values of t_unit/,
    65,
    ...given(motion('curve.json', { time: { t: [0, 1], t_unit: [0, 1, 2] } })),
  );
  await refused(
    /again\.json motions\[0\]\.time: its time curve runs back/,
    65,
    ...given(motion('again.json', { time: { t: [1, 1], t_unit: [0, 1] } })),
  );
  await refused(
    /periods\.json motions\[0\]\.time: periods has a value that is not positive/,
    65,
    ...given(motion('periods.json', { time: { t: [0, 1], t_unit: [0, 1], periods: [1, -1] } })),
  );
  await refused(
    /twice\.csv:1: column 'x' is given twice/,
    65,
    ...given(write('twice.csv', 'time,x,x\n0,0,0\n1,0,0\n')),
  );
  await refused(
    /many\.json motions\[0\]: its time curve has .* knots within/,
    65,
    ...given(motion('many.json', { time: { t: [0, 1e-9], t_unit: [0, 1], periodic: true } })),
  );
  await refused(
    /far\.json motions\[0\]: its spins move to .* m, beyond ±10 m/,
    65,
    ...given(write('far.json', { motions: [{ action: { type: 'Translate', dx: 50, dy: 0, dz: 0 } }] })),
  );
  const path = { type: 'Path', dx: rows(() => 0), dy: rows(() => 0), dz: [[0, 1, 2]] };
  await refused(
    /path\.json: motions\[0\]\.action has 1 rows of 3 nodes for 4 spins/,
    65,
    ...given(write('path.json', { motions: [{ action: path }] })),
  );
  const whole = { ...path, dz: rows(() => 0) };
  await refused(
    /unit\.json motions\[0\]: t_unit is 1\.5 at knot 2, where its path has no node/,
    65,
    ...given(write('unit.json', { motions: [{ action: whole, time: { t: [0, 1], t_unit: [0, 1.5] } }] })),
  );
});

/** A copy of `all.phantom` with something in it changed. */
function damaged(name: string, change: (file: h5.File) => void): string {
  copyFileSync(at('all.phantom'), at(name));
  const file = new h5.File(at(name), 'a');
  change(file);
  file.close();
  return name;
}

test('numbers of a phantom file may be scalar datasets in place of attributes', async () => {
  await h5.ready;
  const changed = damaged('scalars.phantom', (file) => {
    const action = file.get('motion/motion_2/action') as h5.Group;
    for (const name of ['pitch', 'roll', 'yaw']) {
      const data = Number(action.attrs[name]!.value);
      action.delete_attribute(name);
      action.create_dataset({ name, data });
      assert.deepEqual((action.get(name) as h5.Dataset).shape, []);
    }
  });
  assert.deepEqual(signal(changed), signal('all.phantom'));
});

test('phantom files whose motions are wrong', async () => {
  await h5.ready;
  const group = (file: h5.File, path: string) => file.get(`motion/${path}`) as h5.Group;
  const attribute = (file: h5.File, path: string, name: string, value: string | number): void => {
    const at = group(file, path);
    at.delete_attribute(name);
    at.create_attribute(name, value);
  };
  const cases: [RegExp, (file: h5.File) => void][] = [
    [
      /motion_2\/action pitch is NaN|motion_2: pitch is NaN; give a finite number/,
      (file) => attribute(file, 'motion_2/action', 'pitch', Number.NaN),
    ],
    [
      /motion_2\/action: action 'Spin' is not known; give Translate/,
      (file) => attribute(file, 'motion_2/action', 'type', 'Spin'),
    ],
    [/motion_2\/time: type 'Clock' is not known/, (file) => attribute(file, 'motion_2/time', 'type', 'Clock')],
    [/motion_2\/time periodic: is 'maybe'/, (file) => attribute(file, 'motion_2/time', 'periodic', 'maybe')],
    [
      /motion_3\/spins: range 2:40 is not within a phantom of 4 spins/,
      (file) => attribute(file, 'motion_3/spins', 'range', '2:40'),
    ],
    [/motion_3\/spins: range is '4-2'/, (file) => attribute(file, 'motion_3/spins', 'range', '4-2')],
    [/motion_3\/action\/center: is '\(1, 2\)'/, (file) => attribute(file, 'motion_3/action', 'center', '(1, 2)')],
    [/motion_3\/spins: type 'SpinList' is not known/, (file) => attribute(file, 'motion_3/spins', 'type', 'SpinList')],
    [
      /motion_4\/action\/dx: has shape 3 × 4, but its span has 2 spins/,
      (file) => {
        attribute(file, 'motion_4/spins', 'type', 'SpinRange');
        group(file, 'motion_4/spins').create_attribute('range', '1:2');
      },
    ],
    [
      /motion_4\/action\/dz: spin 2, node 3 is NaN; give a finite number/,
      (file) => {
        (file.get('motion/motion_4/action/dz') as h5.Dataset).write_slice(
          [
            [2, 3],
            [1, 2],
          ],
          Float64Array.of(Number.NaN),
        );
      },
    ],
    [
      /motion_4\/action\/spin_reset: flag of spin 1, node 1 is 7; give 0 or 1/,
      (file) => {
        (file.get('motion/motion_4/action/spin_reset') as h5.Dataset).write_slice(
          [
            [0, 1],
            [0, 1],
          ],
          BigInt64Array.of(7n),
        );
      },
    ],
  ];
  for (const [n, [pattern, change]] of cases.entries())
    await refused(pattern, 65, damaged(`damaged${n}.phantom`, change));
});
