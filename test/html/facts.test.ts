/** The figures at the head of a report, against those of `larmor info`, for scans of every kind. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeReport } from '../../host/html/make.ts';
import { acquiredData } from '../../host/raw/acquisitions.ts';
import { acquisitionFacts } from '../../host/report/facts.ts';
import { makeBuiltin } from '../../host/sequence/builtin/index.ts';
import { encode } from '../../host/sequence/encoding.ts';
import { DEFAULT_SCANNER as scanner } from '../../host/sequence/scanner-types.ts';

/** A value of one unit, such as `2.5 ms`, in SI units. */
function inSi(text: string): number {
  const [, number, prefix] = /^([\d.e-]+) (n|µ|m|k|)[sm]$/.exec(text) ?? assert.fail(text);
  return Number(number) * { n: 1e-9, µ: 1e-6, m: 1e-3, k: 1e3, '': 1 }[prefix]!;
}

/** Figures are rounded to four digits or more. */
const requireNear = (got: string, want: number, what: string): void =>
  assert.ok(Math.abs(inSi(got) - want) <= 5e-4 * want, `${what}: ${got} for ${want}`);

const SCANS = {
  gre: { n: 16, slices: 3, dummies: 0 },
  se: { n: 16, dummies: 0 },
  tse: { n: 16 },
  epi: { n: 16 },
  dwi: { n: 16 },
  bssfp: { n: 16 },
  mprage: { n: 8, partitions: 4 },
  mrf: { frames: 40 },
  cine: { n: 8 },
  pc: { n: 8 },
  radial: {},
  spiral: {},
} as const;

for (const [name, parameters] of Object.entries(SCANS))
  test(`${name}: the head of its report states what info does`, () => {
    const sequence = makeBuiltin(name, parameters, scanner);
    const encoding = encode(sequence, scanner);
    const info = acquisitionFacts(sequence, encoding) as Record<string, never>;
    const samples = info.samples as number;
    const raw = {
      ...{
        encoding,
        samples,
        coils: 1,
        precision: 'f32' as const,
        B0: scanner.B0,
        frequency: scanner.gammaBar * scanner.B0,
      },
      ...{ sequenceName: name, phantomName: 'sphere', signal: new Float64Array(2 * samples) },
    } as const;
    const { TE, TR, TI, flipAngle } = encoding;
    const source = {
      ...{ data: acquiredData(raw), sequenceName: name, phantomName: 'sphere', subtitle: '', provenance: {} },
      ...{ TE, TR, TI, flipAngle, sequence: { sequence, scanner }, phantom: 'none' },
    };
    const facts = Object.fromEntries(makeReport(source, 'none').facts);

    const [matrix, fov] = [info.matrix as readonly number[], info.fov as readonly number[]];
    const encoded = [0, 1, 2].filter((axis) => (info.encodedMatrix as readonly number[])[axis] > 1);
    assert.equal(facts.Matrix, encoded.map((axis) => matrix[axis]).join(' × '));
    for (const [n, text] of facts['Field of view'].split(' × ').entries()) requireNear(text, fov[encoded[n]], 'fov');
    assert.equal(facts.Trajectory, info.trajectory);
    assert.equal(facts.Readouts, `${info.readouts}, ${samples} samples`);
    requireNear(facts.Duration, info.duration, 'duration');
    for (const [key, times] of [
      ['TE', TE],
      ['TR', TR],
      ['TI', TI],
    ] as const) {
      assert.equal(facts[key] === undefined, times.length === 0, key);
      for (const [n, text] of (facts[key] ?? '')
        .split(/ … .*|, /)
        .filter(Boolean)
        .entries())
        requireNear(text, times[n], key);
    }
    assert.equal(facts.TI !== undefined, name === 'mprage');
    const flip = info.flipAngle as number | null;
    if (flip === null) assert.equal(facts['Flip angle'], undefined);
    else assert.ok(Math.abs(Number.parseFloat(facts['Flip angle']) - (180 * flip) / Math.PI) < 0.01);
    const counts = ['slices', 'contrasts', 'phases', 'repetitions', 'sets', 'averages']
      .filter((key) => (info[key] as number) > 1)
      .map((key) => `${info[key]} ${key}`);
    assert.equal(facts.Images ?? '', counts.join(' × '));
  });
