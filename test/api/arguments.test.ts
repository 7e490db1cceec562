/**
 * Arguments of the package's functions that cannot be: each is refused in one line that names
 * function and argument.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inOptionNames } from '../../host/api/arguments.ts';
import * as larmor from '../../host/api/index.ts';

/** Asserts that a call is refused as wrong usage, in one line that matches. */
async function refuses(call: () => unknown, message: RegExp): Promise<void> {
  await assert.rejects(
    async () => call(),
    (error) => {
      assert.ok(error instanceof larmor.LarmorError, `${message}: ${error}`);
      assert.deepEqual([error.exitCode, error.message.includes('\n')], [2, false], error.message);
      assert.match(error.message, message);
      return true;
    },
  );
}

// biome-ignore lint/suspicious/noExplicitAny: a program without types gives anything
type Any = any;

/** Values of no kind that any argument has. */
const ODD: readonly Any[] = [
  undefined,
  null,
  5,
  Number.NaN,
  10n,
  true,
  '',
  'a\0b',
  {},
  [],
  Symbol('s'),
  () => 1,
  new Map(),
];

describe('arguments', () => {
  const closed: Readonly<Record<string, (given: Any) => unknown>> = {
    'simulate: sequence': (given) => larmor.simulate(given, 'sphere'),
    'simulate: phantom': (given) => larmor.simulate('gre', given),
    'plan: phantom': (given) => larmor.plan('gre', given),
    'readSequence: name': (given) => larmor.readSequence(given),
    'writeSequence: path': (given) => larmor.writeSequence(given, larmor.readSequence('fid')),
    'writeSequence: sequence': (given) => larmor.writeSequence('a.seq', given),
    'openPhantom: name': (given) => larmor.openPhantom(given),
    'readScanner: path': (given) => larmor.readScanner(given),
    'readRaw: path': (given) => larmor.readRaw(given),
    'writeRaw: raw': (given) => larmor.writeRaw('a.mrd', given),
    'reconstruct: raw': (given) => larmor.reconstruct(given),
    'writeImage: image': (given) => larmor.writeImage('a.png', given),
    'plotSequence: sequence': (given) => larmor.plotSequence(given),
    'plotKspace: of': (given) => larmor.plotKspace(given),
    'plotPhantom: phantom': (given) => larmor.plotPhantom(given),
    'plotSignal: raw': (given) => larmor.plotSignal(given),
    'plotImage: image': (given) => larmor.plotImage(given),
  };
  for (const [argument, call] of Object.entries(closed)) {
    test(`${argument} of any other kind`, async () => {
      for (const given of ODD) await refuses(() => call(given), new RegExp(`^${argument} is .*; give `));
    });
  }

  test('objects that only look like images and raw data', async () => {
    const data = new Float32Array(7);
    const three = [1, 1, 1];
    const image: Any = { data, matrix: three, voxel: three, origin: three, directions: [three, three, three] };
    await refuses(
      () => larmor.writeImage('a.png', { ...image, coils: 1, contrasts: 1, repetitions: 1 }),
      /^writeImage: image/,
    );
    const raw: Any = { signal: new Float64Array(3), coils: 1, samples: 1, encoding: { readouts: [] } };
    await refuses(() => larmor.writeRaw('a.mrd', raw), /^writeRaw: raw is { signal:/);
    await refuses(() => larmor.reconstruct({ acquisitions: [] } as Any), /^reconstruct: raw is { acquisitions: \[\] }/);
  });
});

describe('options', () => {
  const gre = (options: Any): Promise<unknown> => larmor.simulate('gre', 'sphere', options);
  const refused: readonly (readonly [Any, RegExp])[] = [
    [null, /^simulate: options is null; give an object with /],
    ['fast', /^simulate: options is "fast"/],
    [[], /^simulate: options is \[\]/],
    [new Map([['exact', true]]), /^simulate: options is Map/],
    [{ tolerances: 1e-5 }, /^simulate: unknown key 'options.tolerances'; did you mean tolerance\?/],
    [{ tolerance: Number.NaN }, /^simulate: options.tolerance is NaN; give a number from/],
    [{ tolerance: '1e-5' }, /^simulate: options.tolerance is "1e-5", not a number/],
    [{ threads: 1.5 }, /^simulate: options.threads is 1.5; give a whole number from 1 to 1024/],
    [{ threads: 10n }, /^simulate: options.threads is 10n, not a number/],
    [{ precision: 'f16' }, /^simulate: options.precision is "f16"; give f32, f64/],
    [{ t2prime: ['none'] }, /^simulate: options.t2prime is \[ 'none' \]/],
    [{ exact: 'yes' }, /^simulate: options.exact is "yes"; give true or false/],
    [{ strict: 1 }, /^simulate: options.strict is 1/],
    [{ verify: 'no' }, /^simulate: options.verify/],
    [{ magnetization: 'f.npy' }, /^simulate: options.magnetization is "f.npy"; give true or false/],
    [{ motion: {} }, /^simulate: options.motion is {}; give the name of a file/],
    [{ rPeaks: 5 }, /^simulate: options.rPeaks is 5/],
    [{ gpu: 0 }, /^simulate: options.gpu is 0; give the number of a GPU as text/],
    [{ signal: {} }, /^simulate: options.signal is {}; give the signal of an AbortController/],
    [{ onWarning: 'x' }, /^simulate: options.onWarning is "x"; give a function/],
    [{ onWarning: {} }, /^simulate: options.onWarning/],
    [{ noise: 0.1 }, /^simulate: options.noise is 0.1; give an object with sigma, atDwell/],
    [{ noise: {} }, /^simulate: options.noise has no 'sigma'/],
    [{ noise: { sigma: -1 } }, /^simulate: options.noise.sigma is -1; give a positive number/],
    [{ noise: { sigma: 1, atDwell: 5 } }, /^simulate: options.noise.atDwell is 5/],
    [
      { noise: { sigma: 1, dwell: 1e-6 } },
      /^simulate: unknown key 'options.noise.dwell'; did you mean atDwell|the keys/,
    ],
    [{ sequenceParameters: 'n=8' }, /^simulate: options.sequenceParameters is "n=8"; give an object/],
    [{ sequenceParameters: { n: true } }, /^simulate: options.sequenceParameters.n is true; give a number, or a text/],
    [{ phantomParameters: new Map() }, /^simulate: options.phantomParameters is Map/],
    [{ scanner: [] }, /^simulate: options.scanner is \[\]/],
    [{ scanner: 5 }, /^simulate: options.scanner is 5/],
    [{ scanner: { B0: Number.NaN } }, /^simulate: options.scanner.B0 is NaN/],
    [{ scanner: { receive: { array: { coils: 0 } } } }, /^simulate: options.scanner.receive.array.coils is 0/],
    [{ scanner: { b0: 3 } }, /^simulate: unknown key 'options.scanner.b0'; did you mean B0\?/],
  ];
  test('of simulate', async () => {
    for (const [options, message] of refused) await refuses(() => gre(options), message);
  });

  test('of the other functions', async () => {
    const any = (options: unknown): Any => options;
    const calls: readonly (readonly [() => unknown, RegExp])[] = [
      [() => larmor.plan('gre', 'sphere', { ranks: 0 }), /^plan: options.ranks is 0/],
      [() => larmor.plan('gre', 'sphere', any({ noise: { sigma: 1 } })), /^plan: unknown key 'options.noise'/],
      [() => larmor.openPhantom('sphere', { B0: -1 }), /^openPhantom: options.B0 is -1; give T from/],
      [() => larmor.readSequence('gre', any({ te: 1 })), /^readSequence: unknown key 'options.te'/],
      [() => larmor.reconstruct('a.mrd', { maxPixels: 0 }), /^reconstruct: options.maxPixels/],
      [
        () => larmor.plotSequence('gre', { traces: any(['bogus']) }),
        /^plotSequence: options.traces\[0\] is "bogus"; give m0/,
      ],
      [() => larmor.plotSequence('gre', { from: -1 }), /^plotSequence: options.from is -1/],
      [
        () => larmor.plotPhantom('sphere', { planes: any('axial') }),
        /^plotPhantom: options.planes is "axial"; give a list/,
      ],
      [() => larmor.plotSignal('a.mrd', { readout: 0 }), /^plotSignal: options.readout is 0/],
    ];
    for (const [call, message] of calls) await refuses(call, message);
  });

  test('undefined ones are left out', async () => {
    const { summary } = await larmor.simulate('gre', 'sphere', {
      ...{ scanner: { B0: undefined as Any }, noise: undefined, sequenceParameters: { n: 8 }, signal: undefined },
    });
    assert.equal(summary.scanner.B0, 1.5);
  });
});

test('messages name options as the package does', () => {
  const text =
    'srun --gpus-per-task=1 or --tile 5, --dt-rf, (--t2prime), --spins-per-voxel auto, --set te=1, a--tile, --tile-x';
  const expected =
    'srun --gpus-per-task=1 or tile 5, maxRfStep, (t2prime), spinsPerVoxel auto, parameter te=1, a--tile, --tile-x';
  assert.equal(inOptionNames(text), expected);
});
