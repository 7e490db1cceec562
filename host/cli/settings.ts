/**
 * `--set name=value`: which of them belong to the sequence and which to the phantom. A name that only one of the two knows
 * goes there; `sequence.name=value` and `phantom.name=value` say so themselves.
 */
import { usage } from '../common/errors.ts';
import { phantomParameters } from '../phantom/open.ts';
import { builtinSequences } from '../sequence/builtin/index.ts';

export interface Settings {
  readonly sequence: Readonly<Record<string, string>>;
  readonly phantom: Readonly<Record<string, string>>;
}

/** Commander's collector: texts in the order given. */
export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/**
 * @param names of sequence and phantom; a command that has but one of them leaves the other out, and all settings are its own
 * @throws LarmorError 2 when a text is not `name=value`, or a bare name fits both
 */
export function splitSettings(
  texts: readonly string[],
  names: { readonly sequence?: string; readonly phantom?: string },
): Settings {
  const split = { sequence: {} as Record<string, string>, phantom: {} as Record<string, string> };
  for (const text of texts) {
    const [, owner, name, value] = text.match(/^(?:(sequence|phantom)\.)?([^=]+)=(.*)$/s) ?? [];
    if (name === undefined || value === undefined) {
      throw usage(`--set ${text} is not name=value`, 'write for example --set n=64');
    }
    split[(owner as keyof Settings | undefined) ?? ownerOf(name, text, names)][name] = value;
  }
  return split;
}

function ownerOf(name: string, text: string, names: { sequence?: string; phantom?: string }): keyof Settings {
  if (names.phantom === undefined) return 'sequence';
  if (names.sequence === undefined) return 'phantom';
  const inSequence = Object.hasOwn(builtinSequences.get(names.sequence)?.parameters ?? {}, name);
  const inPhantom = Object.hasOwn(phantomParameters(names.phantom), name);
  if (inSequence && inPhantom) {
    const mend = `write sequence.${text} or phantom.${text}`;
    throw usage(`--set ${text}: both ${names.sequence} and ${names.phantom} have '${name}'`, mend);
  }
  // Sequence files have names of their own, their soft delays: what nobody else knows is for them to take or refuse.
  return inPhantom || (!inSequence && builtinSequences.has(names.sequence)) ? 'phantom' : 'sequence';
}
