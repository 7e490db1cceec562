/**
 * What all functions of the package have in common: warnings of their own, errors of one type, nothing printed, and a run that an
 * `AbortSignal` stops.
 */
import { explainMemory } from '../base/address-space.ts';
import { inContext } from '../base/context.ts';
import { EXIT, LarmorError, usage } from '../base/errors.ts';
import type { StopRequest } from '../base/signals.ts';
import { didYouMean } from '../base/suggest.ts';
import type { CallOptions } from './types.ts';

/**
 * Does `work` with the warnings of this call alone.
 * @param known names of the options: any other is refused, so that a misspelt one is not another simulation
 * @throws what it throws; memory that the system refuses as a LarmorError 70
 */
export function call<T>(options: CallOptions, known: readonly string[], work: () => T): T {
  try {
    requireOptions(options, known);
    return inContext(options.onWarning ?? (() => {}), work);
  } catch (error) {
    throw explainMemory(error);
  }
}

/** The same for what returns a promise, which is rejected in place of an error. */
export async function callAsync<T>(options: CallOptions, known: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await call(options, known, work);
  } catch (error) {
    throw explainMemory(error);
  }
}

function requireOptions(options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null)
    throw usage(`the options are ${String(options)}`, 'give an object, or leave them out');
  const all = [...known, 'onWarning'];
  const odd = Object.keys(options).find((name) => !all.includes(name));
  if (odd !== undefined)
    throw usage(
      `there is no option '${odd}'`,
      didYouMean(odd, all, (list) => `there are ${list}`),
    );
}

/** A stop that a signal or a call of `request` asks for. */
export interface Abort extends StopRequest {
  request(reason: unknown): void;
  /** @throws LarmorError 75 if it was asked for, with the reason as its cause */
  check(): void;
  /** Forgets the signal. */
  release(): void;
}

export function abortOf(signal: AbortSignal | undefined): Abort {
  const actions: ((name: string) => void)[] = [];
  let asked: { readonly reason: unknown } | undefined;
  const request = (reason: unknown): void => {
    if (asked !== undefined) return;
    asked = { reason };
    for (const action of actions) action('abort');
  };
  const listener = (): void => request(signal!.reason);
  signal?.addEventListener('abort', listener);
  if (signal?.aborted) listener();
  return {
    get signal() {
      return asked && 'abort';
    },
    onStop(action) {
      actions.push(action);
      if (asked !== undefined) action('abort');
    },
    request,
    check() {
      if (asked === undefined) return;
      throw new LarmorError(EXIT.stopped, 'the call was aborted', { cause: asked.reason });
    },
    release: () => signal?.removeEventListener('abort', listener),
  };
}
