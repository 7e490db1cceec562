/**
 * State of one piece of work: its warnings and the files it reads. The command is one piece of
 * work, the whole process; a program that calls Larmor's functions has one per call, so that
 * simultaneous calls do not mix.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

interface Context {
  /** Warnings so far, in order. */
  readonly warned: Set<string>;
  /** Files read so far, by device and inode: no output replaces one. */
  readonly inputs: Set<string>;
  /** The program that called; absent: the command, which prints. */
  readonly caller?: Caller;
}

/** A program that called one of Larmor's functions. */
export interface Caller {
  /** Takes each warning once, instead of stderr; nothing is printed then. */
  onWarning(message: string): void;
  /** A message in the names that this program knows; default: as it is. */
  reword?(message: string): string;
  /** @throws what is to end the call, if anything is */
  check?(): void;
}

const ofProcess: Context = { warned: new Set(), inputs: new Set() };
const contexts = new AsyncLocalStorage<Context>();

/** The context of the caller. */
export function currentContext(): Context {
  return contexts.getStore() ?? ofProcess;
}

/** Does `work` in a context of its own; nothing in it is printed. */
export function inContext<T>(caller: Caller, work: () => T): T {
  return contexts.run({ warned: new Set(), inputs: new Set(), caller }, work);
}

/**
 * Between two steps of long work: lets signals, timers and messages through.
 * @throws what ends the call, if one of them asked for that
 */
export async function letEventsThrough(): Promise<void> {
  await new Promise(setImmediate);
  currentContext().caller?.check?.();
}
