/**
 * A sequence as JSON for other programs: events and shapes stored once, blocks that name them by
 * number (schemas/sequence.json). SI units; phases have the sign of Pulseq. Text comes in pieces,
 * because long sequences exceed the longest string.
 */
import type { AdcEvent, GradientEvent, RfEvent, Sequence } from './types.ts';

interface Rows {
  /** Number of an object in the list, the same for equal contents. */
  number(value: object): number;
  readonly all: readonly string[];
}

function rows<T extends object>(written: (value: T) => unknown): Rows {
  const all: string[] = [];
  const byText = new Map<string, number>();
  const byObject = new WeakMap<object, number>();
  return {
    all,
    number(value) {
      const known = byObject.get(value);
      if (known !== undefined) return known;
      const text = JSON.stringify(written(value as T));
      const number = byText.get(text) ?? all.push(text) - 1;
      byText.set(text, number);
      byObject.set(value, number);
      return number;
    },
  };
}

export function* sequenceJson(sequence: Sequence): Generator<string> {
  const shapes = rows<Float64Array>((values) => [...values]);
  const pulses = rows<RfEvent>(({ kind: _, time, magnitude, phase, ...rest }) => ({
    ...rest,
    ...{ time: shapes.number(time), magnitude: shapes.number(magnitude), phase: shapes.number(phase) },
  }));
  const gradients = rows<GradientEvent>((event) =>
    event.kind === 'trapezoid'
      ? event
      : { ...event, time: shapes.number(event.time), amplitude: shapes.number(event.amplitude) },
  );
  const readouts = rows<AdcEvent>(({ kind: _, phaseShape, ...rest }) => ({
    ...rest,
    ...(phaseShape === undefined ? {} : { phaseShape: shapes.number(phaseShape) }),
  }));
  const { name, duration, definitions } = sequence;
  const head = {
    schema: { name: 'sequence', version: 1 },
    name,
    duration,
    definitions: Object.fromEntries(definitions),
  };
  yield `${JSON.stringify(head).slice(0, -1)},\n"blocks":[`;
  for (let n = 0; n < sequence.blockCount; n++) {
    const { rf, gx, gy, gz, adc, common: _, ...rest } = sequence.block(n);
    const gradient = Object.entries({ gx, gy, gz }).flatMap(([axis, event]) =>
      event === undefined ? [] : [[axis, gradients.number(event)] as const],
    );
    const block = {
      ...rest,
      ...(rf === undefined ? {} : { rf: pulses.number(rf) }),
      ...Object.fromEntries(gradient),
      ...(adc === undefined ? {} : { adc: readouts.number(adc) }),
    };
    yield `${n === 0 ? '\n' : ',\n'}${JSON.stringify(block)}`;
  }
  for (const [key, { all }] of Object.entries({ rf: pulses, gradients, adc: readouts, shapes })) {
    yield `],\n"${key}":[`;
    for (const [n, text] of all.entries()) yield `${n === 0 ? '\n' : ',\n'}${text}`;
  }
  yield ']}\n';
}
