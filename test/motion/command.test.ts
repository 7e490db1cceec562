/**
 * Moving and flowing spins through the built command, against signals that another program computed
 * to 1e-13.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readNpy } from '../../host/formats/npy.ts';
import { cases, skipWithoutCases } from '../../testing/cases.ts';
import { larmor } from '../../testing/larmor.ts';
import { caseError } from '../../testing/physics-cases.ts';
import { inTurn, some } from '../../testing/some.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const folder = temporaryFolder();

async function simulate(name: string, output: string, ...args: readonly string[]): Promise<Float64Array> {
  const sequence = cases(`motion/${name.replace('_int', '')}.seq`);
  const all = ['simulate', sequence, cases(`motion/${name}.phantom`), '-o', output, '-q', ...args];
  const { code, stderr } = await larmor(all, { folder });
  assert.equal(code, 0, stderr);
  return readNpy(join(folder, output)).data;
}

const square = (values: Float64Array): number => values.reduce((sum, value) => sum + value ** 2, 0);

const NAMES = ['rotate', 'translate', 'heartbeat', 'default_time', 'flow', 'flow_int', 'old_layout'];
const PRECISIONS = [
  ['f64', 1e-6],
  ['f32', 1e-5],
] as const;

for (const [n, name] of some(NAMES, 2).entries()) {
  test(`${name} in f64 and f32`, skipWithoutCases(), async () => {
    const { data } = readNpy(cases(`motion/${name.replace('_int', '')}.npy`));
    for (const [precision, limit] of inTurn(PRECISIONS, n)) {
      const found = await simulate(name, `${name}-${precision}.npy`, '--dt-rf', '1e-6', '--precision', precision);
      const off = Math.sqrt(square(found.map((value, n) => value - data[n])) / square(data));
      assert.ok(off < limit, `${precision}: ${off}`);
    }
  });
}

test('the same bits on one thread and on two, in tiles that groups cut', skipWithoutCases(), async () => {
  for (const name of some(['flow', 'heartbeat'], 2)) {
    for (const threads of ['1', '2']) await simulate(name, `${threads}.npy`, '--tile', '8', '--threads', threads);
    assert.deepEqual(readFileSync(join(folder, '1.npy')), readFileSync(join(folder, '2.npy')));
  }
});

test('a turning body among coils and a map of B1 that are fixed in space', skipWithoutCases(), async () => {
  const double = await caseError('combined-a', { options: ['--precision', 'f64', '--tile', '16'] });
  // Half of it B1 that is held over parts of a pulse, half f32 columns.
  assert.ok(double < 1e-7, `f64: ${double}`);
  const single = await caseError('combined-a');
  assert.ok(single < 1e-5, `f32: ${single}`);
});

/** A turn and then a beat, which is not separable: their movement is sampled. */
function turnAndBeat(): string {
  const time = (t: number) => ({ t: [0, t, 4 * t], t_unit: [0, 1, 0], periodic: true });
  const beat = { type: 'HeartBeat', circumferential_strain: -0.3, radial_strain: 0.2, longitudinal_strain: 0.1 };
  const motions = [
    { action: { type: 'Rotate', pitch: 10, roll: 0, yaw: 40 }, time: time(0.005) },
    { action: beat, time: time(0.004) },
  ];
  writeFileSync(join(folder, 'sampled.json'), JSON.stringify({ motions }));
  return 'sampled.json';
}

test('a sampled movement in a sequence without gradients is seen by nothing', async () => {
  const still = ['simulate', 'fid', 'grid', '--set', 'phantom.n=3', '-q', '-o'];
  for (const args of [['still.npy'], ['moved.npy', '--motion', turnAndBeat()]]) {
    const { code, stderr } = await larmor([...still, ...args], { folder });
    assert.equal(code, 0, stderr);
  }
  const [rest, moved] = ['still.npy', 'moved.npy'].map((name) => readNpy(join(folder, name)).data);
  const off = Math.sqrt(square(moved.map((value, n) => value - rest[n])) / square(rest));
  assert.ok(off < 1e-5, `${off}`);
});

test('more spins in more pieces than can be sampled are refused with both numbers', async () => {
  const scan = ['epi', 'grid', '--set', 'sequence.n=8', '--set', 'phantom.n=100'];
  const args = ['plan', ...scan, '--motion', turnAndBeat()];
  const { code, stderr } = await larmor(args, { folder });
  assert.equal(code, 65);
  assert.match(
    stderr,
    /\d+ spins whose movement is sampled in \d+ pieces of time: \S+, the limit is 2\.0e\+7; take fewer/,
  );
});

test('runs of moving spins say whether they may use fast methods', async () => {
  for (const [more, says] of [
    [[], /fast methods: no sample errs by more than 3e-6/],
    [['--exact'], /exact methods/],
  ] as const) {
    const args = ['simulate', 'fid', 'grid', '--set', 'phantom.n=3', '--motion', turnAndBeat(), '-o', 'm.npy', ...more];
    const { code, stderr } = await larmor(args, { folder });
    assert.equal(code, 0, stderr);
    assert.match(stderr, says);
  }
});

test('motions that start after the scan, or move nothing, are warned of once', async () => {
  const late = {
    track: {
      time: [100, 200],
      translation: [
        [0, 0, 0],
        [0.1, 0, 0],
      ],
    },
  };
  const nothing = { motions: [{ action: { type: 'Translate', dx: 0, dy: 0, dz: 0 } }] };
  for (const [n, motion] of [late, nothing].entries()) {
    writeFileSync(join(folder, 'inert.json'), JSON.stringify(motion));
    const args = ['simulate', 'fid', 'grid', '--set', 'phantom.n=2', '--motion', 'inert.json', '-o', `inert${n}.npy`];
    const { code, stderr } = await larmor(args, { folder });
    assert.equal(code, 0, stderr);
    assert.equal(stderr.match(/move no spin during the/g)?.length, 1, stderr);
  }
});

test('--resume with other motions says that these differ', async () => {
  const track = (far: number): object => ({
    track: {
      time: [0, 1],
      translation: [
        [0, 0, 0],
        [far, 0, 0],
      ],
    },
  });
  for (const far of [1e-3, 2e-3]) writeFileSync(join(folder, `${far}.json`), JSON.stringify(track(far)));
  const run = (...more: readonly string[]) =>
    larmor(['simulate', 'fid', 'column', '-q', '-o', 'track.npy', '--checkpoint', 'kept', ...more], { folder });
  assert.equal((await run('--motion', '0.001.json')).code, 0);
  const { code, stderr } = await run('--resume', '--motion', '0.002.json');
  assert.equal(code, 65, stderr);
  assert.match(stderr, /belongs to another run \(fid on column\), which differs in: motion; give another folder/);
  // Spins at rest have a tolerance of their own.
  assert.match((await run('--resume')).stderr, /which differs in: motion; /);
});

test('plan and info state the box that spins reach', async () => {
  const make = ['phantom', 'make', 'grid', '--set', 'n=2', '--set', 'spacing=20mm', '-o', 'grid.phantom', '-q'];
  assert.equal((await larmor(make, { folder })).code, 0);
  writeFileSync(join(folder, 'up.csv'), 'time, z\n0, 0\n2, 0.1\n');
  const moving = ['phantom', 'make', 'grid.phantom', '--motion', 'up.csv', '-o', 'up.phantom', '-q'];
  assert.equal((await larmor(moving, { folder })).code, 0);
  const json = async (...args: string[]): Promise<Record<string, number[] & { max: number[] }>> =>
    JSON.parse((await larmor([...args, '--json', '-q'], { folder })).stdout);
  const [planned, still, all] = await Promise.all([
    json('plan', 'fid', 'up.phantom', '--set', 'samples=1000', '--set', 'dwell=1ms'),
    json('plan', 'fid', 'grid.phantom'),
    json('info', 'up.phantom'),
  ]);
  assert.equal(still.reach, null);
  const near = (found: number, wanted: number): void => assert.ok(Math.abs(found - wanted) < 1e-3, `${found}`);
  near(all.reachMax[2], 0.11);
  near(all.reachMax[0], 0.01);
  near(all.reachMin[2], -0.01);
  // One second of two: half the way.
  near(planned.reach.max[2], 0.06);
});
