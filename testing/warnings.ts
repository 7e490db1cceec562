/** The warnings a step gives, kept off the test's own stderr. */
import { listenToWarnings } from '../host/base/log.ts';

export function warningsOf(step: () => void): string[] {
  const messages: string[] = [];
  listenToWarnings((message) => messages.push(message));
  try {
    step();
  } finally {
    listenToWarnings(undefined);
  }
  return messages;
}
