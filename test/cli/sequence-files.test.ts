/**
 * `larmor sequence make` and `convert` through the built command: what is written plays as what was
 * read or made, its times to the last bit.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { readPulseq } from '../../host/sequence/pulseq/read.ts';
import type { Block, Sequence } from '../../host/sequence/types.ts';
import { caseFiles, skipWithoutCases } from '../../testing/cases.ts';
import { errorLines, larmor } from '../../testing/larmor.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { requirePython, runTool } from '../../testing/tools.ts';
import { warningsOf } from '../../testing/warnings.ts';
import { seqText } from '../sequence/seq-text.ts';

const at = temporaryFolder();
const run = (...args: string[]) => larmor(['sequence', ...args], { folder: at });

function read(path: string): Sequence {
  let sequence: Sequence | undefined;
  warningsOf(() => {
    sequence = readPulseq(path);
  });
  return sequence!;
}

/** Every time of a block's events, in a fixed order. */
function times({ rf, gx, gy, gz, adc, triggers }: Block): number[] {
  const gradients = [gx, gy, gz].flatMap((event) => {
    if (event === undefined) return [];
    return event.kind === 'trapezoid'
      ? [event.delay, event.rise, event.flat, event.fall]
      : [event.delay, ...event.time];
  });
  return [
    ...(rf === undefined ? [] : [rf.delay, ...rf.time]),
    ...gradients,
    ...(adc === undefined ? [] : [adc.delay, adc.samples, adc.dwell]),
    ...(triggers ?? []).flatMap(({ delay, duration }) => [delay, duration]),
  ];
}

/** Sums of delays, before 1.4, may differ from every multiple of a raster in their last bit. */
const LAST_BIT = 2 ** -52;

function assertSameTimes(got: Sequence, want: Sequence): void {
  assert.equal(got.blockCount, want.blockCount);
  const old = want.version !== undefined && want.version < '1.4';
  for (let n = 0; n < want.blockCount; n++) {
    const [a, b] = [got.block(n), want.block(n)];
    assert.deepEqual(times(a), times(b), `block ${n + 1}`);
    const error = Math.abs(a.duration - b.duration);
    assert.ok(error <= (old ? LAST_BIT * b.duration : 0), `block ${n + 1} is ${error} s off`);
  }
}

const FOREIGN = [
  ...['v1.2/epi_JEMRIS', 'v1.3/epi', 'v1.3/fid', 'v1.4/gr-time-shaped', 'v1.4/rf-pulse', 'v1.4/rf-uniformly-shaped'],
  ...['v1.5/epi', 'v1.5/spiral', 'extensions/label_test', 'extensions/rotation_radial_tiny'],
];

test('files of all versions by other programs keep every time', skipWithoutCases(), async () => {
  const paths = caseFiles('pulseq', '.seq').filter((path) => FOREIGN.some((name) => path.endsWith(`${name}.seq`)));
  assert.equal(paths.length, FOREIGN.length);
  for (const path of paths) {
    const output = `new-${basename(path)}`;
    const { code, stderr } = await run('convert', path, '-o', output, '-q');
    assert.equal(code, 0, stderr);
    const converted = read(join(at, output));
    assert.equal(converted.version, '1.5.1');
    assertSameTimes(converted, read(path));
  }
});

const EXTENSIONS = {
  blocks: '[BLOCKS]\n1 100 1 0 0 1 0 3\n2 500 0 0 0 0 0 4\n3 250 0 0 0 0 1 4\n',
  extensions: [
    '[EXTENSIONS]\n1 2 1 0\n2 3 1 1\n3 4 1 2\n4 5 1 0\n',
    'extension TRIGGERS 2\n1 2 1 500 100\n',
    'extension RF_SHIMS 3\n1 2 1 0 0.5 3.14\n',
    'extension ROTATIONS 4\n1 1 0 0 0\n',
    'extension DELAYS 5\n1 7 -1000 2 TE\n',
  ].join('\n'),
};

test('triggers, shims, rotations and soft delays are carried over, the delays at the value that was set', async () => {
  writeFileSync(join(at, 'all.seq'), seqText(EXTENSIONS));
  assert.equal((await run('convert', 'all.seq', '-o', 'same.seq', '-q')).code, 0);
  const [same, want] = [read(join(at, 'same.seq')), read(join(at, 'all.seq'))];
  for (let n = 0; n < want.blockCount; n++) {
    const { labels, triggers, shim, rotation, softDelay } = same.block(n);
    const { rf, gx, gy, gz, adc, duration, ...others } = want.block(n);
    const got = { labels, triggers, shim, rotation, softDelay };
    assert.deepEqual(JSON.parse(JSON.stringify(got)), JSON.parse(JSON.stringify(others)), `block ${n + 1}`);
  }
  assertSameTimes(same, want);
  assert.deepEqual(want.block(1).softDelay, { number: 7, hint: 'TE', offset: -1e-3, factor: 2 });
  assert.equal((await run('convert', 'all.seq', '--set', 'TE=20ms', '-o', 'te.seq', '-q')).code, 0);
  const set = read(join(at, 'te.seq'));
  assert.deepEqual(set.softDelays, [{ name: 'TE', value: 0.02 }]);
  assert.equal(set.block(1).duration, read(join(at, 'te.seq')).block(2).duration);
  // What was converted takes other values still.
  assert.equal((await run('convert', 'te.seq', '--set', 'TE=14ms', '-o', 'again.seq', '-q')).code, 0);
  assert.deepEqual(read(join(at, 'again.seq')).softDelays, [{ name: 'TE', value: 0.014 }]);
});

test('an unknown extension is left out with a warning, and one that is required is an error', async () => {
  const unknown = { extensions: '[EXTENSIONS]\n1 1 1 0\nextension SPARKLE 1\n1 3 bright\n' };
  writeFileSync(join(at, 'unknown.seq'), seqText(unknown));
  const { code, stderr } = await run('convert', 'unknown.seq', '-o', 'known.seq');
  assert.equal(code, 0);
  assert.match(stderr, /warning: unknown\.seq: extension SPARKLE is unknown and ignored/);
  assert.doesNotMatch(readFileSync(join(at, 'known.seq'), 'utf8'), /SPARKLE/);
  const required = { ...unknown, definitions: '[DEFINITIONS]\nRequiredExtensions SPARKLE\n' };
  writeFileSync(join(at, 'required.seq'), seqText(required));
  assert.equal((await run('convert', 'required.seq', '-o', 'never.seq')).code, 65);
  assert.ok(!existsSync(join(at, 'never.seq')));
});

test('a built-in sequence and its file have the same waveforms', async () => {
  for (const [name, ...settings] of [['gre', 'n=8', 'slices=2', 'dummies=2'], ['epi', 'n=8'], ['se', 'n=4'], ['fid']]) {
    const set = settings.flatMap((setting) => ['--set', setting]);
    const { code, stderr } = await run('make', name!, ...set, '-o', 'made.seq', '-q');
    assert.equal(code, 0, stderr);
    const [built, file] = [
      await run('waveforms', name!, ...set, '-o', '-'),
      await run('waveforms', 'made.seq', '-o', '-'),
    ];
    type Wave = { t: number[]; A: number[] | [number, number][] };
    const [want, got] = [built, file].map(({ stdout }) => JSON.parse(stdout).blocks as Record<string, Wave>[]);
    assert.equal(got!.length, want!.length);
    for (const [n, block] of want!.entries()) {
      for (const axis of ['gx', 'gy', 'gz', 'adc']) {
        const [a, b] = [got![n][axis], block[axis]];
        // Absolute times are sums of durations, which the file counts in picoseconds where no
        // coarser raster fits.
        near(a.t, b.t, 0.5e-12 * (n + 1));
        near(a.A as number[], b.A as number[], 1e-12 * Math.max(0, ...(b.A as number[]).map(Math.abs)));
      }
    }
  }
});

function near(got: readonly number[], want: readonly number[], most: number): void {
  assert.equal(got.length, want.length);
  for (const [n, value] of want.entries()) assert.ok(Math.abs(got[n] - value) <= most, `${got[n]}, not ${value}`);
}

test('as JSON, events and shapes are stored once and give the same blocks', async () => {
  const { code, stderr } = await run('make', 'spiral', '--set', 'n=16', '--set', 'arms=4', '-o', 'spiral.json', '-q');
  assert.equal(code, 0, stderr);
  assert.equal((await run('make', 'spiral', '--set', 'n=16', '--set', 'arms=4', '-o', 'spiral.seq', '-q')).code, 0);
  const found = JSON.parse(readFileSync(join(at, 'spiral.json'), 'utf8'));
  const want = read(join(at, 'spiral.seq'));
  assert.equal(found.blocks.length, want.blockCount);
  // Pulses differ in phase alone, gradients are those of four arms.
  assert.ok(found.shapes.length < 20 && found.gradients.length < 40, `${found.shapes.length} shapes`);
  for (const [n, { duration, gx, adc }] of found.blocks.entries()) {
    const block = want.block(n);
    near([duration], [block.duration], 1e-12);
    assert.equal(gx === undefined, block.gx === undefined);
    if (block.gx?.kind === 'shape') near(found.shapes[found.gradients[gx].amplitude], [...block.gx.amplitude], 1e-12);
    assert.equal(adc === undefined ? undefined : found.adc[adc].samples, block.adc?.samples);
  }
});

/**
 * Compares the tables of .mat files with those of the .json files that follow each, as SciPy loads
 * them.
 */
const COMPARE = `
import json, sys
import numpy as np, scipy.io
many = lambda value: list(np.atleast_1d(value))
def same(got, want, what):
    assert many(got) == many(want) if np.size(want) else np.size(got) == 0, (what, got, want)
def compare(mat, text):
    m = scipy.io.loadmat(mat, struct_as_record=False, squeeze_me=True)
    j = json.load(open(text))
    same(m['name'], j['name'], 'name')
    same(m['duration'], j['duration'], 'duration')
    assert {d.name: str(d.value).strip() for d in many(m['definitions'])} == {k: v.strip() for k, v in j['definitions'].items()}
    shapes = many(m['shapes'])
    assert len(shapes) == len(j['shapes'])
    for a, b in zip(shapes, j['shapes']): same(a, b, 'shape')
    for key in ['rf', 'gradients', 'adc']:
        rows = many(m[key])
        assert len(rows) == len(j[key]), key
        for row, want in zip(rows, j[key]):
            shaped = ['time', 'magnitude', 'phase', 'phaseShape'] + ['amplitude'] * (want.get('kind') == 'shape')
            for name, value in want.items(): same(getattr(row, name), value + 1 if name in shaped else value, (key, name))
            for name in set(row._fieldnames) - set(want): assert not np.any(getattr(row, name)), name
    for name in ['duration', 'rf', 'gx', 'gy', 'gz', 'adc']:
        offset = 0 if name == 'duration' else 1
        same(getattr(m['blocks'], name), [b.get(name, -1) + offset for b in j['blocks']], name)
    def parts(key, of):
        want = [dict(block=n + 1, **part) for n, b in enumerate(j['blocks']) for part in of(b)]
        rows = many(m[key])
        assert len(rows) == len(want), key
        for row, part in zip(rows, want):
            for name, value in part.items(): assert np.array_equal(getattr(row, name), value), (key, name)
    parts('labels', lambda b: b.get('labels', []))
    parts('triggers', lambda b: b.get('triggers', []))
    parts('shims', lambda b: [b['shim']] if 'shim' in b else [])
    parts('soft_delays', lambda b: [b['softDelay']] if 'softDelay' in b else [])
    parts('rotations', lambda b: [{'matrix': np.reshape(b['rotation'], (3, 3))}] if 'rotation' in b else [])
for n in range(1, len(sys.argv), 2): compare(*sys.argv[n:n + 2])
print(len(sys.argv) // 2, 'equal')
`;

test('as a MATLAB file, SciPy loads the tables of the JSON file', async (t) => {
  const python = requirePython(t, ['scipy.io', 'numpy'], 'python3-scipy');
  if (!python) return;
  writeFileSync(join(at, 'extensions.seq'), seqText(EXTENSIONS));
  writeFileSync(join(at, 'compare.py'), COMPARE);
  const foreign = ['v1.3/fid', 'v1.5/spiral', 'extensions/label_test'];
  const found = caseFiles('pulseq', '.seq').filter((path) => foreign.some((name) => path.endsWith(`${name}.seq`)));
  const runs = ['extensions.seq', ...found, 'fid'].map(async (name, n) => {
    const verb = name === 'fid' ? 'make' : 'convert';
    for (const output of [`${n}.mat`, `${n}.json`]) {
      const { code, stderr } = await run(verb, name, '-o', output, '-q');
      assert.equal(code, 0, stderr);
    }
    return [join(at, `${n}.mat`), join(at, `${n}.json`)];
  });
  const files = (await Promise.all(runs)).flat();
  assert.equal(runTool(python, [join(at, 'compare.py'), ...files]).trim(), `${files.length / 2} equal`);
});

test('for another nucleus the file says the same in Hz', async () => {
  writeFileSync(join(at, 'proton.seq'), seqText());
  writeFileSync(join(at, 'carbon.json'), '{"gammaBar": 10.7084e6, "B1": 1, "Gmax": 1, "Smax": 1e5}');
  for (const [output, ...options] of [['p.seq'], ['c.seq', '--scanner', 'carbon.json']])
    assert.equal((await run('convert', 'proton.seq', '-o', output!, ...options, '-q')).code, 0);
  assert.equal(readFileSync(join(at, 'c.seq'), 'utf8'), readFileSync(join(at, 'p.seq'), 'utf8'));
});

test('what cannot be made or converted', async () => {
  writeFileSync(join(at, 'whole.seq'), seqText());
  writeFileSync(join(at, 'cut.seq'), seqText().slice(0, 120));
  const cases: [string, number, RegExp][] = [
    ['make gre -o gre.txt', 2, /gre\.txt: not a sequence format .*; end it in \.seq \(Pulseq\), \.json or \.mat/],
    ['make gre -o -', 2, /cannot be written to standard output/],
    ['make gre -o none/gre.seq', 73, /its folder does not exist/],
    ['make gre --set te=1ns -o gre.seq', 2, /te=1ns/],
    ['make whole.seq -o gre.seq', 2, /is a file.*larmor sequence convert whole\.seq/],
    ['make gree -o gre.seq', 2, /'gree'.*gre/],
    ['convert gre -o gre.seq', 2, /built-in.*larmor sequence make gre/],
    ['convert none.seq -o gre.seq', 66, /none\.seq: no such file/],
    ['convert cut.seq -o gre.seq', 65, /cut\.seq/],
    ['convert whole.seq -o whole.seq', 2, /whole\.seq is an input of this run/],
  ];
  for (const [args, code, message] of cases) {
    const outcome = await run(...args.split(' '));
    assert.equal(outcome.code, code, `${args}: ${outcome.stderr}`);
    assert.equal(errorLines(outcome).length, 1, outcome.stderr);
    assert.match(outcome.stderr, message);
    assert.ok(!outcome.left.includes('gre.seq'), args);
  }
});
