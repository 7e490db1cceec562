/**
 * What all functions of the package have in common: checked arguments, warnings per call, errors of
 * one type that use the package's names, no output, and cancellation by an `AbortSignal` or by an
 * exception in a callback.
 */
import { explainMemory } from '../base/address-space.ts';
import { inContext } from '../base/context.ts';
import { EXIT, LarmorError } from '../base/errors.ts';
import type { StopRequest } from '../base/signals.ts';
import { checkArguments, type FunctionName, inOptionNames } from './arguments.ts';
import type { CallOptions, ScanOptions } from './types.ts';

type Given = Readonly<Record<string, unknown>> & { readonly options: CallOptions & Pick<ScanOptions, 'signal'> };
type Callback<A> = ((value: A) => unknown) | undefined;

/** The program's part in a call under way. */
interface Control extends StopRequest {
  /**
   * Calls a callback. If it throws, or its promise is rejected, the call ends with that error and
   * no further callback is called.
   */
  tell<A>(callback: Callback<A>, value: A): void;
}

/**
 * Does `work` after the arguments were checked. A promise that `onWarning` returns is not awaited.
 * @param given the arguments by their names
 * @throws what a callback threw, unchanged; else what `work` throws; LarmorError 70 if the system
 *   refuses memory
 */
export function call<T>(name: FunctionName, given: Given, work: () => T): T {
  const control = makeControl();
  try {
    checkArguments(name, given);
    const result = within(control, given.options, work);
    control.check();
    return result;
  } catch (error) {
    control.check();
    throw inWords(error);
  }
}

/**
 * The same for functions that return a promise: errors are rejections, and promises of callbacks
 * are awaited.
 */
export async function callAsync<T>(
  name: FunctionName,
  given: Given,
  work: (control: Control) => Promise<T>,
): Promise<T> {
  const pending = new Set<Promise<void>>();
  const control = makeControl(pending);
  const abort = (): void => control.endWith(aborted(name, given.options.signal!.reason));
  try {
    checkArguments(name, given);
    const { signal } = given.options;
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
    control.check();
    const result = await within(control, given.options, () => work(control));
    await Promise.all(pending);
    control.check();
    return result;
  } catch (error) {
    control.check();
    throw inWords(error);
  } finally {
    given.options?.signal?.removeEventListener?.('abort', abort);
  }
}

const aborted = (name: FunctionName, cause: unknown): LarmorError =>
  new LarmorError(EXIT.stopped, `${name}: the call was aborted`, { cause });

function within<T>(control: Control & { check(): void }, { onWarning }: CallOptions, work: () => T): T {
  const warn = (message: string): void => control.tell(onWarning, message);
  return inContext({ onWarning: warn, reword: inOptionNames, check: control.check }, work);
}

/** An error in the names of the package. */
function inWords(thrown: unknown): unknown {
  const error = explainMemory(thrown);
  if (error instanceof LarmorError) error.message = inOptionNames(error.message);
  return error;
}

/**
 * @param pending takes promises of callbacks that are not settled yet; absent: nothing waits for
 *   them
 */
function makeControl(pending?: Set<Promise<void>>): Control & { endWith(error: unknown): void; check(): void } {
  const actions: ((name: string) => void)[] = [];
  let end: { readonly error: unknown } | undefined;
  const endWith = (error: unknown): void => {
    if (end !== undefined) return;
    end = { error };
    for (const action of actions) action('abort');
  };
  return {
    get signal() {
      return end && 'abort';
    },
    onStop(action) {
      actions.push(action);
      if (end !== undefined) action('abort');
    },
    endWith,
    tell(callback, value) {
      if (callback === undefined || end !== undefined) return;
      try {
        const answer = callback(value);
        const settled = pending && Promise.resolve(answer).then(() => {}, endWith);
        if (settled === undefined) return;
        pending!.add(settled);
        void settled.then(() => pending!.delete(settled));
      } catch (error) {
        endWith(error);
      }
    },
    check() {
      if (end !== undefined) throw end.error;
    },
  };
}
