/**
 * Geometry of small scans of every kind (`scans.ts`): inferred without labels, as their designers
 * meant it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setLabel } from '../../host/sequence/designer.ts';
import { encode } from '../../host/sequence/encoding.ts';
import type { Encoding, ReadoutRole, TrajectoryKind } from '../../host/sequence/encoding-types.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import type { LabelEvent, Sequence } from '../../host/sequence/types.ts';
import * as scans from '../../testing/small-scans.ts';

const { FOV, N } = scans;

interface Expected {
  readonly kind?: TrajectoryKind;
  readonly matrix?: readonly number[];
  readonly fov?: readonly number[];
  readonly slices?: number;
  readonly contrasts?: number;
  readonly repetitions?: number;
  readonly TE?: readonly number[];
  readonly TR?: number;
  readonly roles?: Partial<Record<ReadoutRole, number>>;
}

const count = (found: Encoding, counter: 'slice' | 'contrast' | 'repetition'): number =>
  found.limits[counter].maximum + 1;

function rolesOf({ readouts }: Encoding): Partial<Record<ReadoutRole, number>> {
  const roles: Partial<Record<ReadoutRole, number>> = {};
  for (const { role } of readouts) roles[role] = (roles[role] ?? 0) + 1;
  return roles;
}

const near = (found: number | undefined, wanted: number, what: string): void =>
  assert.ok(found !== undefined && Math.abs(found - wanted) < 2e-3 * wanted, `${what}: ${found} for ${wanted}`);

function check(name: string, sequence: Sequence, expected: Expected): void {
  test(name, () => {
    const found = encode(sequence, DEFAULT_SCANNER);
    const { matrix = [N, N, 1], fov = [FOV, FOV, 5e-3] } = expected;
    assert.deepEqual(found.reconMatrix, matrix);
    for (const [axis, length] of fov.entries()) near(found.reconFov[axis], length, `FOV ${axis}`);
    assert.equal(found.kind, expected.kind ?? 'cartesian');
    assert.equal(count(found, 'slice'), expected.slices ?? 1, 'slices');
    assert.equal(count(found, 'contrast'), expected.contrasts ?? 1, 'contrasts');
    assert.equal(count(found, 'repetition'), expected.repetitions ?? 1, 'repetitions');
    for (const [n, time] of (expected.TE ?? []).entries()) near(found.TE[n], time, `TE ${n}`);
    if (expected.TR !== undefined) near(found.TR[0], expected.TR, 'TR');
    if (expected.roles !== undefined) assert.deepEqual(rolesOf(found), expected.roles);
    assert.deepEqual(found.warnings, []);
  });
}

const cube = { matrix: [N, N, N], fov: [FOV, FOV, FOV] };

for (const use of ['excitation', 'undefined'] as const) {
  const suffix = use === 'undefined' ? ', pulses of unstated use' : '';
  check(`MPRAGE${suffix}`, scans.mprage(use), { matrix: [N, N, 4], fov: [FOV, FOV, 0.02], TE: [1.31e-3], TR: 2.72e-3 });
  check(`DESS: two echoes of one matrix${suffix}`, scans.dess(use), {
    contrasts: 2,
    TE: [1.31e-3, 7.07e-3],
    TR: 4.24e-3,
  });
  check(`balanced SSFP after half a pulse is no spin-echo train${suffix}`, scans.bssfp(use), { TE: [2.31e-3] });
  for (const flip of [60, 90, 120, 180])
    check(`fast spin echo, ${flip}°${suffix}`, scans.tse(flip, use), { TE: [16e-3], TR: 0.273 });
  check(`fast spin echo, falling flip angles${suffix}`, scans.tse(60, use, { flips: [140, 100, 70, 60] }), {
    TE: [16e-3],
  });
  check(`fast spin echo, first echoes not read${suffix}`, scans.tse(60, use, { dummies: 2 }), { TE: [48e-3] });
  check(`fast spin echo, pulses early in their gradients${suffix}`, scans.tse(120, use, { early: 4e-5 }), {});
  for (const flip of [60, 180]) check(`spin echo, ${flip}°${suffix}`, scans.spinEcho(flip, use), { TE: [16e-3] });
  check(
    `diffusion-weighted EPI with navigators${suffix}`,
    scans.epi({ use, diffusion: true, volumes: 3, navigators: 3 }),
    {
      kind: 'epi',
      repetitions: 3,
      roles: { phaseCorrection: 9, image: 3 * N },
    },
  );
  check(`PRESS is no image${suffix}`, scans.press(use), { kind: 'other', matrix: [1, 1, 1], fov: [], repetitions: 2 });
}

// The ramp adds 2.5 steps to the radius of 8.
check('half spokes of unstated use are no spin echoes', scans.halfSpokes(), {
  kind: 'radial',
  matrix: [21, 21, 21],
  fov: [FOV, FOV, FOV],
});
check('the same line at two echo times is two contrasts', scans.twoEchoTimes(), {
  contrasts: 2,
  TE: [2.86e-3, 4.86e-3],
});
check('repetitions of each echo time', scans.twoEchoTimes(2e-3, 3), { contrasts: 2, repetitions: 3 });
check('EPIs of opposite phase encoding are repetitions', scans.epi({ volumes: 2, reversing: true }), {
  kind: 'epi',
  repetitions: 2,
});
check('echo times that hardly differ are repetitions', scans.twoEchoTimes(1e-4), { repetitions: 2, TE: [2.86e-3] });

test('CPMG without gradients, 60°, pulses of unstated use: echoes after 2τ each', () => {
  const found = encode(scans.cpmg(60, 'undefined'), DEFAULT_SCANNER);
  assert.equal(found.TE.length, 4);
  for (const [n, time] of found.TE.entries()) assert.ok(Math.abs(time - 10e-3 * (n + 1)) < 5e-4, `${time}`);
});

check('half spokes, ramp-sampled (UTE)', scans.ute(), { kind: 'radial', matrix: [30, 30, 1], TR: 3.4e-3 });
check('spokes read while the gradient of the hard pulse is on (ZTE)', scans.zte(), {
  kind: 'radial',
  matrix: [20, 20, 20],
  fov: [FOV, FOV, FOV],
  TR: 2e-3,
});
check('3-D radial', scans.kooshBall(), { kind: 'radial', ...cube });
check('stack of spirals', scans.stackOfSpirals(), { kind: 'spiral', matrix: [N, N, 4], fov: [FOV, FOV, 0.08] });
check('cones, half the field of view along z', scans.cones(), {
  kind: 'other',
  matrix: [N, N, N / 2],
  fov: [FOV, FOV, FOV / 2],
});
check('wave encoding, oversampled', scans.wave(), { kind: 'other', matrix: [N, 8, 4], fov: [FOV, FOV, 0.04] });
check('EPI in one readout', scans.epiInOneReadout(), { kind: 'other' });
test('EPI in one readout without a stated matrix: a warning, as no line says which samples are the image’s', () => {
  const { warnings } = encode(scans.epiInOneReadout({}), DEFAULT_SCANNER);
  assert.equal(warnings.length, 1, warnings.join('\n'));
  assert.match(warnings[0], /the matrix cannot be known .* state Matrix and FOV in \[DEFINITIONS\]/);
});
check('multi-echo gradient echo', scans.multiEcho(), { contrasts: 3, TE: [2.86e-3, 3.38e-3, 3.9e-3] });
check('fat saturation is no excitation of the image', scans.fatSaturated(), { TE: [2.86e-3] });
check('millimetres', scans.gre({ FOV: [200, 200, 5] }), {});

check('a slice thickness in millimetres beside metres', scans.gre({ FOV: [0.2, 0.2, 0.02], SliceThickness: [5] }), {});
check('a slab in millimetres beside metres', scans.gre({ FOV: [0.2, 0.2, 5] }), {});

for (const shots of [1, 2, 4]) {
  for (const navigators of [1, 2, 3]) {
    check(
      `EPI of ${shots} shots with ${navigators} unlabelled navigators`,
      scans.epi({ shots, navigators, volumes: 2 }),
      {
        kind: 'epi',
        repetitions: 2,
        roles: { phaseCorrection: 2 * shots * navigators, image: 2 * N },
      },
    );
  }
}

check('two echoes of the whole EPI train', scans.epi({ echoes: 2, navigators: 3 }), { kind: 'epi', contrasts: 2 });

check(
  'navigators at k = 0 between the lines',
  scans.scan(
    'navigators',
    scans.table().flatMap((ky, n) => [...(n % 4 === 0 ? scans.greLine(0) : []), ...scans.greLine(ky)]),
  ),
  { roles: { navigator: 4, image: N } },
);

// Half a step beside k = 0 lies a table of an even number of lines placed symmetrically.
const halfway = (n = N, dk = 1 / FOV): number[] => scans.table(n, dk).map((k) => k + dk / 2);
for (const references of [1, 4]) {
  const every = N / references;
  check(
    `${references} lines at k = 0 beside a table halfway between its multiples`,
    scans.scan(
      'references',
      halfway().flatMap((ky, n) => [...(n % every === 0 ? scans.greLine(0) : []), ...scans.greLine(ky)]),
    ),
    { roles: { navigator: references, image: N } },
  );
}
for (const [kzs, where] of [
  [halfway(4, 1 / 0.02), 'both ways'],
  [scans.table(4, 1 / 0.02), 'along the lines'],
] as const) {
  check(
    `a line at k = 0 beside a table halfway ${where}, in three dimensions`,
    scans.scan(
      'references',
      [...scans.greLine(0), ...kzs.flatMap((kz) => halfway().flatMap((ky) => scans.greLine(ky, { kz })))],
      { FOV: [FOV, FOV, 0.02] },
    ),
    { matrix: [N, N, 4], fov: [FOV, FOV, 0.02], roles: { navigator: 1, image: 4 * N } },
  );
}
for (const [shots, navigators] of [
  [1, 1],
  [1, 2],
  [2, 1],
] as const) {
  check(
    `EPI of ${shots} shots halfway between multiples of the step, ${navigators} navigators`,
    scans.epi({ shots, navigators, volumes: 2, offset: 0.5 }),
    { kind: 'epi', repetitions: 2, roles: { phaseCorrection: 2 * shots * navigators, image: 2 * N } },
  );
}
for (const lines of [3, 5]) {
  check(
    `${lines} lines, of which one is at k = 0, are a table`,
    scans.scan(
      'few lines',
      scans.table(lines).flatMap((ky) => scans.greLine(ky)),
    ),
    { matrix: [N, lines, 1], roles: { image: lines } },
  );
}

check(
  'repetitions without a pulse between those with one',
  scans.scan(
    'field camera',
    scans.table().flatMap((ky, n) => [...scans.greLine(ky), ...(n % 5 === 2 ? scans.greLine(ky).slice(1) : [])]),
  ),
  { roles: { dummy: 3, image: N } },
);

check(
  'slices whose frequencies drift',
  scans.scan(
    'drift',
    scans
      .table()
      .flatMap((ky, n) => [0, 2000, 4000].flatMap((f) => scans.greLine(ky, { rf: { frequencyOffset: f + 0.01 * n } }))),
  ),
  { slices: 3 },
);

test('what is read more often is averaged, not a repetition of a few lines', () => {
  const lines = [...scans.table(), ...scans.table().slice(5, 11)];
  const found = encode(
    scans.scan(
      'averages',
      lines.flatMap((ky) => scans.greLine(ky)),
    ),
    DEFAULT_SCANNER,
  );
  assert.deepEqual([found.limits.repetition.maximum, found.limits.average.maximum], [0, 1]);
});

test('GRAPPA: calibration lines by REF and IMA, acceleration from the lines', () => {
  const found = encode(scans.grappa(), DEFAULT_SCANNER);
  assert.deepEqual(found.parallelImaging, { acceleration: [2, 1], calibration: 'embedded' });
  assert.deepEqual(rolesOf(found), { image: 5, calibration: 4, calibrationAndImage: 3 });
  assert.deepEqual(found.reconMatrix, [N, N, 1]);
});

test('pseudo-readouts of saturation experiments encode no space, whatever the pulses', () => {
  for (const flip of [20, 600]) assert.deepEqual(encode(scans.cest(flip), DEFAULT_SCANNER).encodedMatrix, [1, 1, 1]);
});

test('the receiver shifts the centre of the image', () => {
  const dk = (k: number) => 2 * Math.PI * k;
  const centerOf = (sequence: Sequence): number[] =>
    encode(sequence, DEFAULT_SCANNER).readouts[0].position.map((c) => Math.round(c * 1e6) / 1e3);
  const shifted = (x: number, y: number, z = 0, kzs = [0]) =>
    scans.scan(
      'shifted',
      kzs.flatMap((kz) =>
        scans.table().flatMap((ky) => {
          const receiver = { frequencyOffset: x / (FOV * 20e-6), phaseOffset: dk(ky) * y + dk(kz) * z };
          const rf = { frequencyOffset: 4 * 1000, phaseOffset: 0.3 };
          return scans.greLine(ky, { kz, rf, readout: { adc: { ...scans.lineAdc(), ...receiver } } });
        }),
      ),
    );
  // The pulse is 15 mm off: a slice lies there, a slab encoded along z is imaged about the origin.
  assert.deepEqual(centerOf(shifted(0.02, 0.03)), [20, 30, 15]);
  assert.deepEqual(centerOf(shifted(-0.02, 0)), [-20, 0, 15]);
  assert.deepEqual(centerOf(shifted(0, -0.01, 0.004, [-100, -50, 0, 50])), [0, -10, 4]);
});

test('receivers of spokes that agree on a point shift the image there', () => {
  const spokes = Array.from({ length: 12 }, (_, n) => {
    const [c, s] = [Math.cos((Math.PI * n) / 12), Math.sin((Math.PI * n) / 12)];
    const receiver = { ...scans.lineAdc(), frequencyOffset: (0.02 * c + 0.01 * s) / (FOV * 20e-6) };
    return scans
      .greLine(0, { readout: { adc: receiver } })
      .map((block) => ({ ...block, rotation: [c, -s, 0, s, c, 0, 0, 0, 1] }));
  });
  const found = encode(scans.scan('radial', spokes.flat()), DEFAULT_SCANNER);
  assert.equal(found.kind, 'radial');
  for (const [axis, expected] of [0.02, 0.01, 0].entries())
    assert.ok(Math.abs(found.readouts[0].position[axis] - expected) < 1e-4, `${found.readouts[0].position}`);
});

test('labels of the specification without an effect, and unknown ones, are reported once', () => {
  const set = (...labels: string[]): LabelEvent[] => labels.map((label) => setLabel(label, 0));
  const warningsOf = (...labels: string[]): readonly string[] =>
    encode(scans.gre({}, { labels: set(...labels) }), DEFAULT_SCANNER).warnings;
  assert.deepEqual(
    warningsOf('NAV', 'REV', 'REF', 'IMA', 'NOISE', 'SLC', 'SEG', 'REP', 'AVG', 'SET', 'ECO', 'PHS'),
    [],
  );
  assert.deepEqual(warningsOf('TRID', 'ONCE'), ['gre: labels TRID, ONCE: no effect on a simulation']);
  assert.deepEqual(warningsOf('FOOBAR'), ['gre: label FOOBAR: not in the Pulseq specification, no effect']);
});

test('what was found and what was stated stand in a warning where they disagree', () => {
  const found = encode(scans.gre({ FOV: [0.3, 0.3, 0.005], Matrix: [64, 64, 1] }), DEFAULT_SCANNER);
  assert.equal(found.warnings.length, 1);
  assert.match(found.warnings[0], /found is 0\.2 × 0\.2 .* state FOV 0\.3 × 0\.3 × 0\.005 m and Matrix 64 × 64 × 1/);
});
