/** The built-in sequences by name. */
import { epi } from './epi.ts';
import type { BuiltinSequence } from './parameters.ts';

export { type BuiltinSequence, type Parameter, parseParameters } from './parameters.ts';

export const builtinSequences: ReadonlyMap<string, BuiltinSequence> = new Map(
  [epi].map((sequence) => [sequence.name, sequence]),
);
