/** The built-in sequences by name. */
import { usage } from '../../base/errors.ts';
import type { Given } from '../../base/parameters.ts';
import { didYouMean } from '../../base/suggest.ts';
import type { Scanner } from '../scanner-types.ts';
import type { Sequence } from '../types.ts';
import { bssfp } from './bssfp.ts';
import { cine } from './cine.ts';
import { dwi } from './dwi.ts';
import { epi } from './epi.ts';
import { fid } from './fid.ts';
import { gre } from './gre.ts';
import { mprage } from './mprage.ts';
import { mrf } from './mrf.ts';
import type { BuiltinSequence } from './parameters.ts';
import { pc } from './pc.ts';
import { radial } from './radial.ts';
import { radial3d } from './radial3d.ts';
import { se } from './se.ts';
import { spiral } from './spiral.ts';
import { tse } from './tse.ts';

export type { BuiltinSequence } from './parameters.ts';

export const builtinSequences: ReadonlyMap<string, BuiltinSequence> = new Map(
  [epi, gre, se, fid, bssfp, tse, mprage, spiral, radial, radial3d, dwi, pc, cine, mrf].map((sequence) => [
    sequence.name,
    sequence,
  ]),
);

/**
 * A built-in sequence by name with `--set name=value` settings.
 * @throws LarmorError 2 listing what exists when the name or a setting is unknown or cannot be
 * played
 */
export function makeBuiltin(name: string, settings: Given, scanner: Scanner): Sequence {
  const sequence = builtinSequences.get(name);
  if (sequence === undefined)
    throw usage(
      `there is no built-in sequence '${name}'`,
      didYouMean(name, builtinSequences.keys(), (all) => `there are ${all}`),
    );
  return sequence.make(settings, scanner);
}
