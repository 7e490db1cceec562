/** Every silly file → its exit code and one line that names file, location and fix. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { LarmorError } from '../../host/base/errors.ts';
import { checkSequence } from '../../host/sequence/checks.ts';
import { readPulseq } from '../../host/sequence/pulseq/read.ts';
import { DEFAULT_SCANNER } from '../../host/sequence/scanner-types.ts';
import { COMPLETE, seqFolder, seqText } from './seq-text.ts';

const save = seqFolder();

/** Asserts the refusal of a file; the message starts with its name and is one line with a fix. */
function refused(path: string, exitCode: number, message: RegExp): void {
  assert.throws(
    () => readPulseq(path),
    (error) => {
      assert.ok(error instanceof LarmorError, String((error as Error).stack));
      assert.equal(error.exitCode, exitCode);
      assert.ok(error.message.startsWith(path), error.message);
      assert.match(error.message, message);
      assert.match(error.message, /^[^\n]+; [^\n]+$/);
      return true;
    },
  );
}

test('files that cannot be opened', () => {
  const path = save('x');
  refused(`${path}.not-there`, 66, /no such file/);
  refused(dirname(path), 66, /is a directory/);
  writeFileSync(path, Buffer.from(`\ufeff${seqText()}`, 'utf16le'));
  refused(path, 65, /is UTF-16 text; save it as UTF-8/);
});

const definitions = COMPLETE.definitions!;
const shapes = COMPLETE.shapes!;
const shape = (id: number, ...lines: (string | number)[]): string => `\nshape_id ${id}\n${lines.join('\n')}\n`;

/** What is wrong → the whole file, or changes to the complete one; and what the message says. */
const FAULTS: Readonly<Record<string, readonly [string | Record<string, string>, RegExp]>> = {
  'an empty file': ['', /is empty/],
  'a file of blanks': ['\n\n \n', /not a Pulseq file/],
  'some other text': ['Dear all,\nsee below\n', /not a Pulseq file/],
  'a picture': ['\x89PNG\r\n\x1a\n\0\0\0\rIHDR', /not a Pulseq file/],
  'an ini file': ['[core]\nbare = false\n', /not a Pulseq file/],
  'a binary Pulseq file': ['\x01pulseq\x02\0\0\0', /binary Pulseq/],
  'no version': [{ version: '' }, /a\.seq:\d+: there is no \[VERSION\] before the blocks/],
  'a version of the future': [{ version: '[VERSION]\nmajor 1\nminor 6\nrevision 0\n' }, /version 1\.6\.0/],
  'version 2': [{ version: '[VERSION]\nmajor 2\nminor 5\nrevision 0\n' }, /version 2\.5\.0/],
  'a version before 1.2': [{ version: '[VERSION]\nmajor 1\nminor 0\nrevision 0\n' }, /version 1\.0\.0/],
  'a version that is none': [{ version: '[VERSION]\nmajor one\n' }, /a\.seq:2: the version number/],
  'an unknown section': [{ trap: '[TRAPS]\n1 2 3\n' }, /section \[TRAPS\] is unknown/],
  'delays in 1.5': [{ extensions: '[DELAYS]\n1 100\n' }, /\[DELAYS\] is unknown in version 1\.5\.1/],
  'no blocks': [{ blocks: '[BLOCKS]\n' }, /has no blocks/],
  'fewer blocks than promised': [{ definitions: `${definitions}Num_Blocks 3\n` }, /Num_Blocks is 3 but there are 2/],
  'a raster of zero': [{ definitions: '[DEFINITIONS]\nGradientRasterTime 0\n' }, /GradientRasterTime is `0`/],
  'a raster of a femtosecond': [
    { definitions: '[DEFINITIONS]\nRadiofrequencyRasterTime 1e-15\n' },
    /RadiofrequencyRasterTime is `1e-15`; give seconds from 1e-9 to 0\.1/,
  ],
  'a raster of words': [{ definitions: '[DEFINITIONS]\nBlockDurationRaster ten\n' }, /BlockDurationRaster is `ten`/],

  'cut short in the blocks': [seqText().slice(0, seqText().indexOf('2 100 0') + 7), /:14: GX id is missing/],
  'cut short before the events': [seqText().slice(0, seqText().indexOf('[RF]')), /block 1 plays RF event 1, which/],
  'cut short in an event': [seqText().slice(0, seqText().indexOf('-3.35')), /frequency offset in ppm is missing/],
  'cut short before the shapes': [{ shapes: '' }, /shape 1 does not exist/],
  'cut short in a shape': [seqText().slice(0, seqText().indexOf('0.25\n\nshape_id 4')), /shape 3 ends|shape 3 unpacks/],
  'cut short after shape_id': [seqText().slice(0, seqText().indexOf('num_samples 8')), /shape 5 has no num_samples/],

  'a pulse of four transmit channels': [
    {
      rf: '[RF]\n1 2500 6 6 7 50 100 0 0 120 0.25 e\n',
      shapes: `${shapes}${shape(6, 'num_samples 8', ...[1, 1, 0, 0, 0, 0, 0, 0])}${shape(7, 'num_samples 8', ...[0, 5, 0, 5, 0, 5, 0, 5])}`,
    },
    /a\.seq:\d+.*the times of shape 7 begin 4 times: .*4 transmit channels/,
  ],
  'an RF event that is not there': [{ blocks: '[BLOCKS]\n1 100 7 0 0 0 0 0\n' }, /block 1 plays RF event 7/],
  'a gradient that is not there': [{ blocks: '[BLOCKS]\n1 100 0 0 9 0 0 0\n' }, /:13: block 1 plays gradient 9/],
  'an ADC event that is not there': [{ blocks: '[BLOCKS]\n1 100 0 0 0 0 2 0\n' }, /plays ADC event 2/],
  'an extension that is not there': [{ blocks: '[BLOCKS]\n1 100 0 0 0 0 0 5\n' }, /extension 5 does not exist/],
  'a delay that is not there': [
    {
      version: '[VERSION]\nmajor 1\nminor 2\nrevision 1\n',
      blocks: '[BLOCKS]\n1 4 0 0 0 0 0\n',
      rf: '',
      gradients: '',
      adc: '',
    },
    /plays delay 4/,
  ],
  'a shape that is not there': [{ rf: '[RF]\n1 2500 8 2 0 50 100 0 0 0 0 e\n' }, /:\d+: shape 8 does not exist/],
  'a time shape that is not there': [{ rf: '[RF]\n1 2500 1 2 8 50 100 0 0 0 0 e\n' }, /shape 8 does not exist/],
  'a label that is not there': [
    { extensions: '[EXTENSIONS]\n1 1 2 0\nextension LABELSET 1\n1 3 LIN\n' },
    /LABELSET 2 does/,
  ],
  'an extension not specified': [{ extensions: '[EXTENSIONS]\n1 9 2 0\n' }, /extension number 9 is not specified/],
  'a circle of extensions': [{ extensions: '[EXTENSIONS]\n1 1 1 1\nextension LABELSET 1\n1 3 LIN\n' }, /is circular/],
  'two rotations': [
    { extensions: '[EXTENSIONS]\n1 1 1 2\n2 1 1 0\nextension ROTATIONS 1\n1 1 0 0 0\n' },
    /a block has two ROTATIONS/,
  ],
  'a quaternion that is no rotation': [
    { extensions: '[EXTENSIONS]\n1 1 1 0\nextension ROTATIONS 1\n1 1 1 0 0\n' },
    /quaternion has norm 1\.41/,
  ],
  'an extension that is required but unknown': [
    { definitions: `${definitions}RequiredExtensions ROTATIONS TELEPATHY\n` },
    /extension TELEPATHY is required/,
  ],

  'a negative delay': [{ rf: '[RF]\n1 2500 1 2 0 50 -100 0 0 0 0 e\n' }, /delay is -100; it cannot be negative/],
  'a negative rise time': [{ trap: '[TRAP]\n1 200000 -100 300 100 0\n' }, /rise time is -100/],
  'a negative block duration': [{ blocks: '[BLOCKS]\n1 -100 1 0 0 0 0 0\n' }, /:13: duration is -100/],
  'a duration that is no integer': [{ blocks: '[BLOCKS]\n1 100.5 1 0 0 0 0 0\n' }, /duration is 100\.5/],
  'a negative trigger delay': [
    { extensions: '[EXTENSIONS]\n1 1 1 0\nextension TRIGGERS 1\n1 1 1 -5 10\n' },
    /delay is -5/,
  ],
  'a block shorter than its pulse': [
    { blocks: '[BLOCKS]\n1 19 1 0 0 0 0 0\n' },
    /block 1 takes 190 µs but its events need 200 µs/,
  ],
  'a block shorter than its readout': [{ blocks: '[BLOCKS]\n1 21 0 0 0 0 1 0\n' }, /takes 210 µs.* need 220 µs/],
  'a block shorter than its gradient': [{ blocks: '[BLOCKS]\n1 49 0 0 0 1 0 0\n' }, /takes 490 µs.* need 500 µs/],

  'NaN in an event': [{ trap: '[TRAP]\n1 NaN 100 300 100 0\n' }, /amplitude is `NaN`, not a finite number/],
  'infinity in an event': [{ rf: '[RF]\n1 Inf 1 2 0 50 100 0 0 0 0 e\n' }, /amplitude is `Inf`/],
  'a number too large': [{ trap: '[TRAP]\n1 1e999 100 300 100 0\n' }, /amplitude is `1e999`/],
  'a word for a number': [{ trap: '[TRAP]\n1 0x10 100 300 100 0\n' }, /amplitude is `0x10`/],
  'NaN in a shape': [{ shapes: COMPLETE.shapes!.replace('0.25', 'NaN') }, /sample is not a finite number/],
  'infinity in a shape': [{ shapes: COMPLETE.shapes!.replace('0.25', '-Infinity') }, /a sample is `-Infinity`/],
  'a word in a shape': [{ shapes: COMPLETE.shapes!.replace('0.25', 'shop') }, /`shop` does not belong here/],
  'a sample before its shape': [{ shapes: '[SHAPES]\n0.5\n' }, /a sample stands before its shape_id/],

  'a shape too short': [
    { shapes: `${COMPLETE.shapes}${shape(6, 'num_samples 9', 0, 0, 5)}`, adc: '[ADC]\n1 9 25000 20 0 0 0 0 6\n' },
    /shape 6 unpacks to 7 samples, not 9/,
  ],
  'a shape too long': [
    { shapes: COMPLETE.shapes!.replace('0\n0\n98', '0\n0\n99') },
    /shape 2 unpacks to more than its 100/,
  ],
  'a run of a fraction': [{ shapes: COMPLETE.shapes!.replace('0\n0\n98', '0\n0\n97.5') }, /a run of 97\.5 repeats/],
  'a pulse that would fill the memory': [
    { shapes: '[SHAPES]\nshape_id 1\nnum_samples 2000000000\n1\n1\n1999999998\n\nshape_id 2\nnum_samples 1\n0\n' },
    /:\d+: \d+ runs of shape 1 would take .* the limit for a file of .* is 192 MiB; .*LARMOR_MEMORY/,
  ],
  'a gradient that would fill the memory': [
    {
      shapes: `${COMPLETE.shapes!.replace('shape_id 3\nnum_samples 4', 'shape_id 7\nnum_samples 4')}
shape_id 3\nnum_samples 2000000000\n0\n0\n1999999998\n`,
    },
    /2000000000 samples of shape 3 would take 14\.9 GiB, the limit/,
  ],
  'a shape of no samples': [
    { shapes: COMPLETE.shapes!.replace('num_samples 100', 'num_samples 0') },
    /num_samples is 0/,
  ],
  'magnitude and phase of different length': [
    { rf: '[RF]\n1 2500 1 3 0 50 100 0 0 0 0 e\n' },
    /magnitude and phase shape have 100 and 4 samples/,
  ],
  'amplitude and time of different length': [
    { gradients: '[GRADIENTS]\n2 100000 0 5000 1 4 0\n3 1 0 0 3 4 0\n' },
    /amplitude and time shape have 100 and 4/,
  ],
  'time that runs backwards': [
    { shapes: COMPLETE.shapes!.replace('3\n5\n8', '5\n3\n8') },
    /shape 4 runs backwards at sample 3/,
  ],
  'a phase shape of another length than the ADC': [
    { adc: '[ADC]\n1 9 25000 20 0 0 0 0 5\n' },
    /the ADC has 9 samples but its phase shape 8/,
  ],
  'time shape -1 before 1.5': [
    {
      version: '[VERSION]\nmajor 1\nminor 4\nrevision 1\n',
      rf: '[RF]\n1 2500 1 2 -1 100 0 0\n',
      gradients: '',
      adc: '',
      blocks: '[BLOCKS]\n1 100 1 0 0 0 0 0\n',
    },
    /time shape -1 does not exist/,
  ],

  'two blocks of one id': [
    { blocks: '[BLOCKS]\n1 100 1 0 0 1 0 0\n1 100 1 0 0 1 0 0\n' },
    /:14: block 1 was already defined on line 13/,
  ],
  'two pulses of one id': [{ rf: `${COMPLETE.rf}1 1000 1 2 0 50 100 0 0 0 0 e\n` }, /RF event 1 was already defined/],
  'a trapezoid with the id of a shape': [
    { trap: '[TRAP]\n1 2 3 4 5 0\n2 2 3 4 5 0\n' },
    /gradient 2 was already defined/,
  ],
  'two shapes of one id': [
    { shapes: `${COMPLETE.shapes}${shape(5, 'num_samples 1', 0)}` },
    /shape 5 was already defined/,
  ],
  'two ADC events of one id': [{ adc: `${COMPLETE.adc}1 8 25000 20 0 0 0 0 0\n` }, /ADC event 1 was already defined/],
  'two labels of one id': [{ extensions: `${COMPLETE.extensions}1 4 SLC\n` }, /LABELSET 1 was already defined/],
  'two extensions of one number': [
    { extensions: `${COMPLETE.extensions}extension LABELINC 1\n` },
    /number 1 is used twice/,
  ],
  'an id of zero': [{ rf: '[RF]\n0 2500 1 2 0 50 100 0 0 0 0 e\n' }, /the id of the RF event is 0/],
  'an id that is no integer': [{ rf: '[RF]\n1.5 2500 1 2 0 50 100 0 0 0 0 e\n' }, /the id of the RF event is 1\.5/],

  'too few columns': [{ trap: '[TRAP]\n1 200000 100 300 100\n' }, /:\d+: delay is missing/],
  'too many columns': [{ trap: '[TRAP]\n1 200000 100 300 100 0 0\n' }, /more fields than the 6 of a gradient/],
  'pulses of another version': [{ rf: '[RF]\n1 2500 1 2 0 100 0 0\n' }, /phase offset per MHz is missing/],
  'blocks of another version': [
    { version: '[VERSION]\nmajor 1\nminor 2\nrevision 0\n' },
    /more fields than the 7 of a block/,
  ],
  'a use of another kind': [{ rf: '[RF]\n1 2500 1 2 0 50 100 0 0 0 0 x\n' }, /use is `x`/],
  'an ADC of no samples': [{ adc: '[ADC]\n1 0 25000 20 0 0 0 0 0\n' }, /number of samples is 0/],
  'a dwell time of zero': [{ adc: '[ADC]\n1 8 0 20 0 0 0 0 0\n' }, /dwell time is 0; it must be above 0/],
  'one shim column': [
    {
      version: '[VERSION]\nmajor 1\nminor 4\nrevision 1\n',
      rf: '[RF]\n1 2500 1 2 0 100 0 0 1\n',
      gradients: '',
      blocks: '[BLOCKS]\n1 100 1 0 0 0 0 0\n',
      adc: '',
    },
    /shim phase shape is missing/,
  ],
  'a trigger of another kind': [
    { extensions: '[EXTENSIONS]\n1 1 1 0\nextension TRIGGERS 1\n1 3 1 0 10\n' },
    /trigger type is 3/,
  ],
};

for (const [name, [file, message]] of Object.entries(FAULTS)) {
  test(name, () => refused(save(typeof file === 'string' ? file : seqText(file)), 65, message));
}

/** What reads well and cannot be simulated: numbers in another unit, or that overflow. */
const IMPLAUSIBLE: Readonly<Record<string, readonly [Record<string, string>, RegExp]>> = {
  'a phase of 1e308': [
    { rf: '[RF]\n1 2500 1 2 0 50 100 0 0 0 1e308 e\n' },
    /phase offset of 1e\+308 rad, beyond ±1000000000000 rad/,
  ],
  'a frequency of 1e308': [
    { adc: '[ADC]\n1 8 25000 20 0 0 1e308 0 0\n' },
    /the readout has a frequency offset of 1e\+308 Hz/,
  ],
  'a B1 of teslas': [
    { rf: '[RF]\n1 1e9 1 2 0 50 100 0 0 0 0 e\n' },
    /the RF pulse has a B1 of 23\.48.* T, beyond ±1 T/,
  ],
  'a gradient of kiloteslas': [
    { trap: '[TRAP]\n1 2e12 100 300 100 0\n' },
    /the gradient has an amplitude of .* T\/m, beyond ±1000 T\/m/,
  ],
  'a shape that overflows': [
    {
      shapes: COMPLETE.shapes!.replace('num_samples 4\n0\n1\n', 'num_samples 4\n1e308\n1e308\n'),
      gradients: '[GRADIENTS]\n2 100000 0 5000 3 0 0\n3 -50000 0 0 3 4 10\n',
    },
    /the gradient has an amplitude of (Infinity|.*e\+3\d\d) T\/m/,
  ],
  'a phase shape that overflows': [
    {
      shapes: COMPLETE.shapes!.replace(
        'shape_id 5\nnum_samples 8\n0\n0.5\n0.5\n5',
        'shape_id 5\nnum_samples 8\n1e308\n1e308\n6',
      ),
    },
    /the readout has a phase of Infinity rad/,
  ],
};

for (const [name, [file, message]] of Object.entries(IMPLAUSIBLE)) {
  test(name, () => {
    const sequence = readPulseq(save(seqText(file)));
    assert.throws(
      () => checkSequence(sequence, DEFAULT_SCANNER),
      (error) => error instanceof LarmorError && error.exitCode === 65 && message.test(error.message),
    );
  });
}
