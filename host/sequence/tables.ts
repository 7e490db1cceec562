/**
 * A sequence as tables, for the formats that store equal events and shapes once: blocks that name
 * events by number, events that name shapes by number, all counted from 0.
 */
import type { AdcEvent, Block, GradientEvent, RfEvent, Sequence } from './types.ts';

/** An event or shape of a list, and its number there, the same for equal contents. */
class List<T extends object, Row extends object> {
  readonly rows: Row[] = [];
  readonly #byText = new Map<string, number>();
  readonly #byObject = new WeakMap<object, number>();
  readonly #rowOf: (value: T) => Row;

  constructor(rowOf: (value: T) => Row) {
    this.#rowOf = rowOf;
  }

  number(value: T): number {
    const known = this.#byObject.get(value);
    if (known !== undefined) return known;
    const row = this.#rowOf(value);
    const text = JSON.stringify(row);
    const number = this.#byText.get(text) ?? this.rows.push(row) - 1;
    this.#byText.set(text, number);
    this.#byObject.set(value, number);
    return number;
  }
}

/** Times and values of an event by the numbers of their shapes. */
type RfRow = Omit<RfEvent, 'kind' | 'time' | 'magnitude' | 'phase'> &
  Readonly<Record<'time' | 'magnitude' | 'phase', number>>;
type GradientRow = Omit<GradientEvent, 'time' | 'amplitude'> & { readonly time?: number; readonly amplitude: number };
type AdcRow = Omit<AdcEvent, 'kind' | 'phaseShape'> & { readonly phaseShape?: number };

type Axis = 'gx' | 'gy' | 'gz';
/** A block with the numbers of its events; a gradient's is that in the list of all axes. */
export type BlockRow = Omit<Block, 'rf' | Axis | 'common' | 'adc'> &
  Readonly<Partial<Record<'rf' | Axis | 'adc', number>>>;

export interface SequenceTables {
  /** Each block once; the lists below are complete when the last has been taken. */
  readonly blocks: Iterable<BlockRow>;
  readonly rf: readonly RfRow[];
  readonly gradients: readonly GradientRow[];
  readonly adc: readonly AdcRow[];
  readonly shapes: readonly (readonly number[])[];
}

export function sequenceTables(sequence: Sequence): SequenceTables {
  const shapes = new List((values: Float64Array): readonly number[] => [...values]);
  const pulses = new List(
    ({ kind: _, time, magnitude, phase, ...rest }: RfEvent): RfRow => ({
      ...rest,
      ...{ time: shapes.number(time), magnitude: shapes.number(magnitude), phase: shapes.number(phase) },
    }),
  );
  const gradients = new List(
    (event: GradientEvent): GradientRow =>
      event.kind === 'trapezoid'
        ? event
        : { ...event, time: shapes.number(event.time), amplitude: shapes.number(event.amplitude) },
  );
  const readouts = new List(
    ({ kind: _, phaseShape, ...rest }: AdcEvent): AdcRow => ({
      ...rest,
      ...(phaseShape === undefined ? {} : { phaseShape: shapes.number(phaseShape) }),
    }),
  );
  function* blocks(): Generator<BlockRow> {
    for (let n = 0; n < sequence.blockCount; n++) {
      const { rf, gx, gy, gz, adc, common: _, ...rest } = sequence.block(n);
      const gradient = Object.entries({ gx, gy, gz }).flatMap(([axis, event]) =>
        event === undefined ? [] : [[axis, gradients.number(event)] as const],
      );
      yield {
        ...rest,
        ...(rf === undefined ? {} : { rf: pulses.number(rf) }),
        ...Object.fromEntries(gradient),
        ...(adc === undefined ? {} : { adc: readouts.number(adc) }),
      };
    }
  }
  return { blocks: blocks(), rf: pulses.rows, gradients: gradients.rows, adc: readouts.rows, shapes: shapes.rows };
}
