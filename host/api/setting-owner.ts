/**
 * Whether a setting without an owner (`n=64` rather than `sequence.n=64`) is the sequence's or the
 * phantom's.
 */
import { usage } from '../base/errors.ts';
import { didYouMean } from '../base/suggest.ts';
import { phantomParameters } from '../phantom/open.ts';
import { builtinSequences } from '../sequence/builtin/index.ts';

/**
 * @param text of the setting, for messages
 * @param names of sequence and phantom; a command that takes only one of them omits the other
 * @throws LarmorError 2 for a parameter that both have, or neither
 */
export function settingOwner(
  name: string,
  text: string,
  names: { readonly sequence?: string; readonly phantom?: string },
): 'sequence' | 'phantom' {
  if (names.phantom === undefined) return 'sequence';
  if (names.sequence === undefined) return 'phantom';
  const ofSequence = builtinSequences.get(names.sequence)?.parameters;
  const ofPhantom = phantomParameters(names.phantom);
  const inSequence = Object.hasOwn(ofSequence ?? {}, name);
  const inPhantom = Object.hasOwn(ofPhantom ?? {}, name);
  if (inSequence && inPhantom) {
    const fix = `write sequence.${text} or phantom.${text}`;
    throw usage(`--set ${text}: both ${names.sequence} and ${names.phantom} have '${name}'`, fix);
  }
  if (inPhantom) return 'phantom';
  // The names of a sequence file are those of its soft delays, known once it is read.
  if (inSequence || ofSequence === undefined) return 'sequence';
  // A name that is not a phantom is reported when it is opened.
  if (ofPhantom === undefined) return 'phantom';
  const known = [...Object.keys(ofSequence), ...Object.keys(ofPhantom)];
  throw usage(
    `neither ${names.sequence} nor ${names.phantom} has a parameter '${name}'`,
    didYouMean(name, known, () => `larmor info ${names.sequence} and larmor info ${names.phantom} list them`),
  );
}
