/** Captures the warnings of a step instead of writing them to the test's stderr. */
import { inContext } from '../host/base/context.ts';

export function warningsOf(step: () => void): string[] {
  const messages: string[] = [];
  inContext({ onWarning: (message) => void messages.push(message) }, step);
  return messages;
}
