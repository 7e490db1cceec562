/**
 * `larmor report` and `simulate --report` through the built command: what is in the file, how large
 * it is, and what is refused.
 */
import assert from 'node:assert/strict';
import { copyFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { readRaw, reconstruct, simulate, writeReport } from '../../host/api/index.ts';
import { requireReportName } from '../../host/api/report.ts';
import { fromSteps } from '../../host/html/numbers.ts';
import { openTable } from '../../host/html/sequence-table.ts';
import { cases, skipWithoutCases } from '../../testing/cases.ts';
import { errorLines, larmor } from '../../testing/larmor.ts';
import { reportIn } from '../../testing/reports.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const at = temporaryFolder();
const run = (args: string) => larmor(args.split(' '), { folder: at });

before(async () => {
  const { code, stderr } = await run('simulate -o raw.mrd --report epi.html -q');
  assert.equal(code, 0, stderr);
});

describe('simulate --report', () => {
  test('everything of the default scan, in half a megabyte', async () => {
    const { html, report } = reportIn(join(at, 'epi.html'));
    assert.ok(html.length < 0.5e6, `${html.length} B`);
    assert.equal(report.title, 'epi on head2d');
    assert.deepEqual(report.missing, []);
    assert.equal(report.ranks?.length, 1);
    assert.equal(report.echo?.level, 0);
    assert.match(report.accuracy.join('\n'), /readouts: 101 by \w+\nfast methods: no sample errs by more than 3e-6/);
    const facts = Object.fromEntries(report.facts);
    assert.deepEqual([facts.Matrix, facts['Field of view'], facts.Spins], ['101 × 101', '230 mm × 230 mm', '6485']);
    const provenance = JSON.parse(report.provenance);
    assert.deepEqual(provenance.command, ['larmor', 'simulate', '-o', 'raw.mrd', '--report', 'epi.html', '-q']);
    assert.equal(provenance.outputs.at(-1), 'epi.html');
    assert.equal(report.phantom!.planes.length, 1);
    assert.deepEqual(
      report.phantom!.planes[0].maps.map(({ label }) => label),
      ['ρ', 'T1', 'T2', 'Δf'],
    );
  });

  test('the image is the one that is reconstructed, as a radiologist holds it', async () => {
    const { image } = reportIn(join(at, 'epi.html')).report;
    const made = await reconstruct(join(at, 'raw.mrd'));
    const { columns, rows, values, corner, steps } = image!;
    assert.deepEqual([columns, rows], [101, 101]);
    assert.deepEqual(image!.letters, ['R', 'L', 'A', 'P']);
    let most = 0;
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        const place = corner.map((begin, lps) => begin + column * steps[0][lps] + row * steps[1][lps]);
        // Its voxel, by its place in the patient.
        const [x, y] = [0, 1].map((axis) => {
          const way = made.directions[axis];
          const along = place.reduce((sum, r, lps) => sum + (r - made.origin[lps]) * way[lps], 0);
          return Math.round(along / made.voxel[axis]);
        });
        for (const part of [0, 1]) {
          const got = values.scales[row] * values.values[2 * (row * columns + column) + part];
          most = Math.max(most, Math.abs(got - made.data[2 * (y! * columns + x!) + part]));
        }
      }
    // Steps of 1/32767 of the largest value of a row.
    assert.ok(most < image!.largest / 60_000, `${most} of ${image!.largest}`);
  });

  test('voxels filled with spins: their maps say so, and settings of the phantom are kept', async () => {
    const scan = 'simulate gre sphere --set radius=4cm --set n=32 --set dummies=0';
    const { code, stderr } = await run(`${scan} --report set.html -o set.mrd -q`);
    assert.equal(code, 0, stderr);
    const { report } = reportIn(join(at, 'set.html'));
    const { Spins: spins } = Object.fromEntries(report.facts);
    const caption = (phantom: typeof report.phantom): string => phantom!.caption;
    assert.match(
      caption(report.phantom),
      new RegExp(`^One spin of each of \\d+ voxels, which the run filled with ${spins} spins`),
    );
    assert.equal((await run('report set.mrd -o later.html')).code, 0);
    const later = reportIn(join(at, 'later.html')).report;
    assert.ok(caption(later.phantom).includes(`filled with ${spins} spins`));
    assert.deepEqual(Object.fromEntries(later.facts).Spins, spins);
  });

  test('a turbo spin echo: shapes are stored once, and its curve is that of the file', skipWithoutCases(), async () => {
    const file = cases('geometry/tse_low_flip_v14.seq');
    const { code, stderr } = await larmor(['simulate', file, 'column', '-o', 'tse.mrd', '--report', 'tse.html', '-q'], {
      folder: at,
    });
    assert.equal(code, 0, stderr);
    assert.ok(statSync(join(at, 'tse.html')).size < 0.7e6);
    const { sequence, signal } = reportIn(join(at, 'tse.html')).report;
    const { blockCount } = openTable(sequence!);
    assert.ok(sequence!.order.length === blockCount && sequence!.shapes.length < 40, `${sequence!.shapes.length}`);
    assert.equal(fromSteps(signal.starts).length, signal.peaks.length);
  });
});

describe('report', () => {
  test('raw data that name built-in parts: the diagram and the maps are made again', async () => {
    const { code, stdout, stderr } = await run('report raw.mrd -o again.html --json');
    assert.equal(code, 0, stderr);
    const printed = JSON.parse(stdout);
    assert.deepEqual(printed.missing, ["Ranks' times are known to simulate --report alone."]);
    const [first, again] = ['epi.html', 'again.html'].map((name) => reportIn(join(at, name)).report);
    assert.deepEqual(again!.sequence, first!.sequence);
    assert.deepEqual(again!.image!.values, first!.image!.values);
    assert.deepEqual(again!.phantom, first!.phantom);
    assert.deepEqual(again!.accuracy, first!.accuracy);
    assert.equal(again!.echo?.level, 0);
  });

  test('raw data of another program: what is there is shown, and what is not is named', async () => {
    const raw = await readRaw(join(at, 'raw.mrd'));
    const { sequenceName: _, phantomName: __, ...foreign } = raw;
    const acquisitions = raw.acquisitions.map(({ trajectory: _, ...one }) => ({
      ...one,
      start: Number.NaN,
      dimensions: 0,
    }));
    const { missing } = await writeReport(join(at, 'foreign.html'), {
      ...foreign,
      acquisitions,
      provenance: { noise: 3, time: 'x' },
    });
    assert.match(missing.join('\n'), /No sequence diagram: .*--sequence FILE[\s\S]*No maps of the phantom/);
    const { report } = reportIn(join(at, 'foreign.html'));
    assert.equal(report.title, 'raw.mrd');
    assert.equal(report.signal.trajectory, undefined);
    assert.equal(report.echo, undefined);
    assert.equal(report.image?.columns, 101);
  });

  test('coils, echoes, repetitions: every image of every coil, and noise', async () => {
    const simulation = await simulate('gre', 'sphere', {
      ...{ sequenceParameters: { n: 12, slices: 2, tr: 0.1 }, threads: 1, snr: 50 },
      scanner: { receive: { array: { coils: 3 } } },
    });
    await writeReport(join(at, 'coils.html'), simulation);
    const { image, signal, facts } = reportIn(join(at, 'coils.html')).report;
    assert.deepEqual(image!.kept, { coil: [-1, 0, 1, 2], repetition: [0], contrast: [0], slice: [0, 1] });
    assert.equal(image!.values.values.length, 4 * 2 * 12 * 12 * 2);
    assert.equal(signal.coils, 3);
    const most = signal.peaks[signal.strongest];
    assert.ok(Math.abs(most / signal.noise! - 50) < 5, `${most / signal.noise!}`);
    assert.match(Object.fromEntries(facts).Noise!, /σ .* per real part/);
  });

  test('a header that claims anything is shown as text, and makes nothing large', async () => {
    const raw = await readRaw(join(at, 'raw.mrd'));
    const hostile = { name: 'gre', parameters: { n: 1e9, slices: 1e9 } };
    const provenance = {
      sequence: hostile,
      phantom: { name: 'grid', parameters: { n: 1e9 } },
      methods: { a: 'b' },
      warnings: [1, 'w'],
      scanner: { B0: -1, Gmax: 'x' },
    };
    const { missing } = await writeReport(join(at, 'hostile.html'), { ...raw, provenance });
    assert.equal(missing.length, 3);
    const { report } = reportIn(join(at, 'hostile.html'));
    assert.deepEqual(report.warnings, ['w']);
    assert.deepEqual(JSON.parse(report.provenance), provenance);
  });

  const refused: readonly (readonly [args: string, code: number, message: RegExp])[] = [
    ['report raw.mrd -o page.txt', 2, /page\.txt: not a report; end it in \.html/],
    ['report raw.mrd -o -', 2, /standard output/],
    ['report raw.mrd -o none/page.html', 73, /folder does not exist/],
    ['report gone.mrd -o page.html', 66, /gone\.mrd: no such file/],
    ['report gre -o page.html', 2, /'gre' is a sequence, but raw data is expected/],
    ['report raw.mrd --sequence fid -o page.html', 2, /fid is not the sequence of these raw data/],
    ['report raw.mrd --phantom none -o page.html', 2, /there is no phantom 'none'/],
    ['simulate --report page.pdf -q', 2, /page\.pdf: not a report/],
    ['simulate -o page.html -q', 2, /page\.html: not a raw-data format/],
  ];
  for (const [args, wanted, message] of refused)
    test(`larmor ${args}`, async () => {
      const outcome = await run(args);
      assert.equal(outcome.code, wanted, outcome.stderr);
      const lines = errorLines(outcome);
      assert.equal(lines.length, 1, outcome.stderr);
      assert.match(lines[0], message);
      assert.ok(!outcome.left.some((name) => /^page\./.test(name)));
    });
});

test('larmor report refuses another phantom than that of the data, however the file is called', async () => {
  const make = (name: string, radius: number) => run(`phantom make sphere --set radius=${radius}mm -o ${name} -q`);
  assert.equal((await make('one.phantom', 40)).code, 0);
  assert.equal((await make('two.phantom', 30)).code, 0);
  copyFileSync(join(at, 'one.phantom'), join(at, 'renamed.phantom'));
  assert.equal((await run('simulate epi one.phantom --set n=16 -o one.mrd -q')).code, 0);
  for (const [phantom, code] of [
    ['one.phantom', 0],
    ['renamed.phantom', 0],
    ['two.phantom', 2],
    ['sphere', 2],
  ] as const) {
    const ended = await run(`report one.mrd --phantom ${phantom} -o one.html`);
    assert.equal(ended.code, code, ended.stderr);
    if (code === 2)
      assert.match(ended.stderr, /is not the phantom of these raw data, which is one.phantom; give the one/);
  }
  const builtin = await run('report raw.mrd --phantom sphere -o other.html');
  assert.match(builtin.stderr, /^larmor: sphere is not the phantom of these raw data, which is head2d; give/);
  assert.equal(builtin.code, 2);
});

test('data that exceed the memory are refused before the run', (t) => {
  t.after(() => delete process.env.LARMOR_MEMORY);
  process.env.LARMOR_MEMORY = '4G';
  const path = join(at, 'large.html');
  assert.throws(
    () => requireReportName(path, { coils: 64, samples: 1e7 }),
    /large\.html: 64 × 10000000 samples in memory for its image would take 4\.77 GiB, the limit is 4 GiB; leave out --report/,
  );
  requireReportName(path, { coils: 32, samples: 1e7 });
});
