/**
 * Every `.seq` of the reference data against the waveforms that MATLAB made of it. The tolerance is
 * the one KomaMRI asks of itself for the same files.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { GAMMA_BAR } from '../../host/base/units.ts';
import { type MatValue, matField, readMatlab } from '../../host/formats/matlab.ts';
import { waveforms, waveformsJson } from '../../host/sequence/export-waveforms.ts';
import { readPulseq } from '../../host/sequence/pulseq/read.ts';
import { caseFiles, cases, skipWithoutCases } from '../../testing/cases.ts';

const TOLERANCE = 1.5e-8;

interface Numbers {
  readonly re: ArrayLike<number>;
  readonly im?: ArrayLike<number>;
}

function numbers(value: MatValue | undefined): Numbers {
  assert.equal(value?.kind, 'numeric');
  return value.imag === undefined ? { re: value.data } : { re: value.data, im: value.imag };
}

/** |got − want| ≤ TOLERANCE·|want|; samples that are rounding residue of zero, by the peak. */
function assertClose(got: Numbers, want: Numbers, what: string): void {
  assert.equal(got.re.length, want.re.length, `${what}: length`);
  let peak = 0;
  for (let n = 0; n < want.re.length; n++) peak = Math.max(peak, Math.hypot(want.re[n], want.im?.[n] ?? 0));
  for (let n = 0; n < want.re.length; n++) {
    const size = Math.hypot(want.re[n], want.im?.[n] ?? 0);
    const error = Math.hypot(got.re[n] - want.re[n], (got.im?.[n] ?? 0) - (want.im?.[n] ?? 0));
    const most = TOLERANCE * size + Number.EPSILON * peak;
    assert.ok(
      error <= most,
      `${what}[${n}]: ${got.re[n]} + ${got.im?.[n] ?? 0}i, not ${want.re[n]} + ${want.im?.[n] ?? 0}i`,
    );
  }
}

const pairs = caseFiles('pulseq', '.mat');

test('there are reference waveforms', skipWithoutCases(), () => assert.equal(pairs.length, 12));

for (const path of pairs) {
  test(`waveforms of ${path.split('/').slice(-2).join('/')}`, skipWithoutCases(), () => {
    const reference = readMatlab(readFileSync(path), basename(path)).get('sequence');
    assert.equal(reference?.kind, 'cell');
    const { blocks } = waveforms(readPulseq(path.replace('.mat', '.seq')));
    assert.equal(blocks.length, reference.cells.length);
    for (const [n, cell] of reference.cells.entries()) {
      const block = blocks[n];
      for (const channel of ['rf', 'df', 'gx', 'gy', 'gz', 'adc'] as const) {
        const want = matField(cell, channel);
        const { t, A } = block[channel];
        const values = A as readonly (number | readonly [number, number])[];
        const got: Numbers = {
          re: values.map((a) => (typeof a === 'number' ? a : a[0])),
          im: values.map((a) => (typeof a === 'number' ? 0 : a[1])),
        };
        assertClose({ re: t }, numbers(matField(want, 't')), `block ${n} ${channel}.t`);
        assertClose(got, numbers(matField(want, 'A')), `block ${n} ${channel}.A`);
      }
    }
  });
}

test('JSON in pieces is the object', skipWithoutCases(), () => {
  const sequence = readPulseq(cases('pulseq/v1.4/fid.seq'));
  const text = [...waveformsJson(sequence)].join('');
  assert.deepEqual(JSON.parse(text), waveforms(sequence));
});

test('offsets in ppm count once a Larmor frequency is given', skipWithoutCases(), () => {
  const sequence = readPulseq(cases('pulseq/v1.5/spiral.seq'));
  const { blocks } = waveforms(sequence, { larmor: GAMMA_BAR * 1.5 });
  // −3.35 ppm of 63.8662032 MHz
  assert.ok(Math.abs(blocks[0].df.A[1] + 213.95178072) < 1e-6);
});
