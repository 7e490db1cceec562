/**
 * Assigns each `--set name=value` to the sequence or the phantom. A name that only one of the two
 * has goes to that one; `sequence.name=value` and `phantom.name=value` state it explicitly.
 */
import { settingOwner } from '../api/setting-owner.ts';
import { usage } from '../base/errors.ts';
import { warn } from '../base/log.ts';

export interface Settings {
  readonly sequence: Readonly<Record<string, string>>;
  readonly phantom: Readonly<Record<string, string>>;
}

/**
 * @param names of sequence and phantom; for a command that has only one of them, all settings are
 *   for that one
 * @throws LarmorError 2 when a text is not `name=value`, a bare name fits both, or no built-in has
 *   it
 */
export function splitSettings(
  texts: readonly string[],
  names: { readonly sequence?: string; readonly phantom?: string },
): Settings {
  const split = { sequence: new Map<string, string>(), phantom: new Map<string, string>() };
  for (const text of texts) {
    const [, owner, name, value] = text.match(/^\s*(?:(sequence|phantom)\.)?([^=]+?)(?:\s+=\s*|=)(.*)$/s) ?? [];
    if (name === undefined || value === undefined) {
      throw usage(`--set ${text} is not name=value`, 'write for example --set n=64');
    }
    const settings = split[(owner as keyof Settings | undefined) ?? settingOwner(name, text, names)];
    if (settings.has(name)) warn(`--set ${name} is given more than once; the last value, ${value}, is used`);
    settings.set(name, value);
  }
  return { sequence: Object.fromEntries(split.sequence), phantom: Object.fromEntries(split.phantom) };
}
