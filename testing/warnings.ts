/** The warnings a step gives, kept off the test's own stderr. */
import { inContext } from '../host/base/context.ts';

export function warningsOf(step: () => void): string[] {
  const messages: string[] = [];
  inContext((message) => messages.push(message), step);
  return messages;
}
