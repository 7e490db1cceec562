/**
 * Definition of a built-in sequence: its parameters and how to create it from them, so that its own
 * file contains only its timing.
 */
import { usage } from '../../base/errors.ts';
import { completeParameters, type Given, type Parameters, type Values } from '../../base/parameters.ts';
import { formatQuantity } from '../../base/quantities.ts';
import type { Scanner } from '../scanner-types.ts';
import type { Sequence } from '../types.ts';

export interface BuiltinSequence {
  readonly name: string;
  readonly doc: string;
  readonly parameters: Parameters;
  /**
   * The sequence for some parameters given and the rest at their defaults.
   * @throws LarmorError 2 on an unknown name, a value out of range or a combination that the
   * scanner cannot play
   */
  make(given: Given, scanner: Scanner): Sequence;
}

/**
 * Completes and checks the given parameters before `build`; `isGiven` distinguishes a given value
 * from a default, which may be changed.
 */
export function builtin<P extends Parameters>(
  name: string,
  doc: string,
  parameters: P,
  build: (values: Values<P>, scanner: Scanner, isGiven: (key: keyof P) => boolean) => Sequence,
): BuiltinSequence {
  const make: BuiltinSequence['make'] = (given, scanner) => {
    const values = completeParameters(name, parameters, given);
    return { ...build(values, scanner, (key) => Object.hasOwn(given, key)), parameters: values };
  };
  return { name, doc, parameters, make };
}

/** A time that the events before it do not fit into. */
export function tooShort(name: string, key: string, wanted: number, earliest: number): Error {
  // Rounded up to 0.1 µs, so that what is printed can be given.
  const least = Number((Math.ceil(earliest * 1e7 - 1e-3) / 1e4).toFixed(4));
  return usage(
    `${name}: ${key}=${formatQuantity(wanted, 's')} is too short`,
    `the shortest possible is ${least}ms; ${key}=0 selects it`,
  );
}
