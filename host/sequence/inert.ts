/** Features of a sequence that are not simulated: one warning for each kind. */

import { numbersIn } from './declared-space.ts';
import type { Scanner } from './scanner-types.ts';
import type { Sequence } from './types.ts';

/** Definitions that are numbers, none of them negative. */
const NUMERIC = ['FOV', 'Matrix', 'MatrixSize', 'SliceThickness', 'Slice_Thickness', 'TE', 'TR'];
/** Characters of a definition that a message shows. */
const SHOWN = 60;

function unreadDefinitions({ name, definitions }: Sequence): string[] {
  return NUMERIC.flatMap((key) => {
    const text = definitions.get(key);
    if (text === undefined || numbersIn(text).every((value) => value >= 0 && value < Number.POSITIVE_INFINITY))
      return [];
    return [
      `${name}: the definition ${key} '${text.slice(0, SHOWN)}' has no effect where it is no number: ` +
        'write decimal numbers, in metres and seconds',
    ];
  });
}

/** Names the first block of each kind. */
export function inertParts(sequence: Sequence, { transmit }: Scanner): string[] {
  const found = new Map<string, { block: number; count: number }>();
  let gated = false;
  for (let n = 0; n < sequence.blockCount; n++) {
    const { rf, shim: given, triggers } = sequence.block(n);
    const waits = triggers?.some(({ type }) => type === 'input') ?? false;
    gated ||= waits;
    const shim = given?.applied ? undefined : given;
    const kinds = [
      sequence.heart === undefined && waits && 'an input trigger',
      triggers?.some(({ type }) => type === 'output') && 'an output trigger',
      shim !== undefined &&
        rf !== undefined &&
        transmit === undefined &&
        `RF_SHIMS of ${shim.magnitude.length} channels`,
      shim !== undefined && rf === undefined && 'RF_SHIMS without a pulse',
    ];
    for (const kind of kinds) {
      if (!kind) continue;
      const known = found.get(kind);
      if (known === undefined) found.set(kind, { block: n, count: 1 });
      else known.count++;
    }
  }
  const parts = [...found].map(([kind, { block, count }]) => {
    const others = count === 1 ? '' : ` (and ${count - 1} more)`;
    return `${sequence.name}: block ${block + 1}${others}: ${kind} ${effect(kind)}`;
  });
  const { heart, name } = sequence;
  const idle = `${heart?.name}: no block of ${name} has an input trigger, so none waits; only the physiology time stamps of ISMRMRD follow it`;
  return [...unreadDefinitions(sequence), ...parts, ...(heart === undefined || gated ? [] : [idle])];
}

function effect(kind: string): string {
  if (kind === 'an input trigger') return 'has no effect: give a heart signal to wait for (--heart-rate, --r-peaks)';
  if (kind.endsWith('channels'))
    return 'have no effect: there is one transmit channel, and its pulse plays unweighted (give B1 maps)';
  return kind.startsWith('RF_SHIMS') ? 'have no effect' : 'has no effect on a simulation';
}
