/**
 * The built-in EPI against the published numbers of the reference case, and what its parameters do.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT, LarmorError } from '../../host/base/errors.ts';
import { builtinSequences, makeBuiltin } from '../../host/sequence/builtin/index.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import type { Sequence, TrapezoidEvent } from '../../host/sequence/types.ts';

const make = (settings: Record<string, string> = {}, scanner = DEFAULT_SCANNER): Sequence =>
  makeBuiltin('epi', settings, scanner);

/** As the reference prints it: so many digits after the point. */
const shown = (value: number, digits: number): string => value.toFixed(digits);

const refused = (settings: Record<string, string>, pattern: RegExp): void => {
  assert.throws(
    () => make(settings),
    (error) => error instanceof LarmorError && error.exitCode === EXIT.usage && pattern.test(error.message),
    JSON.stringify(settings),
  );
};

test('defaults are the reference case to its printed digits', () => {
  const epi = make();
  assert.equal(epi.blockCount, 204);
  assert.equal(shown(epi.duration * 1e3, 6), '62.846121');
  const { rf } = epi.block(0);
  assert.equal(rf!.magnitude[0], 10e-6);
  assert.equal(shown(rf!.time[1] * 1e6, 3), '587.165');
  const wind = [epi.block(1).gx, epi.block(1).gy] as TrapezoidEvent[];
  assert.deepEqual(
    wind.map(({ amplitude }) => shown(amplitude * 1e3, 6)),
    ['-25.528914', '-16.900093'],
  );
  const line = epi.block(2).gx as TrapezoidEvent;
  assert.equal(shown(line.amplitude * 1e3, 6), '51.057827');
  assert.equal(shown(line.rise * 1e6, 6), '102.115654');
  assert.equal(shown(line.flat * 1e6, 6), '200.000000');
  assert.deepEqual(
    wind.map(({ rise, flat, fall }) => [rise, flat, fall]),
    [0, 1].map(() => [line.rise, line.flat, line.fall]),
  );
  const blip = epi.block(3).gy as TrapezoidEvent;
  assert.equal(shown(blip.amplitude * 1e3, 6), '0.980791');
  assert.equal(shown(blip.flat * 1e6, 6), '2.000000');
  assert.equal(blip.rise, line.rise);
});

test('101 readouts of 101 samples from one end of the flat top to the other, alternating', () => {
  const epi = make();
  const blocks = Array.from({ length: epi.blockCount }, (_, n) => epi.block(n));
  const lines = blocks.filter(({ adc }) => adc !== undefined);
  assert.equal(lines.length, 101);
  for (const [n, { adc, gx, gy }] of lines.entries()) {
    const { amplitude, rise, flat } = gx as TrapezoidEvent;
    assert.equal(gy, undefined);
    assert.equal(Math.sign(amplitude), n % 2 === 0 ? 1 : -1);
    assert.deepEqual([adc!.samples, adc!.dwell], [101, 2e-6]);
    const sample = (index: number): number => adc!.delay + (index + 0.5) * adc!.dwell;
    // 1e-16 s: rounding of times of 1e-4 s.
    assert.ok(Math.abs(sample(0) - rise) < 1e-16 && Math.abs(sample(100) - (rise + flat)) < 1e-16);
  }
});

test('equal events are one object, so that work per event can be remembered', () => {
  const epi = make();
  assert.equal(epi.block(2).adc, epi.block(202).adc);
  assert.equal(epi.block(2).gx, epi.block(6).gx);
  assert.equal(epi.block(3).gy, epi.block(5).gy);
});

test('te delays the train, and one too short names the shortest', () => {
  const shortest = Number(make().definitions.get('TE'));
  const late = make({ te: '0.05' });
  assert.equal(late.blockCount, 205);
  assert.ok(Math.abs(late.duration - make().duration - (0.05 - shortest)) < 1e-12);
  refused({ te: '0.03' }, /te=30ms is too short; the shortest possible is 31\.4231ms/);
});

test('dwell follows Gmax and the ADC raster, amplitude and flip follow B1', () => {
  const weak = make({}, { ...DEFAULT_SCANNER, Gmax: 20e-3, B1: 20e-6 });
  const { gx, adc } = weak.block(2);
  // 1/(γ̄·0.23 m·20 mT/m) = 5.106 µs, 6 µs on the raster of 2 µs.
  assert.ok(Math.abs(adc!.dwell - 6e-6) < 1e-18);
  assert.ok((gx as TrapezoidEvent).amplitude <= 20e-3);
  assert.equal(weak.block(0).rf!.magnitude[0], 20e-6);
});

test('every wrong name or value is refused, saying what exists', () => {
  refused({ matrix: '64' }, /no parameter 'matrix'; it has fov, n, te, flip, dwell/);
  refused({ constructor: '1' }, /no parameter 'constructor'/);
  refused({ n: 'many' }, /n=many is not a number/);
  refused({ n: '' }, /n= has no value; .*for example n=101/);
  refused({ n: '64.5' }, /not a whole number/);
  refused({ n: '1' }, /less than 2/);
  refused({ fov: '0' }, /not greater than 0/);
  refused({ fov: 'Infinity' }, /not a finite number/);
  refused({ te: '-1' }, /less than 0/);
  refused({ flip: '400deg' }, /more than 360deg/);
  refused({ dwell: '1e-7' }, /more than Gmax = 0\.06 T\/m; give dwell ≥ 1\.702e-6 s/);
  assert.throws(
    () => makeBuiltin('flash', {}, DEFAULT_SCANNER),
    /no built-in sequence 'flash'; there are epi, gre, se, fid, bssfp/,
  );
});

test('every parameter says its default, unit and meaning', () => {
  for (const { parameters, doc } of builtinSequences.values()) {
    assert.ok(doc.length > 0);
    for (const parameter of Object.values(parameters)) {
      if (typeof parameter.default === 'string') assert.ok(parameter.unit.split('|').includes(parameter.default));
      assert.match(parameter.doc, /^(the|how) /);
    }
  }
});
