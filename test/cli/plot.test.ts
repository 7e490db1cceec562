/**
 * `larmor plot` through the built command: every subject as SVG and PNG, the page that shows them,
 * and what cannot be drawn.
 */
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decode } from 'fast-png';
import { caseFiles, cases, skipWithoutCases } from '../../testing/cases.ts';
import { errorLines, larmor } from '../../testing/larmor.ts';
import { some } from '../../testing/some.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { seqText } from '../sequence/seq-text.ts';

const at = temporaryFolder();
const run = (args: string) => larmor(args.split(' '), { folder: at });
const docs = fileURLToPath(new URL('../../docs', import.meta.url));

async function figure(args: string) {
  const { code, stdout, stderr } = await run(`plot ${args} --json`);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout).figure as {
    title: string;
    caption: string;
    panels: { title: string; y: { label: string; range: number[] }; series: { points: number; envelope: boolean }[] }[];
  };
}

const texts = (name: string): string[] =>
  [...readFileSync(join(at, name), 'utf8').matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!);

before(async () => {
  assert.equal(
    (await run('simulate gre head2d --set n=32 --set slices=2 --set dummies=4 -o raw.mrd -o raw.npy -q')).code,
    0,
  );
  assert.equal((await run('simulate fid column --set samples=64 -o fid.mrd -q')).code, 0);
});

test('the page of figures: its commands make its figures', async () => {
  const page = readFileSync(join(docs, 'how-to', 'plot.md'), 'utf8');
  const shown = [...page.matchAll(/<img src="\.\.\/(pictures\/[^"]*)"/g)].map(([, name]) => name!);
  assert.equal(shown.length, 5);
  const own = temporaryFolder();
  for (const [, args] of page.matchAll(/^larmor (.*)$/gm)) {
    const { code, stderr } = await larmor(args!.split(' '), { folder: own });
    assert.equal(code, 0, stderr);
    const output = args!.split(' ').at(-1)!;
    if (!output.endsWith('.svg')) continue;
    const want = readFileSync(join(docs, 'pictures', output), 'utf8');
    assert.ok(readFileSync(join(own, output), 'utf8') === want, `${output} differs: npm run pictures`);
    assert.ok(shown.includes(`pictures/${output}`) && want.length < 100_000, `${output}: ${want.length} B`);
  }
});

test('each subject as PNG: 1500 pixels across, and not blank', async () => {
  const subjects = ['sequence epi', 'kspace gre --set n=16', 'phantom sphere', 'signal raw.mrd', 'image raw.mrd'];
  for (const args of some(subjects, 2)) {
    assert.equal((await run(`plot ${args} -o a.png -q`)).code, 0, args);
    const { width, height, data, channels } = decode(readFileSync(join(at, 'a.png')));
    assert.ok(width === 1500 && height >= 512, `${args}: ${width} × ${height}`);
    let ink = 0;
    for (let i = 0; i < data.length; i += channels) if (data[i] < 128) ink++;
    assert.ok(ink > 0.003 * width * height, `${args}: ${ink} dark pixels`);
  }
});

test('the diagram names what is played', async () => {
  const { caption, panels } = await figure('sequence gre --set n=16 --set te=6ms -o s.svg --traces m0,slew --tr 101');
  assert.match(caption, /repetition 101 of 116/);
  assert.deepEqual(
    panels.map(({ y }) => y.label),
    ['', '|B1|', 'phase', 'Gx', 'Gy', 'Gz', 'slew', 'γ̄M0 = k', 'ADC', 'labels', 'block'],
  );
  for (const text of ['15°', 'TE 6 ms', 'TR 20 ms', 'Gx [mT/m]', '|B1| [µT]', 'LIN = 0', '604', 'time [s]'])
    assert.ok(texts('s.svg').includes(text), `${text} in ${texts('s.svg')}`);
});

test('files of other programs are drawn', skipWithoutCases(), async () => {
  for (const name of some(
    ['v1.2/epi_JEMRIS', 'v1.4/rf-time-shaped', 'extensions/rotation_radial_tiny', 'v1.5/spiral'],
    2,
  ))
    assert.ok((await figure(`sequence ${cases(`pulseq/${name}.seq`)} --from 0 -o f.svg`)).panels.length >= 8, name);
  const spiral = await figure(`kspace ${cases('pulseq/v1.5/spiral.seq')} -o f.svg`);
  assert.match(spiral.caption, /4 readouts, 52000 samples/);
  for (const path of some(
    caseFiles('phantoms', '').filter((name) => /brain\.h5|random600|column1d/.test(name)),
    2,
  ))
    assert.ok((await figure(`phantom ${path} -o f.svg`)).panels.length >= 4, path);
  assert.match((await figure(`signal ${cases('exact/epi_example_brain2d.npy')} -o f.svg`)).caption, /10201 samples/);
});

test('a long scan: envelopes, few bytes, and every gradient reaches its largest value', async () => {
  const lines = Array.from({ length: 20_000 }, (_, n) => `${2 * n + 1} 100 1 0 0 1 0 0\n${2 * n + 2} 100 0 2 0 0 1 0`);
  const trap = '[TRAP]\n1 200000 100 300 100 0\n2 100000 100 300 100 0\n';
  const changes = { blocks: `[BLOCKS]\n${lines.join('\n')}\n`, trap, gradients: '', extensions: '' };
  writeFileSync(join(at, 'long.seq'), seqText(changes));
  const { panels } = await figure('sequence long.seq --from 0 -o long.svg');
  const gx = panels.find(({ y }) => y.label === 'Gx')!;
  assert.ok(gx.series[0].envelope && gx.series[0].points >= 80_000);
  // 1.1 times the largest, of 100 kHz/m.
  assert.ok(Math.abs(gx.y.range[1] / ((1.1 * 1e5) / 42.5774688e6) - 1) < 1e-3, `${gx.y.range}`);
  assert.ok(statSync(join(at, 'long.svg')).size < 1e6);
  assert.match((await figure('kspace long.seq -o k.svg')).caption, /Every 8th of them is drawn/);
});

test('what cannot be drawn is one line and leaves no file', async () => {
  writeFileSync(join(at, 'deaf.seq'), seqText({ blocks: '[BLOCKS]\n1 100 1 0 0 1 0 0\n', extensions: '' }));
  writeFileSync(join(at, 'cut.seq'), seqText().slice(0, 150));
  writeFileSync(join(at, 'text.mrd'), 'no HDF5');
  const wrong: [string, number, RegExp][] = [
    ['sequence gre -o no.txt', 2, /no\.txt: not a format of figures; end it in \.svg or \.png/],
    ['sequence gre -o -', 2, /cannot be written to standard output/],
    ['sequence gre -o none/no.svg', 73, /its folder does not exist/],
    ['sequence gre -o no.svg -o no.svg', 2, /named twice/],
    ['sequence gre', 2, /no output; name a file with -o/],
    ['sequence gre --tr 0 -o no.svg', 2, /--tr <n>.*whole number from 1/],
    ['sequence gre --tr 500 -o no.svg', 2, /--tr 500: gre has 228 repetitions/],
    ['sequence gre --from 3ms --to 2ms -o no.svg', 2, /the window is empty/],
    ['sequence gre --from 10min --to 11min -o no.svg', 2, /the window is outside the sequence; gre lasts/],
    ['sequence gre --from soon -o no.svg', 2, /--from <time>/],
    ['sequence gre --traces m0,m7 -o no.svg', 2, /--traces m0,m7: there is no 'm7'; give some of m0, m1, slew/],
    ['sequence head2d -o no.svg', 2, /'head2d' is a phantom, but a sequence is expected here/],
    ['sequence none.seq -o no.svg', 66, /none\.seq: no such file/],
    ['sequence cut.seq -o no.svg', 65, /cut\.seq/],
    ['kspace deaf.seq -o no.svg', 65, /deaf\.seq: has no readouts to draw/],
    ['kspace fid -o no.svg', 65, /fid: stays at the centre of k-space/],
    ['kspace fid.mrd -o no.png', 65, /stays at the centre/],
    ['phantom gre -o no.svg', 2, /'gre' is a sequence, but a phantom is expected here/],
    ['phantom none.phantom -o no.svg', 66, /none\.phantom: no such file/],
    [
      'phantom head2d --planes coronal -o no.svg',
      2,
      /--planes coronal: head2d has no extent in that plane; it has axial/,
    ],
    ['phantom head2d --maps t9 -o no.svg', 2, /there is no 't9'; give some of density, t1, t2, df/],
    ['signal gre -o no.svg', 2, /'gre' is a sequence, but raw data is expected here/],
    ['signal text.mrd -o no.svg', 65, /text\.mrd/],
    ['signal none.mrd -o no.svg', 66, /none\.mrd: no such file/],
    ['signal raw.mrd --readout 65 -o no.svg', 2, /--readout 65: raw\.mrd has 64; give 1 to 64/],
    ['signal raw.npy --coil 2 -o no.svg', 2, /--coil 2: raw\.npy has 1/],
    ['image raw.mrd --window 5 -o no.svg', 2, /--window 5 is not LOW:HIGH/],
    ['image raw.mrd --part colour -o no.svg', 2, /there is no 'colour'; give some of magnitude, phase/],
    ['image fid.mrd -o no.svg', 65, /fid\.mrd/],
    ['image raw.npy -o no.svg', 65, /raw\.npy: holds the signal alone/],
  ];
  for (const [args, code, message] of some(wrong, 3)) {
    const outcome = await run(`plot ${args}`);
    assert.equal(outcome.code, code, `${args}: ${outcome.stderr}`);
    assert.equal(errorLines(outcome).length, 1, `${args}: ${outcome.stderr}`);
    assert.match(outcome.stderr, message);
    assert.ok(!outcome.left.some((name) => name.startsWith('no.')), args);
  }
});
