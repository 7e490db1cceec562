/**
 * `larmor view` of a checkpoint: the image so far while the run goes on, and folders that hold
 * none.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inflateRawSync } from 'node:zlib';
import { unpack } from '../../host/html/pack.ts';
import type { Report } from '../../host/html/types.ts';
import { inspectCheckpoint, writeCheckpoint } from '../../host/run/checkpoint.ts';
import { openBrowser } from '../../testing/browser.ts';
import { larmor } from '../../testing/larmor.ts';
import { reportIn } from '../../testing/reports.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const command = fileURLToPath(new URL('../../dist/larmor.js', import.meta.url));
const at = temporaryFolder();
const SCAN = 'simulate scan.seq head2d --exact --spins-per-voxel 16 --tile 512 --threads 1 -o out.mrd -q'.split(' ');
const SAVED = ['--checkpoint', 'saved', '--checkpoint-interval', '0.1s'];

interface Started {
  readonly child: ReturnType<typeof spawn>;
  readonly ended: Promise<number | null>;
}

function start(words: readonly string[]): Started {
  const child = spawn(process.execPath, [command, ...words], { cwd: at, stdio: ['ignore', 'pipe', 'ignore'] });
  return { child, ended: new Promise((resolve) => child.once('exit', resolve)) };
}

async function firstLine({ child }: Started): Promise<string> {
  let printed = '';
  for await (const part of child.stdout!.setEncoding('utf8')) {
    printed += part;
    if (printed.includes('\n')) break;
  }
  return printed.trim();
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('a run that goes on', async (t) => {
  const made = await larmor('sequence make gre --set n=64 -o scan.seq'.split(' '), { folder: at });
  assert.equal(made.code, 0, made.stderr);
  const run = start([...SCAN, ...SAVED]);
  t.after(() => run.child.kill('SIGKILL'));
  const saved = join(at, 'saved');
  const tiles = (): number => inspectCheckpoint(saved)?.header.done.reduce((sum, [, count]) => sum + count, 0) ?? 0;
  while (tiles() === 0) {
    assert.equal(run.child.exitCode, null, 'the run ended before it saved anything');
    await sleep(20);
  }
  const viewed = start(['view', 'saved', '-q']);
  t.after(() => viewed.child.kill('SIGKILL'));
  const url = await firstLine(viewed);
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/$/);
  const ask = async (known: number) => {
    const response = await fetch(`${url}partial`, { method: 'POST', body: String(known) });
    const { data, ...state } = (await response.json()) as {
      done: number;
      total: number;
      isComplete: boolean;
      data?: string;
    };
    const report = data === undefined ? undefined : unpack<Report>(inflateRawSync(Buffer.from(data, 'base64')));
    return { ...state, report };
  };

  // It is not disturbed: it stops as it would have, and goes on where it was.
  run.child.kill('SIGTERM');
  assert.equal(await run.ended, 75);
  const half = await ask(-1);
  assert.equal(half.done, tiles());
  assert.ok(half.done > 0 && half.done < half.total && !half.isComplete, `${half.done} of ${half.total}`);
  assert.match(half.report!.subtitle, new RegExp(`^Not finished: ${half.done} of ${half.total} tiles`));
  assert.equal((await ask(half.done)).report, undefined);
  assert.deepEqual(readdirSync(saved), ['checkpoint.larmor']);
  const status = async (name: string, body?: string, headers = {}): Promise<number> =>
    (await fetch(new URL(name, url), { ...(body !== undefined && { method: 'POST', body }), headers })).status;
  assert.equal(await status('partial', 'x'), 400);
  assert.equal(await status('partial', '{"done":1}'), 400);
  assert.equal(await status('partial'), 404);
  assert.equal(await status('simulate', '{}'), 404);
  assert.equal(await status('/partial', '0'), 403);
  assert.equal(await status('partial', '0', { Origin: 'http://evil.example' }), 403);

  const page = await openBrowser(t);
  if (page) {
    await page.open(url);
    await page.until("/tiles/.test(document.querySelector('#run .said')?.textContent)");
    assert.match(await page.evaluate('document.querySelector("#run .said").textContent'), /the page follows/);
  }
  const resumed = await larmor([...SCAN, ...SAVED, '--resume'], { folder: at });
  assert.equal(resumed.code, 0, resumed.stderr);
  const whole = await ask(half.done);
  assert.ok(whole.isComplete && whole.done === whole.total);
  const report = await larmor('report out.mrd -o out.html -q'.split(' '), { folder: at });
  assert.equal(report.code, 0, report.stderr);
  assert.deepEqual(whole.report!.image!.values, reportIn(join(at, 'out.html')).report.image!.values);
  assert.notDeepEqual(whole.report!.image!.values, half.report!.image!.values);
  if (page) {
    await page.until("/complete/.test(document.querySelector('#run .said').textContent)");
    assert.match(await page.evaluate('document.querySelector(".subtitle").textContent'), /^All \d+ tiles/);
    assert.deepEqual(page.complaints, []);
    assert.ok(page.requests.every((address) => address.startsWith(url)));
  }
  viewed.child.kill('SIGINT');
  assert.equal(await viewed.ended, 0);

  await t.test('folders that hold nothing to show are refused in one line', async () => {
    const { header, sums } = inspectCheckpoint(saved)!;
    const plan = { ...header.plan, spinCount: 0, tileSize: 0, scaleExponent: 0, precision: 'f32' } as const;
    const copy = (name: string, words: readonly string[] | undefined, folder = at): void => {
      mkdirSync(join(at, name));
      const started = words && { command: { words, folder } };
      writeCheckpoint(join(at, name), plan, { title: 'x', coils: header.coils, done: [], sums, ...started });
    };
    for (const name of ['empty', 'broken']) mkdirSync(join(at, name));
    const bytes = readFileSync(join(saved, 'checkpoint.larmor'));
    writeFileSync(join(at, 'broken', 'checkpoint.larmor'), bytes.subarray(0, bytes.length - 100));
    copy('program', undefined);
    copy('plan', ['plan', 'gre', 'head2d']);
    copy('nonsense', ['simulate', '--nonsense']);
    copy('moved', SCAN, join(at, 'nowhere'));
    copy('other', ['simulate', 'gre', 'sphere', '--set', 'n=8']);
    const refused: readonly (readonly [string[], number, RegExp])[] = [
      [['empty'], 65, /empty: holds no checkpoint; give the folder of --checkpoint/],
      [['broken'], 65, /checkpoint\.larmor: is cut short; /],
      [['program'], 65, /does not say by which command it was made; /],
      [['plan'], 65, /was made by 'larmor plan gre head2d'; /],
      [['nonsense'], 65, /was made by 'larmor simulate --nonsense'; /],
      [['moved'], 66, /nowhere: .*; .* names files in this folder/],
      [['other'], 65, /was made with another .*sequence.* than its command gives now; /],
      [['saved', '--set', 'te=5ms'], 2, /leave out --set$/m],
    ];
    for (const [words, code, text] of refused) {
      const outcome = await larmor(['view', ...words, '-q'], { folder: at });
      assert.equal(outcome.code, code, `${words}: ${outcome.stderr}`);
      assert.match(outcome.stderr, text);
      assert.equal(outcome.stderr.trim().split('\n').length, 1, outcome.stderr);
    }
  });
});
