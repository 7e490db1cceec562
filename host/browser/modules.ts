/**
 * Node's modules as the host uses them when it simulates built-in scans, for browsers: a build
 * (`scripts/playground.mjs`) puts this file in their place. There are no files but those that
 * `provide` adds, and what only files need is refused. A function that the host imports and that
 * is missing here ends the build.
 */
import { type Hash, sha256 } from './sha256.ts';

/** Bytes, which are decoded when they are read, or the address of a worker's script. */
export type ProvidedFile = { readonly base64: string } | { readonly address: string };

const files = new Map<string, ProvidedFile>();
const ROOT = '/dist/';

/** Adds what the host reads from `dist/`. */
export function provide(name: string, content: ProvidedFile): void {
  files.set(ROOT + name, content);
}

const refused = (what: string) => (): never => {
  throw new Error(`${what} is not possible in a browser`);
};

// node:fs, node:path, node:url
export const existsSync = (path: string): boolean => files.has(path);
export function readFileSync(path: string): Uint8Array | string {
  const content = files.get(path);
  if (content === undefined) throw Object.assign(new Error(`${path}: there is no such file`), { code: 'ENOENT' });
  return 'address' in content ? content.address : fromBase64(content.base64);
}
function fromBase64(text: string): Uint8Array {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let n = 0; n < bytes.length; n++) bytes[n] = letters.charCodeAt(n);
  return bytes;
}
export const constants = {};
export const statSync = (path: string): never => readFileSync(path) as never;
const noFiles = refused('reading or writing a file');

export {
  noFiles as accessSync,
  noFiles as closeSync,
  noFiles as createReadStream,
  noFiles as fstatSync,
  noFiles as fsyncSync,
  noFiles as ftruncateSync,
  noFiles as linkSync,
  noFiles as lstatSync,
  noFiles as mkdirSync,
  noFiles as mkdtempSync,
  noFiles as openSync,
  noFiles as readdirSync,
  noFiles as readlinkSync,
  noFiles as readSync,
  noFiles as realpathSync,
  noFiles as renameSync,
  noFiles as rmSync,
  noFiles as statfsSync,
  noFiles as unlinkSync,
  noFiles as utimesSync,
  noFiles as writeFileSync,
  noFiles as writeSync,
};
export const basename = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
export const extname = (path: string): string => basename(path).match(/(?<=.)\.[^.]*$/)?.[0] ?? '';
export const join = (...parts: readonly string[]): string => parts.join('/');
export const resolve = (...parts: readonly string[]): string => join(...parts);
export const dirname = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
export const isAbsolute = (path: string): boolean => path.startsWith('/');
export const delimiter = ':';
export const fileURLToPath = ({ pathname }: URL): string => pathname;

// node:os, node:process
export const availableParallelism = (): number => (crossOriginIsolated ? navigator.hardwareConcurrency : 1);
export const totalmem = (): number => 2 ** 32;
export const constrainedMemory = (): number => 0;
export const hostname = (): string => 'browser';
export const tmpdir = (): string => '/tmp';

// node:crypto, node:zlib, node:util, node:vm, node:module
/** What is digested by SHA-1 is a key in memory: any digest will do. */
export function createHash(name: string): Hash {
  if (name !== 'sha256' && name !== 'sha1') throw new Error(`${name} is not possible in a browser`);
  return sha256();
}
const noArchives = refused('unpacking');

export {
  noArchives as createGunzip,
  noArchives as createRequire,
  noArchives as deflateRawSync,
  noArchives as gzipSync,
  noArchives as inflateSync,
};
export const inspect = (value: unknown): string => JSON.stringify(value);
export const types = {};
export class Script {}

// node:async_hooks: one call at a time, which `worker.ts` sees to.
export class AsyncLocalStorage<T> {
  #store: T | undefined;
  getStore(): T | undefined {
    return this.#store;
  }
  run<R>(store: T, work: () => R): R {
    this.#store = store;
    return work();
  }
}

// node:worker_threads
export const isMainThread = false;
const NodeLike = globalThis.Worker ?? class {};
export class Worker extends NodeLike {
  constructor(path: string, options: WorkerOptions) {
    super(readFileSync(path) as string, options);
  }
  on(event: string, listener: (error: ErrorEvent) => void): void {
    if (event === 'error') this.addEventListener('error', listener);
  }
}
export const parentPort = {
  postMessage: (message: unknown): void => globalThis.postMessage(message),
  on(_: 'message', listener: (data: unknown) => void): void {
    addEventListener('message', ({ data }) => listener(data));
  },
};
