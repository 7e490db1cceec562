/**
 * A headless Chromium as tests drive it: pages opened, keys and mouse, values read back. It is
 * spoken to over a pair of pipes (`--remote-debugging-pipe`, messages of the DevTools protocol that
 * end in a zero byte), which needs no port and no package.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import type { TestContext } from 'node:test';
import { temporaryFolder } from './temporary.ts';
import { requireTool } from './tools.ts';

type Message = Readonly<Record<string, unknown>>;

export interface Page {
  /** Errors and warnings of the console, and exceptions. */
  readonly complaints: readonly string[];
  /** Addresses that were asked for, of the page itself too. */
  readonly requests: readonly string[];
  open(address: string): Promise<void>;
  /** The value of an expression, as JSON; promises are awaited. */
  evaluate<T>(expression: string): Promise<T>;
  /** Until an expression is true. */
  until(expression: string): Promise<void>;
  key(key: string, modifiers?: number): Promise<void>;
  drag(from: readonly [x: number, y: number], to: readonly [x: number, y: number]): Promise<void>;
  click(at: readonly [x: number, y: number]): Promise<void>;
  size(width: number, height: number): Promise<void>;
  dark(isDark: boolean): Promise<void>;
  /** Processor time of the page's main thread since it was opened [s]. */
  busy(): Promise<number>;
  /** The whole page as PNG. */
  screenshot(path: string): Promise<void>;
}

/** Arguments of a browser that draws WebGL in software, and of one that has none. */
export const SOFTWARE_WEBGL = ['--use-angle=swiftshader', '--enable-unsafe-swiftshader'];
export const NO_WEBGL = ['--disable-3d-apis'];

/** Starts the browser, or skips the test where there is none. It ends with the test. */
export async function openBrowser(t: TestContext, more: readonly string[] = []): Promise<Page | undefined> {
  const program = requireTool(t, 'chromium', 'chromium');
  if (!program) return undefined;
  const { page, close } = await startBrowser(program, more);
  t.after(close);
  return page;
}

/** The same outside of a test. */
export async function startBrowser(
  program: string,
  more: readonly string[] = [],
): Promise<{ readonly page: Page; readonly close: () => void }> {
  const child = spawn(
    program,
    [
      ...['--headless', '--remote-debugging-pipe', '--no-first-run', '--disable-gpu', '--hide-scrollbars', ...more],
      // The browser's own sandbox cannot be set up by root, which tests in containers are.
      ...['--no-sandbox', '--disable-dev-shm-usage', `--user-data-dir=${temporaryFolder()}`, 'about:blank'],
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
  );
  const close = (): void => {
    child.kill('SIGKILL');
  };
  return { page: await connect(child), close };
}

const PATIENCE_MS = 60_000;

/** Advice of the browser, such as on reading pixels often, is not about the page. */
const isError = (params: unknown): boolean => (params as { entry: { level: string } }).entry.level === 'error';

async function connect(child: ChildProcess): Promise<Page> {
  const [input, output] = [child.stdio[3] as Writable, child.stdio[4] as Readable];
  const waiting = new Map<number, { resolve: (value: Message) => void; reject: (error: Error) => void }>();
  const complaints: string[] = [];
  const requests: string[] = [];
  let loaded = (): void => {};
  let number = 0;
  let session: string | undefined;
  const heard = (message: Message): void => {
    const { id, method, params, error, result } = message as {
      id?: number;
      method?: string;
      params?: unknown;
      error?: { message: string };
      result?: Message;
    };
    if (id !== undefined) {
      const one = waiting.get(id);
      waiting.delete(id);
      if (error) one?.reject(new Error(error.message));
      else one?.resolve(result ?? {});
    } else if (method === 'Page.loadEventFired') loaded();
    else if (method === 'Network.requestWillBeSent')
      requests.push((params as { request: { url: string } }).request.url);
    else if (method === 'Runtime.exceptionThrown' || (method === 'Log.entryAdded' && isError(params)))
      complaints.push(JSON.stringify(params));
    else if (method === 'Runtime.consoleAPICalled' && /error|warn/.test((params as { type: string }).type))
      complaints.push(JSON.stringify(params));
  };
  let text = '';
  output.setEncoding('utf8').on('data', (part: string) => {
    text += part;
    const messages = text.split('\0');
    text = messages.pop()!;
    for (const one of messages) heard(JSON.parse(one));
  });
  input.on('error', () => {});
  const send = (method: string, params: Message = {}): Promise<Message> =>
    new Promise((resolve, reject) => {
      const id = ++number;
      const timer = setTimeout(() => reject(new Error(`${method}: no answer`)), PATIENCE_MS);
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T): void => {
          clearTimeout(timer);
          then(value);
        };
      waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
      input.write(`${JSON.stringify({ id, method, params, ...(session && { sessionId: session }) })}\0`);
    });

  const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
  session = (await send('Target.attachToTarget', { targetId, flatten: true })).sessionId as string;
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await send(`${domain}.enable`);
  await send('Performance.enable', { timeDomain: 'threadTicks' });

  const evaluate = async <T>(expression: string): Promise<T> => {
    const { result, exceptionDetails } = (await send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })) as {
      result: { value: T };
      exceptionDetails?: { exception?: { description?: string } };
    };
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description}`);
    return result.value;
  };
  const mouse = (type: string, [x, y]: readonly [number, number], buttons: number): Promise<Message> =>
    send('Input.dispatchMouseEvent', { type, x, y, button: 'left', buttons, clickCount: 1 });
  let width = 1280;
  const size = async (wide: number, height: number): Promise<void> => {
    width = wide;
    await send('Emulation.setDeviceMetricsOverride', { width: wide, height, deviceScaleFactor: 1, mobile: false });
  };
  await size(1280, 900);
  return {
    complaints,
    requests,
    evaluate,
    size,
    async open(address) {
      const load = new Promise<void>((resolve) => {
        loaded = resolve;
      });
      await send('Page.navigate', { url: address });
      await load;
    },
    async until(expression) {
      for (const begun = Date.now(); !(await evaluate<boolean>(expression)); ) {
        if (Date.now() - begun > PATIENCE_MS) throw new Error(`never true: ${expression}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async key(key, modifiers = 0) {
      const letters = key.length === 1 ? { text: key } : {};
      await send('Input.dispatchKeyEvent', { type: 'keyDown', key, code: key, modifiers, ...letters });
      await send('Input.dispatchKeyEvent', { type: 'keyUp', key, code: key, modifiers });
    },
    async drag(from, to) {
      await mouse('mouseMoved', from, 0);
      await mouse('mousePressed', from, 1);
      await mouse('mouseMoved', [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2], 1);
      await mouse('mouseMoved', to, 1);
      await mouse('mouseReleased', to, 0);
    },
    async click(at) {
      await mouse('mouseMoved', at, 0);
      await mouse('mousePressed', at, 1);
      await mouse('mouseReleased', at, 0);
    },
    async dark(isDark) {
      const features = [{ name: 'prefers-color-scheme', value: isDark ? 'dark' : 'light' }];
      await send('Emulation.setEmulatedMedia', { features });
    },
    async busy() {
      const { metrics } = (await send('Performance.getMetrics')) as { metrics: { name: string; value: number }[] };
      return metrics.find(({ name }) => name === 'TaskDuration')!.value;
    },
    async screenshot(path) {
      const height = await evaluate<number>('Math.ceil(document.documentElement.scrollHeight)');
      const clip = { x: 0, y: 0, width, height, scale: 1 };
      const { data } = await send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true, clip });
      writeFileSync(path, Buffer.from(data as string, 'base64'));
    },
  };
}
