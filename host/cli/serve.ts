/**
 * A server for the page of one report, for the user of this machine: on 127.0.0.1 only, under a
 * path that is known only from the printed address. Pages of other sites cannot reach it: they do
 * not know the path, and a name that they make resolve to 127.0.0.1 (DNS rebinding) is rejected by
 * the Host header. Files are those that the page names, and no others.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cannotWrite } from '../base/errors.ts';
import type { PartialRun } from '../html/types.ts';

/** What is served. */
export interface Served {
  readonly html: () => string | Promise<string>;
  /**
   * Simulates with other parameters; absent: the page has no sliders.
   * @param tell receives the progress
   * @returns the data of the report, in the form that the page unpacks
   */
  readonly simulate?: (
    settings: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
    tell: (done: number, total: number) => void,
  ) => Promise<Buffer>;
  /**
   * Progress of a run; absent: the page does not follow one.
   * @param known tiles that the page shows
   */
  readonly partial?: (known: number) => PartialState;
  /** Files beside the page, by name. */
  readonly files?: Readonly<Record<string, () => ServedFile | Promise<ServedFile>>>;
}

export interface ServedFile {
  /** MIME. */
  readonly type: string;
  readonly body: Buffer | string;
}

export interface PartialState extends PartialRun {
  readonly isComplete: boolean;
  /** The report, in the form that the page unpacks; absent if the page shows it already. */
  readonly data?: string;
}

export interface Server {
  readonly url: string;
  close(): void;
}

const HOST = '127.0.0.1';
const TOKEN_BYTES = 24;
/** Settings of a page are a few hundred bytes. */
const MOST_BODY = 1 << 16;

/** @param port 0: any that is free. @throws LarmorError 73 where it is taken */
export function serve(served: Served, port: number): Promise<Server> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const { simulate, partial } = served;
  const simulations = simulate && simulationsBy(simulate);
  const page = async (): Promise<ServedFile> => ({ type: 'text/html; charset=utf-8', body: await served.html() });
  const server = createServer((request, response) => {
    const { port: own } = server.address() as AddressInfo;
    const hosts = [`${HOST}:${own}`, `localhost:${own}`];
    const refuse = (status: number, text: string): void => {
      response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/plain; charset=utf-8' });
      response.end(`${text}\n`);
    };
    const { origin } = request.headers;
    if (!hosts.includes(request.headers.host ?? ''))
      return refuse(403, 'this server answers only requests to 127.0.0.1');
    if (origin !== undefined && !hosts.includes(origin.replace(/^http:\/\//, ''))) return refuse(403, 'other origin');
    const [, given = '', rest] = (request.url ?? '').match(/^\/([\w-]+)\/([\w.]*)$/) ?? [];
    if (!isSame(given, token)) return refuse(403, 'open the address that larmor view printed');
    if (rest === '' && request.method === 'GET') {
      send(page, response).catch((error) => refuse(410, messageOf(error)));
      return;
    }
    if (request.method === 'GET' && served.files !== undefined && Object.hasOwn(served.files, rest)) {
      send(served.files[rest], response).catch((error) => refuse(410, messageOf(error)));
      return;
    }
    if (request.method === 'POST' && rest === 'simulate' && simulations !== undefined)
      simulations
        .answer(request, response)
        .catch(() => (response.headersSent ? response.end() : refuse(400, 'not an object of settings')));
    else if (request.method === 'POST' && rest === 'partial' && partial !== undefined)
      answerPartial(partial, request, response).catch(() => refuse(400, 'not a number of tiles'));
    else refuse(404, 'no such page');
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const what = error.code === 'EADDRINUSE' ? 'is taken' : error.message;
      reject(cannotWrite(`${HOST}:${port}`, what, 'give another --port, or none'));
    });
    server.listen(port, HOST, () => {
      const { port: own } = server.address() as AddressInfo;
      resolve({
        url: `http://${HOST}:${own}/${token}/`,
        close() {
          simulations?.abort();
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });
}

/** @throws whatever making the file throws, before anything is sent */
async function send(make: () => ServedFile | Promise<ServedFile>, response: ServerResponse): Promise<void> {
  const { type, body } = await make();
  response.writeHead(200, { ...HEADERS, 'Content-Type': type });
  response.end(body);
}

/** Simulations that a page asks for, of which only the latest is wanted. */
function simulationsBy(simulate: NonNullable<Served['simulate']>) {
  let running: AbortController | undefined;
  return {
    abort: () => running?.abort(),
    async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
      const settings: unknown = JSON.parse(await bodyOf(request));
      if (typeof settings !== 'object' || settings === null || Array.isArray(settings))
        throw new SyntaxError('no object');
      // An earlier request of a slider is no longer wanted.
      running?.abort();
      const own = new AbortController();
      running = own;
      response.on('close', () => own.abort());
      response.writeHead(200, { ...HEADERS, 'Content-Type': 'application/x-ndjson' });
      const line = (record: object): void => {
        if (!response.destroyed) response.write(`${JSON.stringify(record)}\n`);
      };
      try {
        const data = await simulate(settings as Record<string, unknown>, own.signal, (done, total) =>
          line({ done, total }),
        );
        line({ data: data.toString('base64') });
      } catch (error) {
        line({ error: messageOf(error), aborted: own.signal.aborted });
      }
      response.end();
    },
  };
}

/** The state of a run that is under way, unless the page has the newest. */
async function answerPartial(
  partial: NonNullable<Served['partial']>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const known: unknown = JSON.parse(await bodyOf(request));
  if (typeof known !== 'number') throw new SyntaxError('no number');
  let answer: PartialState | { readonly error: string };
  try {
    answer = partial(known);
  } catch (error) {
    answer = { error: messageOf(error) };
  }
  response.writeHead(200, { ...HEADERS, 'Content-Type': 'application/json' });
  response.end(JSON.stringify(answer));
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'X-Frame-Options': 'DENY',
} as const;

function isSame(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MOST_BODY) throw new RangeError('too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
