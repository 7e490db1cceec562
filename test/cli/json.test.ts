/**
 * Every `--json` output of the built command against its JSON Schema, and the simulation's
 * provenance in the ISMRMRD header.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { readRaw } from '../../host/raw/index.ts';
import { builtinSequences } from '../../host/sequence/builtin/index.ts';
import { larmorSync } from '../../testing/larmor.ts';
import { niftiFile, writeHdf5 } from '../../testing/phantom-files.ts';
import { some } from '../../testing/some.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const schemas = fileURLToPath(new URL('../../schemas', import.meta.url));
const page = readFileSync(new URL('../../docs/reference/json.md', import.meta.url), 'utf8');
const where = temporaryFolder();

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
const names = readdirSync(schemas).map((file) => file.replace(/\.json$/, ''));
for (const name of names) ajv.addSchema(JSON.parse(readFileSync(join(schemas, `${name}.json`), 'utf8')));

/** The object that `larmor … --json` prints, valid against the schema that it names. */
function object(args: string, code = 0) {
  const { code: status, stdout, stderr } = larmorSync([...args.split(' '), '--json'], where);
  assert.equal(status, code, stderr);
  assert.equal(stdout.trimEnd().split('\n').length, 1, 'one line on stdout');
  return valid(JSON.parse(stdout), args);
}

function valid(record: ReturnType<typeof JSON.parse>, what: string) {
  assert.ok(ajv.validate(`${record.schema.name}.json`, record), `${what}: ${ajv.errorsText()}`);
  seen.add(record.schema.name);
  return record;
}
const seen = new Set<string>(['common', 'scanner']);

const small = '--set sequence.n=16 --set phantom.voxel=8mm';

test('a simulation says where its signal comes from, in the summary and in the ISMRMRD header', async () => {
  const args = `simulate epi head2d ${small} --set flip=60deg --tolerance 1e-4 --verify -o raw.mrd -o raw.npy`;
  const before = Date.now();
  const run = object(`${args} --checkpoint saved`);
  assert.deepEqual(run.command, ['larmor', ...`${args} --checkpoint saved --json`.split(' ')]);
  assert.match(run.version, /^\d+\.\d+\.\d+/);
  const [start, end] = [run.time.start, run.time.end].map(Date.parse);
  assert.ok(before - 1000 <= start && start <= end && end <= Date.now(), JSON.stringify(run.time));
  // Defaults included, in SI.
  assert.deepEqual(Object.keys(run.sequence.parameters), ['fov', 'n', 'te', 'flip', 'dwell']);
  assert.ok(Math.abs(run.sequence.parameters.flip - Math.PI / 3) < 1e-12);
  assert.deepEqual([run.sequence.parameters.fov, run.phantom.parameters.voxel], [0.23, 0.008]);
  assert.equal(run.phantom.spins, run.spins);
  assert.equal(run.scanner.B0, 1.5);
  assert.deepEqual([run.precision, run.tolerance, run.dtRf], ['f32', 1e-4, 50e-6]);
  const summed = Object.values<number>(run.methods).reduce((sum, count) => sum + count, 0);
  assert.equal(summed, run.sequence.readouts);

  const { xml } = await readRaw(join(where, 'raw.mrd'));
  const unescaped = xml.replace(/&#(\d+);/g, (_, digits: string) => String.fromCodePoint(Number(digits)));
  const parameter = (key: string): string | undefined =>
    unescaped.match(new RegExp(`<name>larmor_${key}</name>\\s*<value>(.*)</value>`))?.[1];
  for (const key of ['version', 'precision', 'engine', 'build', 'planHash', 'signalHash'])
    assert.equal(parameter(key), run[key], key);
  for (const key of ['command', 'time', 'sequence', 'phantom', 'scanner', 'tolerance', 'dtRf', 'methods', 'warnings'])
    assert.deepEqual(JSON.parse(parameter(key)!), run[key], key);

  object('status saved');
  const again = object(`${args} --checkpoint saved --resume`);
  assert.equal(again.signalHash, run.signalHash);
});

test('motions and the heart signal are in summary, plan and header', async () => {
  writeFileSync(join(where, 'shift.csv'), 'time,x\n0,0\n1,0.001\n');
  const args = 'fid column --set voxel=20mm --set samples=8 --motion shift.csv --heart-rate 1.25Hz';
  const run = object(`simulate ${args} -o moved.mrd`);
  const { motions } = run.phantom;
  assert.deepEqual([motions, run.heart, run.t2prime], [['Translate'], 'heart rate 1.25 Hz', 'none']);
  const plan = object(`plan ${args}`);
  assert.deepEqual([plan.phantom, plan.heart, plan.t2prime], [run.phantom, run.heart, run.t2prime]);
  const { xml } = await readRaw(join(where, 'moved.mrd'));
  for (const [key, text] of [
    ['heart', 'heart rate 1.25 Hz'],
    ['t2prime', 'none'],
  ])
    assert.match(xml, new RegExp(`larmor_${key}</name>\\s*<value>${text}</value>`));
  assert.match(xml, /larmor_phantom.*\s.*motions.*Translate/);
});

test('a warning of a run stands in its summary', () => {
  const run = object('simulate fid column --set flip=2 --set samples=8 -o w.npy');
  assert.equal(run.warnings.length, 1);
  assert.match(run.warnings[0], /flip=2 is 114/);
});

test('channels of the T2 prime factor are mixed: plan, summary and file have one signal', async () => {
  const column = (...values: number[]) => ({ data: Float64Array.from(values) });
  await writeHdf5(join(where, 't2s.phantom'), {
    'position/x': column(0, 0.01),
    'contrast/T1': column(1, 1),
    'contrast/T2': column(0.1, 0.1),
    'contrast/T2s': column(0.05, 0.1),
  });
  const factor = 'fid t2s.phantom --set samples=8 --t2prime analytic';
  assert.equal(object(`plan ${factor}`).coils, 1);
  assert.equal(object(`simulate ${factor} -o factor.mrd`).coils, 1);
  assert.equal((await readRaw(join(where, 'factor.mrd'))).coils, 1);
  const run = object('simulate fid t2s.phantom --set samples=8 --t2prime ensemble -o ensemble.mrd');
  assert.deepEqual([run.t2prime, run.phantom.spins, run.spins % 2, run.spins > 60], ['ensemble', 2, 0, true]);
  const text = larmorSync('plan fid t2s.phantom --set samples=8 --t2prime ensemble'.split(' '), where).stdout;
  assert.match(text, new RegExp(`T2' +ensemble, ${run.spins / 2} offsets for each of 2 spins`));
});

test('every other command', () => {
  const plan = object(`plan epi head2d ${small}`);
  assert.equal(plan.sequence.parameters.n, 16);
  assert.deepEqual(
    object('list').sequences.map(({ name }: { name: string }) => name),
    [...builtinSequences.keys()],
  );
  object('doctor');
  const sweep = object(`sweep epi column --set n=8 --set te=30ms,50ms -o sweep.csv`);
  assert.deepEqual([sweep.runs, sweep.kept, sweep.parameters[1]], [2, 0, { name: 'te', values: [0.03, 0.05] }]);
  for (const name of some(['head2d', ...builtinSequences.keys(), 'head3d', 'sphere', 'column', 'grid'], 6))
    object(`info ${name}`);
  const { figure } = object('plot sequence epi -o epi.svg');
  const labels = figure.panels.map(({ y }: { y: { label: string } }) => y.label);
  assert.deepEqual(labels, ['', '|B1|', 'phase', 'Gx', 'Gy', 'Gz', 'ADC', 'labels', 'block']);
  for (const args of ['kspace epi', 'phantom head2d', 'signal raw.mrd', 'image raw.mrd'])
    object(`plot ${args} -o p.svg`);
  object('report raw.mrd -o r.html');
  object('phantom make sphere --set voxel=8mm -o s.phantom');
  writeFileSync(join(where, 'chi.nii'), niftiFile([4, 4, 4], new Uint8Array(64).fill(1, 20, 30)));
  object('phantom field chi.nii -o b0.nii');
  object('info s.phantom');
  object('sequence waveforms fid -o f.json');
  assert.equal(object('sequence make fid -o f.seq').sequence.version, '1.5.1');
  assert.equal(object('sequence convert f.seq -o g.seq').sequence.from, '1.5.1');
  assert.equal(object('sequence convert g.seq -o f.sequence.json').sequence.version, null);
  valid(JSON.parse(readFileSync(join(where, 'f.sequence.json'), 'utf8')), 'f.sequence.json');
  const coils = object('simulate epi s.phantom --set n=16 --coils 2 --noise 1e-7@1us --seed 3 -o g.mrd');
  assert.deepEqual([coils.coils, coils.noise.seed, coils.scanner.receive], [2, 3, { array: { coils: 2 } }]);
  assert.equal(object('info g.mrd').coils, 2);
  assert.equal(object('reconstruct g.mrd -o g.png').image.coils, 1);
  assert.equal(object('reconstruct g.mrd --part coils -o g.npy').image.coils, 2);
});

test('all schemas were met, are in the package, and are described', () => {
  assert.deepEqual([...seen].sort(), [...names].sort());
  const { files } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  assert.ok(files.includes('schemas'));
  for (const name of names) assert.ok(page.includes(`(../../schemas/${name}.json)`), name);
});
