/**
 * `--set name=value`: which of them belong to the sequence and which to the phantom. A name that only one of the two knows
 * goes there; `sequence.name=value` and `phantom.name=value` say so themselves.
 */
import { usage } from '../common/errors.ts';
import { builtinPhantoms } from '../phantom/builtins.ts';
import { builtinSequences } from '../sequence/builtin/index.ts';

export interface Settings {
  readonly sequence: ReadonlyMap<string, string>;
  readonly phantom: Readonly<Record<string, string>>;
}

/** Commander's collector: `name=value` texts, in order. */
export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** @throws LarmorError 2 when a text is not `name=value`, or a bare name fits both */
export function splitSettings(texts: readonly string[], sequenceName: string, phantomName: string): Settings {
  const sequence = new Map<string, string>();
  const phantom: Record<string, string> = {};
  const sequenceKnows = builtinSequences.get(sequenceName)?.parameters;
  const phantomKnows = Object.hasOwn(builtinPhantoms, phantomName)
    ? builtinPhantoms[phantomName]?.parameters
    : undefined;
  for (const text of texts) {
    const [, owner, name, value] = text.match(/^(?:(sequence|phantom)\.)?([^=]+)=(.*)$/s) ?? [];
    if (name === undefined || value === undefined)
      throw usage(`--set ${text} is not name=value`, 'write for example --set n=64');
    const inSequence = sequenceKnows !== undefined && Object.hasOwn(sequenceKnows, name);
    const inPhantom = phantomKnows !== undefined && Object.hasOwn(phantomKnows, name);
    if (owner === undefined && inSequence && inPhantom) {
      throw usage(
        `--set ${text}: both ${sequenceName} and ${phantomName} have '${name}'`,
        `write sequence.${text} or phantom.${text}`,
      );
    }
    // Files have names of their own (soft delays, label-image options), so an unknown name goes to whichever is a file.
    const toSequence =
      owner === 'sequence' || (owner === undefined && (inSequence || (!inPhantom && phantomKnows !== undefined)));
    if (toSequence) sequence.set(name, value);
    else phantom[name] = value;
  }
  return { sequence, phantom };
}
