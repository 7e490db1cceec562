/**
 * What belongs to one piece of work: its warnings and the files it reads. The command is one such piece, the whole process; a
 * program that calls Larmor's functions has one for each call, so that calls that run at the same time do not mix.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface Context {
  /** Warnings so far, in order. */
  readonly warned: Set<string>;
  /** Files read so far, by device and inode: no output replaces one. */
  readonly inputs: Set<string>;
  /** Takes each warning once, instead of stderr; nothing is printed then. */
  readonly onWarning?: (message: string) => void;
}

const ofProcess: Context = { warned: new Set(), inputs: new Set() };
const contexts = new AsyncLocalStorage<Context>();

/** The context of the caller. */
export function currentContext(): Context {
  return contexts.getStore() ?? ofProcess;
}

/** Does `work` in a context of its own; nothing in it is printed. */
export function inContext<T>(onWarning: (message: string) => void, work: () => T): T {
  return contexts.run({ warned: new Set(), inputs: new Set(), onWarning }, work);
}
