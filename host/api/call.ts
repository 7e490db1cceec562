/**
 * What all functions of the package have in common: arguments that are checked, warnings of their
 * own, errors of one type in the program's words, nothing printed, and an end by an `AbortSignal`
 * or by what the program's own callbacks throw.
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
   * Calls back. What that throws, or its promise is rejected with, ends the call, and nothing is
   * called back any more.
   */
  tell<A>(callback: Callback<A>, value: A): void;
}

/**
 * Does `work` after the arguments were checked. A promise that `onWarning` returns is the program's
 * own: nothing waits for it.
 * @param given the arguments by their names
 * @throws what a callback threw, as it is; else what `work` throws; memory that the system refuses
 *   as a LarmorError 70
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
 * The same for what returns a promise, which is rejected in place of an error; promises of
 * callbacks are awaited.
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
