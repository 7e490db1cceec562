/**
 * What a report stores, against what it was made from: numbers, arrays, sequences and trajectories.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { evenEnds, fromSteps, toRows, toSteps } from '../../host/html/numbers.ts';
import { pack, unpack } from '../../host/html/pack.ts';
import { openTable, tableOf } from '../../host/html/sequence-table.ts';
import { signalData } from '../../host/html/signal-data.ts';
import { pyramid } from '../../host/page/columns.ts';
import { openReadouts } from '../../host/page/readouts.ts';
import { openDiagram, signalLines } from '../../host/page/traces.ts';
import { blockStarts, repetitionStarts } from '../../host/plots/window.ts';
import { acquiredData } from '../../host/raw/acquisitions.ts';
import { makeBuiltin } from '../../host/sequence/builtin/index.ts';
import { blockOf, sequenceOf, trapezoid } from '../../host/sequence/designer.ts';
import { encode } from '../../host/sequence/encoding.ts';
import { walk, walkTimes } from '../../host/sequence/kspace.ts';
import { readPulseq } from '../../host/sequence/pulseq/read.ts';
import { DEFAULT_SCANNER as scanner } from '../../host/sequence/scanner-types.ts';
import type { Block, Sequence } from '../../host/sequence/types.ts';
import { blockGradients, valueAt } from '../../host/sequence/waveform.ts';
import { caseFiles, skipWithoutCases } from '../../testing/cases.ts';

test('records with arrays of every type come back as they were', () => {
  const record = {
    text: '</script>\u2028é',
    none: null,
    nested: [{ f64: Float64Array.of(1, Number.NaN, -1e300), empty: new Float32Array(0) }],
    i16: Int16Array.of(-32768, 5, 32767),
    u32: Uint32Array.of(0, 2 ** 32 - 1),
    i8: Int8Array.of(-1, 1),
    u8: Uint8Array.of(255),
    f32: Float32Array.of(0.1),
  };
  assert.deepEqual(unpack(pack(record)), record);
});

test('rows of 16 bits err by half a step of the largest value of their own row', () => {
  const values = Float64Array.from({ length: 60 }, (_, n) => Math.sin(n) * 10 ** Math.floor(n / 20));
  const rows = toRows(values, evenEnds(60, 20));
  for (let n = 0; n < 60; n++) {
    const scale = rows.scales[Math.floor(n / 20)];
    assert.ok(Math.abs(scale * rows.values[n] - values[n]) <= 0.5001 * scale);
  }
  assert.deepEqual([...toRows([0, 0], [2]).values], [0, 0]);
});

test('times come back to the nanosecond, and regular ones compress to nothing', () => {
  const times = Float64Array.from({ length: 10_000 }, (_, n) => 0.0123 + n * 0.0200000004);
  const steps = toSteps(times);
  const back = fromSteps(steps);
  assert.ok(times.every((time, n) => Math.abs(time - back[n]) < 1e-9));
  assert.ok(deflateRawSync(pack({ steps })).length < 2500);
});

/**
 * Every block of a sequence and of its table: durations, gradients at odd times, pulses and
 * readouts.
 */
function requireSame(sequence: Sequence): void {
  const again = openTable(unpack(pack(tableOf(sequence, scanner))));
  assert.equal(again.blockCount, sequence.blockCount);
  for (let n = 0; n < sequence.blockCount; n++) {
    const [want, got] = [sequence.block(n), again.block(n)];
    assert.equal(got.duration, want.duration);
    const [a, b] = [blockGradients(want), blockGradients(got)];
    for (let axis = 0; axis < 3; axis++)
      for (let part = 0.013; part < 1; part += 0.0871) {
        const [x, y] = [a[axis], b[axis]].map((one) => valueAt(one, part * want.duration)) as [number, number];
        assert.ok(Math.abs(x - y) < 1e-6 * scanner.Gmax, `block ${n + 1}, axis ${axis}: ${x} and ${y}`);
      }
    assert.equal(got.rf?.time.length, want.rf?.time.length);
    want.rf?.magnitude.forEach((value, i) => {
      assert.ok(Math.abs(value - got.rf!.magnitude[i]) <= 2e-6 * Math.max(...want.rf!.magnitude));
      assert.ok(Math.abs(want.rf!.phase[i] - got.rf!.phase[i]) < 2e-5);
    });
    if (want.rf) assert.ok(Math.abs(want.rf.phaseOffset - got.rf!.phaseOffset) < 1e-6);
    assert.deepEqual(
      [got.adc?.samples, got.adc?.dwell, got.adc?.delay],
      [want.adc?.samples, want.adc?.dwell, want.adc?.delay],
    );
  }
}

test('ten thousand kinds of blocks keep their order, and equal ones share a kind', () => {
  const durations = Float64Array.from({ length: 100 }, (_, n) => (n + 1) * 1e-5);
  const lobes = Array.from(durations, (amplitude) => trapezoid(amplitude, 1e-5, 0));
  const blocks = Array.from({ length: 25_000 }, (_, n) =>
    blockOf({ gx: lobes[n % 100] }, durations[Math.floor(n / 100) % 100]),
  );
  const table = tableOf(sequenceOf('kinds', blocks, {}), scanner);
  assert.deepEqual(
    table.order,
    Uint32Array.from(blocks, (_, n) => n % 10_000),
  );
  assert.ok(blocks.every(({ duration }, n) => table.kinds.duration[table.order[n]] === duration));
  assert.ok(blocks.every((_, n) => table.kinds.gx[table.order[n]] === 1 + (n % 100)));
});

test('a thousand slices of a repetition are one repetition', () => {
  const sequence = makeBuiltin('gre', { n: 4, slices: 1000, dummies: 0 }, scanner);
  const [TR] = encode(sequence, scanner).TR;
  const all = { sequence, walk: walkTimes(sequence, scanner), starts: blockStarts(sequence) };
  assert.deepEqual(
    repetitionStarts(all, TR).map((start) => Math.round(start / TR)),
    [0, 1, 2, 3],
  );
});

test('times of pulses are those of a walk, whether pulses declare their use or not', () => {
  for (const name of ['tse', 'mprage', 'bssfp']) {
    const declared = makeBuiltin(name, {}, scanner);
    const block = (n: number): Block => {
      const { rf, ...rest } = declared.block(n);
      return rf === undefined ? rest : { ...rest, rf: { ...rf, use: 'undefined' } };
    };
    for (const sequence of [declared, { ...declared, block }]) {
      const [times, walked] = [walkTimes(sequence, scanner), walk(sequence, scanner)];
      assert.deepEqual(
        times.pulses.map(({ time, effect }) => [time, effect]),
        walked.pulses.map(({ time, effect }) => [time, effect]),
      );
      for (const part of ['excitations', 'readouts'] as const)
        assert.equal(times[part].length, walked[part].length, `${part} of ${name}`);
      assert.ok(times.excitations.every(({ time }, n) => time === walked.excitations[n].time));
      assert.ok(times.readouts.every(({ blockStart }, n) => blockStart === walked.readouts[n].blockStart));
    }
  }
});

test('a sequence comes back from its table', () => {
  requireSame(makeBuiltin('epi', { n: 9 }, scanner));
  requireSame(makeBuiltin('se', { n: 8, slices: 3 }, scanner));
  requireSame(makeBuiltin('spiral', {}, scanner));
});

test('sequences of other programs, with shapes and rotations, come back too', skipWithoutCases(), () => {
  const files = caseFiles('pulseq/v1.5', '.seq').slice(0, 6);
  assert.ok(files.length > 0);
  for (const file of files) requireSame(readPulseq(file));
});

test('a scan of 20 000 repetitions takes a few bytes for each', () => {
  const sequence = makeBuiltin('gre', { n: 100, slices: 200, dummies: 0 }, scanner);
  const table = tableOf(sequence, scanner);
  assert.ok(sequence.blockCount >= 1e5);
  assert.ok(table.shapes.length < 6, `${table.shapes.length} shapes`);
  const bytes = deflateRawSync(pack(table), { level: 9 }).length;
  assert.ok(bytes < 120_000, `${bytes} B`);
  // From a glance at the whole to one repetition exactly.
  const diagram = openDiagram(table);
  const { gx, gy } = diagram.shown(0, diagram.duration);
  assert.ok(gx !== undefined && 'low' in gx && gy !== undefined && 'low' in gy);
  assert.ok(Math.abs(Math.max(...gx.high, ...gx.low.map(Math.abs)) - diagram.largest.gx) < 1e-6 * diagram.largest.gx);
  // Phase encoding goes from one end to the other, once in the scan.
  assert.ok(Math.abs(gy.high[0] - diagram.largest.gy) < 0.02 * diagram.largest.gy);
  assert.ok(gy.high[gy.high.length / 2] < 0.1 * diagram.largest.gy);
  const one = diagram.shown(diagram.duration / 2, diagram.duration / 2 + 0.01).gx;
  assert.ok(one !== undefined && 'x' in one && one.envelopeOf === undefined);
  assert.ok(one.x.every((time) => time >= diagram.duration / 2 - 1e-12));
});

test('columns hold the extremes of what they stand for, whatever their width', () => {
  const values = Float32Array.from({ length: 5000 }, (_, n) => Math.sin(n * n));
  const fill = pyramid(
    values.map((value) => value - 1),
    values,
  );
  const [first, end]: [number[], number[]] = [[], []];
  for (const width of [0, 1, 2, 15, 16, 17, 33, 255, 256, 700, 4096, 5000])
    for (let n = 0; n + width <= 5000; n += Math.max(1, Math.floor(width / 3), Math.floor((5000 - width) / 10))) {
      first.push(n);
      end.push(n + width);
    }
  const { low, high } = fill(first, end);
  for (const [c, from] of first.entries()) {
    const part = values.subarray(from, end[c]);
    const [least, most] = part.length === 0 ? [Number.NaN, Number.NaN] : [Math.min(...part) - 1, Math.max(...part)];
    assert.deepEqual([low[c], high[c]], [Math.fround(least), most], `${from} to ${end[c]}`);
  }
});

test('the signal of many samples is drawn in columns that hold the largest, kept or not', () => {
  const [count, length, dwell] = [50, 200, 1e-5];
  const sizes = (n: number, s: number): number => 1 + ((37 * n + 11 * s) % 97);
  const [from, to] = [0.02, 0.61];
  for (const isKept of [true, false]) {
    const row = (value: number): Float64Array => new Float64Array(count).fill(value);
    const numbers = Array.from({ length: count }, (_, n) => n);
    const values = numbers.flatMap((n) => Array.from({ length: 2 * length }, (_, i) => (i % 2 ? 0 : sizes(n, i / 2))));
    const line = signalLines(
      openReadouts({
        ...{ coils: 1, isTimed: true, strongest: 0, starts: toSteps(numbers.map((n) => n / 80)) },
        ...{ peaks: new Float32Array(count).fill(97), kept: Uint32Array.from(isKept ? numbers : []) },
        samples: isKept ? toRows(values, evenEnds(values.length, 2 * length)) : toRows([], []),
        readouts: {
          ...{ samples: row(length), dwell: row(dwell) },
          ...{ slice: row(0), contrast: row(0), repetition: row(0), imaging: row(1) },
        },
      }),
    )(from, to);
    assert.ok('high' in line);
    const want = new Float64Array(line.high.length);
    for (const n of numbers)
      for (let s = 0; s < length; s++) {
        const column = Math.floor((want.length * (n / 80 + (s + 0.5) * dwell - from)) / (to - from));
        want[column] = Math.max(want[column], isKept ? sizes(n, s) : 97);
      }
    const wrong = line.high.findIndex((value, c) =>
      want[c] === 0 ? isKept && value > 0 : Math.abs(value - want[c]) > 0.01,
    );
    assert.equal(wrong, -1, `column ${wrong}: ${line.high[wrong]} for ${want[wrong]}`);
  }
});

test('readouts: where they lie and what they hold, lines and curves', skipWithoutCases(), () => {
  for (const sequence of [
    makeBuiltin('epi', { n: 10 }, scanner),
    readPulseq(caseFiles('pulseq/v1.5', 'spiral.seq')[0]),
  ]) {
    const encoding = encode(sequence, scanner);
    const samples = encoding.readouts.reduce((sum, readout) => sum + readout.samples, 0);
    const signal = Float64Array.from({ length: 2 * samples }, (_, n) => Math.cos(n * n));
    const raw = {
      signal,
      coils: 1,
      samples,
      precision: 'f32',
      encoding,
      sequenceName: '',
      phantomName: '',
      B0: 1,
      frequency: 1,
    } as const;
    const readouts = openReadouts(unpack(pack(signalData(acquiredData(raw), undefined))));
    assert.equal(readouts.count, encoding.readouts.length);
    const limit = Math.max(...encoding.encodedMatrix.map((n, axis) => (n > 1 ? n / encoding.encodedFov[axis] / 2 : 0)));
    for (const [n, { samples: count, firstSample, start }] of encoding.readouts.entries()) {
      assert.ok(Math.abs(readouts.starts[n] - start) < 2e-9);
      const k = encoding.trajectory(n);
      for (const sample of [0, Math.floor(count / 3), count - 1]) {
        const place = readouts.place(n, sample)!;
        // Curves are stored at 400 points.
        for (let axis = 0; axis < 2; axis++) assert.ok(Math.abs(place[axis] - k[3 * sample + axis]) < 4e-3 * limit);
      }
      const values = readouts.values(n, 0)!;
      assert.ok(Math.abs(values[2] - signal[2 * firstSample + 2]) < 1e-4);
      assert.equal(readouts.before(readouts.starts[n] + 1e-8), n);
    }
  }
});
