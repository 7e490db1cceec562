/**
 * What the command does about files: locks, outputs that are inputs or each other, links, streams
 * that nobody reads.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { errorsIn, kill, LARMOR, run, simulate, start, transcript, until } from '../../testing/launch.ts';
import { some } from '../../testing/some.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { job } from './long-job.ts';

const small = ['simulate', 'fid', 'column', '-q'];
const kept = (cwd: string) => join(cwd, 'kept');

/** `larmor …` by a shell, for redirections. */
function shell(command: string, cwd: string) {
  const { status, stderr } = spawnSync('bash', ['-c', command], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, larmor: `${process.execPath} ${LARMOR}` },
  });
  assert.doesNotMatch(stderr, /\n\s+at /, 'no stack trace');
  return { code: status, stderr };
}

test('closed, full and unread streams: outputs are written, the code tells about results alone', () => {
  const cwd = temporaryFolder();
  const cases: [string, number][] = [
    ['>&- 2>&-', 0],
    ['2>&-', 0],
    ['2>/dev/full', 0],
    ['>/dev/full', 0],
    ['>/dev/full 2>/dev/full', 0],
    ['--json >/dev/null 2>/dev/full', 0],
    ['--json >/dev/full', 73],
    ['--json >/dev/full 2>/dev/full', 73],
    ['--json | head -c0; exit $PIPESTATUS', 73],
    ['--json 2>&1 >/dev/null | head -c0; exit $PIPESTATUS', 0],
  ];
  for (const [streams, code] of some(cases, 2)) {
    rmSync(join(cwd, 'raw.npy'), { force: true });
    const ended = shell(`$larmor simulate epi column --set n=8 -o raw.npy ${streams}`, cwd);
    assert.equal(ended.code, code, `${streams}: ${ended.stderr}`);
    assert.ok(existsSync(join(cwd, 'raw.npy')), streams);
    if (code === 73 && !streams.includes('2>'))
      assert.match(ended.stderr, /^larmor: standard output: .+; check its destination/m);
  }
  for (const command of some(['--help', 'info gre', 'info gre --json', 'plan fid column --json', 'doctor'], 2))
    assert.equal(shell(`$larmor ${command} >/dev/full`, cwd).code, 73, command);
});

test('an output that is an input, or another output, by whatever name', async () => {
  const cwd = temporaryFolder();
  spawnSync(process.execPath, [LARMOR, 'phantom', 'make', 'column', '-o', 'in.phantom'], { cwd });
  copyFileSync(join(cwd, 'in.phantom'), join(cwd, 'in.h5'));
  symlinkSync('in.h5', join(cwd, 'link.h5'));
  symlinkSync('.', join(cwd, 'here'));
  const before = readFileSync(join(cwd, 'in.h5'));
  for (const output of some(['link.h5', 'in.h5', './in.h5', 'here/in.h5'], 3)) {
    const ended = await run(['simulate', 'fid', 'in.h5', '-o', output], { cwd });
    assert.equal(ended.code, 2, transcript(ended));
    assert.match(errorsIn(ended)[0], /is an input of this run; name another file/);
  }
  assert.ok(readFileSync(join(cwd, 'in.h5')).equals(before));
  const twice = [
    ['a.npy', './a.npy'],
    ['a.npy', 'here/a.npy'],
    ['a.npy', 'a.npy'],
  ];
  for (const outputs of some(twice, 2)) {
    const ended = await run([...small, ...outputs.flatMap((path) => ['-o', path])], { cwd });
    assert.equal(ended.code, 2, transcript(ended));
    assert.match(errorsIn(ended)[0], /as an output; give each output a file of its own/);
  }
});

test('a link in the place of a partial file is not followed', () => {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'precious'), 'precious');
  // The shell's process becomes Larmor, so its number is known beforehand.
  const { code, stderr } = shell(
    'ln -s precious raw.npy.$$.partial; exec $larmor simulate fid column -q -o raw.npy',
    cwd,
  );
  assert.equal(code, 0, stderr);
  assert.equal(readFileSync(join(cwd, 'precious'), 'utf8'), 'precious');
  assert.deepEqual(readdirSync(cwd).sort(), ['precious', 'raw.npy']);
});

test('two jobs in one checkpoint folder: the second is refused, and a dead one leaves it free', async () => {
  const cwd = temporaryFolder();
  const args = ['simulate', ...job, '--checkpoint', 'kept', '--checkpoint-interval', '0.2'];
  const first = start(args, { cwd });
  await until('the lock', () => existsSync(join(kept(cwd), 'lock')));
  const second = await run([...args, '--resume'], { cwd });
  assert.equal(second.code, 73, transcript(second));
  assert.match(errorsIn(second)[0], new RegExp(`kept: is in use by process ${first.pid} on ${hostname()} since`));
  await until('a checkpoint', () => existsSync(join(kept(cwd), 'checkpoint.larmor')));
  kill(first.pid, 'SIGKILL');
  await first.ended;
  assert.ok(existsSync(join(kept(cwd), 'lock')));
  const resumed = await simulate([...args.slice(1), '--resume'], { cwd });
  assert.ok(resumed.tilesResumed > 0);
  assert.deepEqual(readdirSync(kept(cwd)).sort(), ['checkpoint.larmor', 'complete.json']);
});

test('locks of another host, of an earlier start of the same SLURM job, and what is no lock', async () => {
  const cwd = temporaryFolder();
  mkdirSync(kept(cwd));
  const lock = join(kept(cwd), 'lock');
  const holder = { host: 'n9', system: 'n9 another boot', pid: 7, started: '1', since: '2026-01-01T00:00:00.000Z' };
  const ended = async (text: string, age: number, environment = {}) => {
    writeFileSync(lock, text);
    const then = Date.now() / 1e3 - age;
    utimesSync(lock, then, then);
    return run([...small, '--checkpoint', 'kept'], { cwd, environment });
  };
  for (const text of some([JSON.stringify(holder), '', 'null', '{"pid":-1}', '[]'], 3)) {
    const silent = await ended(text, 70);
    assert.equal(silent.code, 0, `${text}: ${transcript(silent)}`);
    assert.ok(!existsSync(lock));
  }
  const slurm = JSON.stringify({ ...holder, slurm: { job: '42', restart: 1 } });
  const restarted = await ended(slurm, 0, { SLURM_JOB_ID: '42', SLURM_RESTART_COUNT: '2' });
  assert.equal(restarted.code, 0, transcript(restarted));
  // A living one renews its lock.
  const renewing = setInterval(() => writeFileSync(lock, slurm), 500);
  const refused = await ended(slurm, 20, { SLURM_JOB_ID: '43', SLURM_RESTART_COUNT: '2' }).finally(() =>
    clearInterval(renewing),
  );
  assert.equal(refused.code, 73, transcript(refused));
  assert.match(errorsIn(refused)[0], /in use by process 7 on n9 since 2026-01-01/);
});

test('--resume of a finished run whose output is missing, empty or replaced writes it again', async () => {
  const cwd = temporaryFolder();
  const args = ['simulate', 'epi', 'column', '--set', 'n=8', '--checkpoint', 'kept', '-o', 'raw.npy', '-o', 'raw.cfl'];
  const whole = await run(args, { cwd });
  assert.equal(whole.code, 0, transcript(whole));
  const status = () => run(['status', 'kept'], { cwd });
  assert.equal((await status()).code, 0);
  const right = readFileSync(join(cwd, 'raw.npy'));
  const header = readFileSync(join(cwd, 'raw.hdr'));
  const other = Buffer.from(right);
  other[right.length - 1] ^= 1;
  const spoilt: [string, () => void, RegExp, number][] = [
    ['raw.npy', () => rmSync(join(cwd, 'raw.npy')), /raw\.npy is missing; writing it again/, 75],
    ['raw.npy', () => writeFileSync(join(cwd, 'raw.npy'), ''), /raw\.npy is not what it wrote; writing it again/, 75],
    ['raw.npy', () => writeFileSync(join(cwd, 'raw.npy'), other), /raw\.npy is not what it wrote/, 0],
    ['raw.hdr', () => writeFileSync(join(cwd, 'raw.hdr'), 'other'), /raw\.hdr is not what it wrote/, 75],
  ];
  for (const [name, spoil, message, code] of some(spoilt, 2)) {
    spoil();
    assert.equal((await status()).code, code, 'by names and sizes');
    const again = await run([...args, '--resume'], { cwd });
    assert.equal(again.code, 0, transcript(again));
    assert.match(again.stderr, message);
    assert.match(again.stderr, /--resume: (\d+) of \1 tiles were done before/);
    assert.ok(readFileSync(join(cwd, 'raw.npy')).equals(right), name);
    assert.ok(readFileSync(join(cwd, 'raw.hdr')).equals(header), name);
  }
  const nothing = await run([...args, '--resume'], { cwd });
  assert.match(nothing.stderr, /nothing is left to do/);
});

test('status: tiles done, as text and JSON; what is no checkpoint', async () => {
  const cwd = temporaryFolder();
  const args = ['simulate', ...job, '--checkpoint', 'kept', '--checkpoint-interval', '0.2'];
  const running = start(args, { cwd });
  await until('a checkpoint', () => existsSync(join(kept(cwd), 'checkpoint.larmor')));
  kill(running.pid, 'SIGTERM');
  const stopped = await running.ended;
  assert.equal(stopped.code, 75, transcript(stopped));
  const [, done, total] = /after (\d+) of (\d+) tiles/.exec(stopped.stderr)!;
  const text = await run(['status', 'kept'], { cwd });
  assert.equal(text.code, 75);
  assert.ok(text.stdout.startsWith(`${done} of ${total} tiles, `), text.stdout);
  assert.match(text.stdout, /epi on head3d .*: not complete\n$/);
  const json = JSON.parse((await run(['status', 'kept', '--json'], { cwd })).stdout);
  assert.deepEqual(
    [json.schema.name, json.complete, json.done, json.total],
    ['status', false, Number(done), Number(total)],
  );
  mkdirSync(join(cwd, 'empty'));
  for (const [folder, code, what] of [
    ['nowhere', 66, /nowhere: no such folder; give/],
    ['raw.npy', 66, /no such folder/],
    ['empty', 65, /empty: holds no checkpoint; give/],
  ] as const) {
    const ended = await run(['status', folder], { cwd });
    assert.equal(ended.code, code, transcript(ended));
    assert.equal(errorsIn(ended).length, 1);
    assert.match(errorsIn(ended)[0], what);
  }
  writeFileSync(join(kept(cwd), 'checkpoint.larmor'), 'LARMORCK, but nothing of the kind that would be one');
  const damaged = await run(['status', 'kept'], { cwd });
  assert.equal(damaged.code, 65, transcript(damaged));
});
