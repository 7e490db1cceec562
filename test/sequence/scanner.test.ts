/** Scanner files: what they may hold, and the line every wrong one is answered with. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { EXIT, LarmorError } from '../../host/base/errors.ts';
import { readScanner } from '../../host/sequence/scanner.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import { temporaryFolder } from '../../testing/temporary.ts';

const folder = temporaryFolder();
const path = join(folder, 'scanner.json');
for (const name of ['maps.cfl', 'maps.npy']) writeFileSync(join(folder, name), '');

const read = (text: string): ReturnType<typeof readScanner> => {
  writeFileSync(path, text);
  return readScanner(path);
};

test('keys given replace defaults, the rest stays', () => {
  assert.deepEqual(read('{"B0": 3, "rfDeadTime": 0}'), { ...DEFAULT_SCANNER, B0: 3, rfDeadTime: 0 });
  assert.deepEqual(read('{}'), DEFAULT_SCANNER);
});

/** What every part may hold, with files beside it. */
const WHOLE = {
  B0: 3,
  gammaBar: 11.262e6,
  receive: {
    coils: [
      { centre: [0.15, 0, 0], normal: [-1, 0, 0], radius: 0.06 },
      { centre: [-0.15, 0, 0], normal: [2, 0, 0.1], radius: 0.06 },
    ],
    noiseCovariance: [
      [
        [1, 0],
        [0.3, 0.2],
      ],
      [
        [0.3, -0.2],
        [0.8, 0],
      ],
    ],
  },
  transmit: { magnitude: 'map.nii', phase: 'map.nii' },
  b0Map: 'map.nii',
  gradients: {
    concomitant: true,
    nonlinearity: 'map.nii',
    eddyCurrents: [{ from: 'x', to: 'B0', amplitude: 0.01, timeConstant: 0.05 }],
    girf: 'map.nii',
  },
  delays: { x: 1e-6, y: -1e-6, z: 0, rf: 2e-6, adc: 3e-6 },
};

test('all parts are read, with paths relative to the file', () => {
  const map = join(folder, 'map.nii');
  writeFileSync(map, '');
  const expected = {
    ...DEFAULT_SCANNER,
    ...WHOLE,
    transmit: { magnitude: map, phase: map },
    b0Map: map,
    gradients: { ...WHOLE.gradients, nonlinearity: map, girf: map },
  };
  assert.deepEqual(read(JSON.stringify(WHOLE)), expected);
  const loops = WHOLE.receive.coils.map((loop) => ({ loop }));
  const wrapped = { ...WHOLE, receive: { ...WHOLE.receive, coils: loops } };
  assert.deepEqual(read(JSON.stringify(wrapped)), expected);
  for (const receive of [{ array: { coils: 8, radius: 0.13 } }, { file: map }, { magnitude: map, phase: map }])
    assert.deepEqual(read(JSON.stringify({ receive })).receive, receive);
});

test('schema and reader agree on what a scanner file may hold', () => {
  const schema = JSON.parse(readFileSync(new URL('../../schemas/scanner.json', import.meta.url), 'utf8'));
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);
  assert.ok(validate(WHOLE), JSON.stringify(validate.errors));
  for (const [text] of WRONG) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      continue;
    }
    // What a schema cannot say: symmetry, that a vector is not 0, what a file's ending asks for.
    if (!/Covariance|0, ?0, ?0|fov|maps/.test(text)) assert.ok(!validate(value), text);
  }
});

const LOOP = '"centre": [0.1, 0, 0], "normal": [1, 0, 0]';
const receive = (text: string): string => `{"receive": ${text}}`;
const covariance = (text: string): string => receive(`{"array": {"coils": 2}, "noiseCovariance": ${text}}`);

const WRONG: [string, RegExp][] = [
  ['{"gammaBar": 42.577}', /gammaBar is 42\.577; give Hz\/T from 100000 to/],
  ['{"recieve": {}}', /unknown key 'recieve'; did you mean receive/],
  [receive('{}'), /receive names no coils; give one of 'coils', 'array', 'file'/],
  [receive('[]'), /receive is \[\]; give an object with coils, array/],
  [receive('{"coils": []}'), /receive\.coils is \[\]; give a list of loops/],
  [receive(`{"coils": [{${LOOP}}]}`), /receive\.coils\[0\] has no 'radius'/],
  [receive(`{"coils": [{${LOOP}, "radius": 0}]}`), /receive\.coils\[0\]\.radius is 0; give m from 0\.0001 to 10/],
  [receive(`{"coils": [{${LOOP}, "radius": 60}]}`), /radius is 60; give m/],
  [receive(`{"coils": [{${LOOP}, "radios": 60}]}`), /has no 'radius'/],
  [receive(`{"coils": [{${LOOP}, "radius": 1, "turns": 2}]}`), /unknown key 'receive\.coils\[0\]\.turns'/],
  [
    receive('{"coils": [{"centre": [0, 0], "normal": [1, 0, 0], "radius": 1}]}'),
    /centre is \[ 0, 0 \]; give three numbers/,
  ],
  [receive('{"coils": [{"centre": [0.1, 0, 0], "normal": [0, 0, 0], "radius": 1}]}'), /normal is 0 0 0/],
  [
    receive('{"coils": [{"centre": [0.1, "0", 1], "normal": [1, 0, 0], "radius": 1}]}'),
    /centre\[1\] is "0", not a number/,
  ],
  [receive('{"array": {"coils": 2.5}}'), /array\.coils is 2\.5; give a whole number from 1 to 1024/],
  [receive('{"array": {"coils": 2}, "file": "scanner.json"}'), /receive has array and a map; give one of/],
  [receive('{"magnitude": "scanner.json"}'), /receive has magnitude; give 'file' alone, or 'magnitude' and 'phase'/],
  [
    receive('{"magnitude": "scanner.json", "phase": "scanner.json", "fov": [1, 1, 1]}'),
    /has magnitude and phase with fov/,
  ],
  [receive('{"file": "scanner.json", "fov": [1, 1, 1]}'), /has fov or centre; remove them/],
  [receive('{"file": "maps.cfl"}'), /receive has no fov; give 'fov'/],
  [receive('{"file": "maps.npy", "fov": [0.2, 0, 0.2]}'), /fov of 0\.2 × 0 × 0\.2 m; give positive/],
  [receive('{"file": 3}'), /receive\.file is 3; give the name of a file/],
  [covariance('[[[1, 0]], [[1, 0]]]'), /noiseCovariance\[0\] has 1 entries of 2; give a square matrix/],
  [covariance('[[[1, 0], [0.3, 0.2]], [[0.3, 0.2], [1, 0]]]'), /not Hermitian at \[0\]\[1\]/],
  [covariance('[[[1, 0.1]]]'), /not Hermitian at \[0\]\[0\]/],
  [covariance('[[1, 0], [0, 1]]'), /noiseCovariance\[0\]\[0\] is 1; give a pair/],
  ['{"transmit": "b1.nii"}', /transmit is "b1\.nii"; give an object with file, magnitude, phase/],
  ['{"b0Map": {}}', /b0Map is \{\}; give the name of a file/],
  ['{"gradients": {"concomitant": 1}}', /gradients\.concomitant is 1; give true, false, 'quadratic' or 'full'/],
  [
    '{"gradients": {"eddyCurrents": [{"from": "B0", "to": "x", "amplitude": 0.1, "timeConstant": 1}]}}',
    /eddyCurrents\[0\]\.from is "B0"; give x, y, z/,
  ],
  [
    '{"gradients": {"eddyCurrents": [{"from": "x", "to": "x", "amplitude": 0.1, "timeConstant": 0}]}}',
    /timeConstant is 0; give s from/,
  ],
  ['{"delays": {"x": 2}}', /delays\.x is 2; give s from -0\.1 to 0\.1/],
  ['{"delays": {"gx": 2}}', /unknown key 'delays\.gx'/],
  ['{"b0": 3}', /unknown key 'b0'; did you mean B0/],
  ['{"__proto__": 3}', /unknown key '__proto__'/],
  ['{"toString": 3}', /unknown key 'toString'/],
  ['{"B0": "3"}', /B0 is "3", not a number; give T from 0\.000001 to 100/],
  ['{"Gmax": null}', /Gmax is null, not a number/],
  ['{"Smax": 0}', /Smax is 0; give T\/m\/s from 0\.001 to 1000000000/],
  ['{"Gmax": -0.04}', /Gmax is -0\.04/],
  ['{"rfDeadTime": -1e-6}', /rfDeadTime is -0\.000001; give s from 0 to 10/],
  ['{"B1": 1e-12}', /B1 is 1e-12; give T from 1e-9 to 1/],
  ['{"Gmax": 1e-300}', /Gmax is 1e-300; give T\/m from/],
  ['{"rfRaster": 1e-12}', /rfRaster is 1e-12; give s from 1e-9 to 0\.1/],
  ['{"B0": 1e999}', /B0 is Infinity/],
  ['[3]', /not a JSON object/],
  ['null', /not a JSON object/],
  ['{"B0": }', /not JSON \(/],
  ['', /not JSON \(/],
];

test('every wrong file is refused, naming file and key', () => {
  for (const [text, message] of WRONG) {
    assert.throws(
      () => read(text),
      (error) =>
        error instanceof LarmorError &&
        error.exitCode === EXIT.badInput &&
        error.message.startsWith(`${path}: `) &&
        !error.message.includes('\n') &&
        message.test(error.message),
      text,
    );
  }
  assert.throws(
    () => readScanner(join(folder, 'none.json')),
    (error) => error instanceof LarmorError && error.exitCode === EXIT.missingInput,
  );
  assert.throws(
    () => read('{"b0Map": "none.nii"}'),
    (error) =>
      error instanceof LarmorError &&
      error.exitCode === EXIT.missingInput &&
      error.message.startsWith(`${join(folder, 'none.nii')}: no such file`),
  );
});
