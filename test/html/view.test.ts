/**
 * `larmor view` through the built command: to whom it answers, what its sliders do, and how it
 * ends.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parametersOf } from '../../host/api/live.ts';
import { builtinPhantoms } from '../../host/phantom/builtins.ts';
import { openBrowser } from '../../testing/browser.ts';
import { larmor } from '../../testing/larmor.ts';

const command = fileURLToPath(new URL('../../dist/larmor.js', import.meta.url));
const child = spawn(process.execPath, [command, 'view', 'gre', 'sphere', '--set', 'n=16', '--set', 'tr=50ms'], {
  stdio: ['ignore', 'pipe', 'pipe'],
});
const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
let url: URL;

before(async () => {
  let printed = '';
  for await (const part of child.stdout.setEncoding('utf8')) {
    printed += part;
    if (printed.includes('\n')) break;
  }
  url = new URL(printed.trim());
});
after(() => child.kill('SIGKILL'));

interface Asked {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

function ask({
  path = url.pathname,
  method = 'GET',
  headers = {},
  body,
}: Asked): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port: url.port, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode!, text }));
    });
    asking.once('error', reject);
    asking.end(body);
  });
}

test('sliders of whole numbers go from whole numbers on', () => {
  const declared = { n: { default: 64, unit: '', doc: 'the matrix', integer: true, minimum: 2 } } as const;
  for (const n of [2, 7, 63, 130]) {
    const [{ min, max }] = parametersOf('sequence', declared, { n });
    assert.ok(
      Number.isInteger(min) && Number.isInteger(max) && min >= 2 && min <= n && max > n,
      `${n}: ${min} to ${max}`,
    );
  }
});

test('the slider of a slab ends at what is possible for a head', () => {
  const declared = builtinPhantoms.head2d.parameters;
  const [{ min, max }] = parametersOf('phantom', declared, { slab: 0 });
  assert.equal(min, 0);
  assert.ok(max > 0.05 && max < 0.5, `${max}`);
});

test('it is on 127.0.0.1, under a path that nobody guesses', () => {
  assert.equal(url.hostname, '127.0.0.1');
  assert.match(url.pathname, /^\/[\w-]{32}\/$/);
});

test('requests of others are refused', async () => {
  const simulate = `${url.pathname}simulate`;
  const refused: readonly (readonly [string, Asked, number])[] = [
    ['no token', { path: '/' }, 403],
    ['another token', { path: `/${'x'.repeat(32)}/` }, 403],
    ['a file', { path: `${url.pathname}../../etc/passwd` }, 403],
    ['a file below', { path: `${url.pathname}raw.mrd` }, 404],
    ['another name', { path: `${url.pathname}other` }, 404],
    ['a name that resolves here', { headers: { Host: `evil.example:${url.port}` } }, 403],
    [
      'a page of another site',
      { path: simulate, method: 'POST', headers: { Origin: 'http://evil.example' }, body: '{}' },
      403,
    ],
    ['no settings', { path: simulate, method: 'POST', body: '[]' }, 400],
    ['no JSON', { path: simulate, method: 'POST', body: 'x' }, 400],
    ['settings without end', { path: simulate, method: 'POST', body: `{"a":"${'x'.repeat(70_000)}"}` }, 400],
  ];
  for (const [what, asked, status] of refused) assert.equal((await ask(asked)).status, status, what);
  const page = await ask({});
  assert.equal(page.status, 200);
  assert.match(page.text, /connect-src 'self'/);
});

test('another setting is another simulation; a wrong one is said', async () => {
  const simulate = async (settings: object) => {
    const { text } = await ask({ path: `${url.pathname}simulate`, method: 'POST', body: JSON.stringify(settings) });
    return JSON.parse(text.trim().split('\n').at(-1)!) as { data?: string; error?: string };
  };
  const [a, b] = [await simulate({ 'sequence.flip': 0.2 }), await simulate({ 'sequence.flip': 0.3 })];
  assert.ok(a.data && b.data && a.data !== b.data);
  assert.match((await simulate({ 'sequence.te': 1e-6 })).error!, /te/);
  assert.match((await simulate({ 'sequence.flop': 1 })).error!, /flop/);
  assert.match((await simulate({ path: '/etc/passwd' })).error!, /there is no setting/);
});

test('a slider in the browser shows the new image', async (t) => {
  const page = await openBrowser(t);
  if (!page) return;
  await page.open(url.href);
  await page.until("document.getElementById('report').dataset.ready === 'true'");
  const flip = () =>
    page.evaluate<string>(
      "[...document.querySelectorAll('.facts div')].find((e) => e.textContent.startsWith('Flip')).textContent",
    );
  const before = await flip();
  await page.evaluate(
    "[...document.querySelectorAll('#live .slider')].find((e) => e.textContent.startsWith('flip')).querySelector('input').focus()",
  );
  for (let n = 0; n < 5; n++) await page.key('ArrowRight');
  await page.until("/^Simulated in/.test(document.querySelector('#live .said').textContent)");
  assert.notEqual(await flip(), before);
  assert.deepEqual(page.complaints, []);
});

test('an interrupt ends it, and a taken port is an error', async () => {
  const taken = await larmor(['view', 'fid', 'column', '--port', url.port]);
  assert.equal(taken.code, 73, taken.stderr);
  assert.match(taken.stderr, /is taken; give another --port/);
  child.kill('SIGINT');
  assert.equal(await ended, 0);
});
