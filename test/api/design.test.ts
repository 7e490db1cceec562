/**
 * The designer for programs, and sequences that a program made: whatever no file could hold is
 * refused, by function and argument where it is made, by sequence, block and key where it is used
 * or written.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as larmor from '../../host/api/index.ts';
import * as designer from '../../host/sequence/designer.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

// biome-ignore lint/suspicious/noExplicitAny: a program without types gives anything
type Any = any;
const design: Any = larmor.design;
const { DEFAULT_SCANNER: scanner } = larmor;

function refuses(call: () => unknown, exitCode: number, message: RegExp): void {
  assert.throws(call, (error) => {
    assert.ok(error instanceof larmor.LarmorError, `${message}: ${error}`);
    assert.match(error.message, message);
    assert.deepEqual([error.exitCode, error.message.includes('\n')], [exitCode, false], error.message);
    return true;
  });
}

test('the package has every function of the designer', () => {
  assert.deepEqual(Object.keys(larmor.design).sort(), Object.keys(designer).sort());
});

test('wrong arguments of the designer name function and argument', () => {
  const sinc = { flip: 1, duration: 4e-3, timeBandwidth: 4, raster: 2e-5 };
  const lobe = larmor.design.areaTrapezoid(1e-5, scanner);
  const refused: readonly (readonly [() => unknown, RegExp])[] = [
    [() => design.adc(1.5, 1e-5, 0), /^adc: samples is 1.5; give a whole number from 1 to 2147483647$/],
    [() => design.adc(0, 1e-5, 0), /^adc: samples is 0/],
    [() => design.adc(16, -1e-5, 0), /^adc: dwell is -0.00001; give s from 0/],
    [() => design.adc(16, 0, 0), /^adc: result has 16 samples and a dwell time of 0/],
    [() => design.adc(16, 1e-5), /^adc: delay is missing, not a number/],
    [() => design.adc(16, 1e-5, 0, Number.NaN), /^adc: phaseOffset is NaN/],
    [() => design.adc(16, 1e-5, 0, 1e300), /^adc: makes an event with a phase offset of 1e\+300 rad/],
    [() => design.slrPulse({ ...sinc, timeBandwidth: undefined }), /^slrPulse: options has no 'timeBandwidth'/],
    [() => design.slrPulse({ ...sinc, flip: 4 }), /^slrPulse: options.flip is 4; give rad from 0 to 3.14/],
    [() => design.slrPulse({ ...sinc, raster: 1e-6 }), /^slrPulse: options.duration is 0.004, which is 4000 samples/],
    [
      () => design.sincPulse({ ...sinc, raster: 3e-5 }),
      /^sincPulse: options.duration is 0.004, not a multiple of options/,
    ],
    [() => design.sincPulse({ ...sinc, raster: -2e-5 }), /^sincPulse: options.raster is -0.00002/],
    [() => design.sincPulse({ ...sinc, raster: Number.POSITIVE_INFINITY }), /^sincPulse: options.raster is Infinity/],
    [() => design.sincPulse({ ...sinc, duration: 0 }), /^sincPulse: options.duration is 0, not a multiple/],
    [
      () => design.sincPulse({ ...sinc, duration: 1e5, raster: 1e-9 }),
      /^sincPulse: .*, which is 100000000000000 samples/,
    ],
    [() => design.sincPulse({ ...sinc, flipAngle: 1 }), /^sincPulse: unknown key 'options.flipAngle'/],
    [
      () => design.sincPulse({ ...sinc, use: 'refocus' }),
      /^sincPulse: options.use is "refocus"; give excitation, refocusing/,
    ],
    [() => design.sincPulse(), /^sincPulse: options is missing; give an object/],
    [() => design.gaussPulse({ flip: 1, duration: 4e-3, raster: 2e-5 }), /^gaussPulse: options has no 'bandwidth'/],
    [() => design.hardPulse(1, 0), /^hardPulse: amplitude is 0; give a positive number/],
    [() => design.hardPulse(1, 1e3), /^hardPulse: makes an event with a B1 of 1000 T, beyond/],
    [() => design.hardPulse(-1, 1e-5), /^hardPulse: flip is -1/],
    [
      () => design.shapedPulse(Float64Array.of(1, -1), { flip: 1, raster: 1e-5 }),
      /^shapedPulse: result.magnitude is Float/,
    ],
    [
      () => design.shapedPulse([1, 1], { flip: 1, raster: 1e-5 }),
      /^shapedPulse: shape is \[ 1, 1 \]; give a Float64Array/,
    ],
    [
      () => design.arbitraryPulse(Float64Array.of(1e-6), Float64Array.of(0, 0), { raster: 1e-5 }),
      /^arbitraryPulse: result has 1 samples of magnitude and 2 of phase; make them equal/,
    ],
    [
      () => design.hyperbolicSecant({ duration: 1e-2, bandwidth: 500, amplitude: 1e-5, raster: 1e-5, truncation: 2 }),
      /^hyperbolicSecant: options.truncation is 2/,
    ],
    [() => design.scaledPulse(lobe, 2), /^scaledPulse: unknown key 'rf.amplitude'|^scaledPulse: rf has no/],
    [() => design.trapezoid(0.01, -1e-4, 1e-3), /^trapezoid: ramp is -0.0001/],
    [() => design.trapezoid(5000, 1e-4, 1e-3), /^trapezoid: makes an event with an amplitude of 5000 T\/m/],
    [() => design.flatTop(0.01, 1e-3, {}), /^flatTop: scanner is {}; give DEFAULT_SCANNER/],
    [() => design.areaTrapezoid(Number.NaN, scanner), /^areaTrapezoid: area is NaN/],
    [() => design.areaTrapezoid('1e-5', scanner), /^areaTrapezoid: area is "1e-5", not a number/],
    [() => design.areaTrapezoid(1e-5, { ...scanner, gradRaster: 0 }), /^areaTrapezoid: scanner is/],
    [() => design.rasterGradient([0.01, Number.NaN], 1e-5), /^rasterGradient: samples\[1\] is NaN/],
    [() => design.rasterGradient([0.01], 0), /^rasterGradient: raster is 0/],
    [() => design.extendedGradient([[0, 0]]), /^extendedGradient: points is \[ \[ 0, 0 \] \]; give a list of pairs/],
    [() => design.extendedGradient([[0, 0], 1]), /^extendedGradient: points\[1\] is 1; give two numbers/],
    [
      () =>
        design.extendedGradient([
          [0, 0],
          [2, 1],
          [1, 0],
        ]),
      /^extendedGradient: result.time is .*decrease/,
    ],
    [() => design.splitGradient(lobe, 1), /cannot be split at 1 s; give a time between/],
    [() => design.joinedGradients(lobe, {}), /^joinedGradients: events\[1\] has no 'kind'/],
    [() => design.setLabel('LIN', 1.5), /^setLabel: value is 1.5/],
    [() => design.setLabel('LIN\n[RF]', 1), /^setLabel: label is "LIN\\n\[RF\]"; give a word without spaces/],
    [() => design.softDelay('TE', 1e-3, { factor: 0 }), /^softDelay: options.factor is 0/],
    [() => design.outputTrigger(-1, 1e-3), /^outputTrigger: channel is -1/],
    [() => design.rotationAbout('w', 1), /^rotationAbout: axis is "w"; give x, y, z/],
    [() => design.rfShim([]), /^rfShim: weights is \[\]; give a list of pairs/],
    [() => design.delayOf(-1e-3), /^delayOf: duration is -0.001; give s from 0/],
    [() => design.blockOf({ gX: lobe }), /^blockOf: unknown key 'events.gX'; did you mean gx\?/],
    [() => design.blockOf({ gx: lobe }, 1e-5), /^blockOf: the gradient ends at .* s, the block at 0.00001 s; lengthen/],
    [() => design.durationOf([{ duration: 'x' }]), /^durationOf: blocks\[0\].duration is "x", not a number/],
    [() => design.sequenceOf('a', [{}], {}), /^sequenceOf: blocks\[0\] has no 'duration'/],
    [() => design.sequenceOf('a', [], { 'F O V': 1 }), /^sequenceOf: a key of definitions is "F O V"/],
    [() => design.sequenceOf('a', [], { FOV: [0.2, Number.NaN] }), /^sequenceOf: definitions.FOV\[1\] is NaN/],
    [() => design.sequenceOf('a', [], { Name: 'x\n[RF]' }), /^sequenceOf: definitions.Name is/],
    [() => design.roundUp(1e-3, 0), /^roundUp: raster is 0; give a positive number/],
  ];
  for (const [call, message] of refused) refuses(call, 2, message);
});

test('a sequence that no file could hold is refused by block and key, and nothing is written', async () => {
  const adc = larmor.design.adc(16, 1e-5, 1e-4);
  const good: Any = larmor.design.blockOf({ adc, labels: [larmor.design.setLabel('LIN', 0)] });
  const folder = temporaryFolder();
  const blocks: readonly (readonly [Any, RegExp])[] = [
    [{ ...good, adc: { ...adc, samples: 1.5 } }, /^own, block 2: adc.samples is 1.5; give a whole number from 1/],
    [{ ...good, adc: { ...adc, dwell: Number.NaN } }, /^own, block 2: adc.dwell is NaN/],
    [{ ...good, labels: [{ label: 'LIN', mode: 'set', value: 1.5 }] }, /^own, block 2: labels\[0\].value is 1.5/],
    [{ ...good, gX: larmor.design.areaTrapezoid(1e-5, scanner) }, /^own, block 2: unknown key 'gX'; did you mean gx\?/],
    [{ ...good, rotation: [1, 0, 0, 0, 1, 0, 0, 0, -1] }, /^own, block 2: rotation is .*; give a rotation/],
    [{ ...good, gx: { kind: 'trapezoid', delay: 0, amplitude: 1, rise: -1, flat: 1, fall: 0 } }, /gx.rise is -1/],
    [{ ...good, duration: Number.POSITIVE_INFINITY }, /^own, block 2: duration is Infinity/],
    [{ ...good, duration: 1e-5 }, /^own, block 2: the readout ends at/],
    [undefined, /^own, block 2: it is missing; give an object with duration, rf/],
  ];
  const all = larmor.design.sequenceOf('own', [good, good], {});
  for (const [block, message] of blocks) {
    const sequence: Any = () => ({ ...all, block: (n: number) => (n === 0 ? good : block) });
    for (const ending of ['seq', 'json']) {
      const path = join(folder, `own.${ending}`);
      refuses(() => larmor.writeSequence(path, sequence()), 65, message);
      assert.ok(!existsSync(path));
    }
    refuses(() => larmor.checkSequence(sequence(), scanner), 65, message);
    refuses(() => larmor.plotSequence(sequence()), 65, message);
    await assert.rejects(larmor.simulate(sequence(), 'sphere'), { exitCode: 65, message });
  }
  const long = larmor.design.sequenceOf('own', [larmor.design.blockOf({ adc: design.adc(2 ** 31 - 1, 1e-6, 0) })], {});
  await assert.rejects(larmor.simulate(long, 'sphere'), {
    exitCode: 65,
    message: /^own: 2147483647 samples would take/,
  });
  const heads: readonly (readonly [Any, RegExp])[] = [
    [{ definitions: {} }, /^own: its definitions are not a Map/],
    [{ definitions: new Map([['Name', 'a\nb']]) }, /^own: definitions.Name is "a\\nb"/],
    [{ duration: Number.NaN }, /^own: duration is NaN/],
    [{ blockCount: -1 }, /^own: blockCount is -1/],
    [{ name: 5 }, /^sequence: name is 5/],
  ];
  for (const [other, message] of heads)
    refuses(() => larmor.writeSequence(join(folder, 'own.seq'), { ...all, ...other }), 65, message);
  larmor.writeSequence(join(folder, 'own.seq'), all);
  assert.equal(larmor.readSequence(join(folder, 'own.seq')).blockCount, 2);
});
