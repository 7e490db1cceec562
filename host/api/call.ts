/**
 * What all functions of the package have in common: warnings of their own, errors of one type, nothing printed, and a run that an
 * `AbortSignal` stops.
 */
import { explainMemory } from '../base/address-space.ts';
import { inContext } from '../base/context.ts';
import { EXIT, LarmorError } from '../base/errors.ts';
import type { StopRequest } from '../base/signals.ts';
import type { CallOptions } from './types.ts';

/** Does `work` with the warnings of this call alone. @throws what it throws; memory that the system refuses as a LarmorError 70 */
export function call<T>({ onWarning = () => {} }: CallOptions, work: () => T): T {
  return inContext(onWarning, () => {
    try {
      const result = work();
      return result instanceof Promise ? (result.catch(rethrow) as T) : result;
    } catch (error) {
      return rethrow(error);
    }
  });
}

function rethrow(error: unknown): never {
  throw explainMemory(error);
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
