/**
 * Everyday mistakes: units, spreadsheets of another country, quotes, the wrong file. Each message
 * says what to do.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createOutput, readInput } from '../../host/base/files.ts';
import { parseQuantity } from '../../host/base/quantities.ts';
import * as options from '../../host/cli/options.ts';
import { splitSettings } from '../../host/cli/settings.ts';
import { readMotionFile } from '../../host/phantom/motion/file.ts';
import { readRaw } from '../../host/raw/index.ts';
import { readHeart } from '../../host/sequence/heart.ts';
import { readPulseq } from '../../host/sequence/pulseq/read.ts';
import { readScanner } from '../../host/sequence/scanner.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { warningsOf } from '../../testing/warnings.ts';

const folder = temporaryFolder();
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

test('numbers are decimal', () => {
  for (const text of ['0x10', '-0X10', '0b1', '0o7', '1e', '5,5', ''])
    assert.ok(Number.isNaN(parseQuantity(text, 's')), text);
  assert.deepEqual(
    ['1e-3', ' 5 ms', '.5s', '5.'].map((text) => parseQuantity(text, 's')),
    [1e-3, 5e-3, 0.5, 5],
  );
  assert.throws(() => options.threadCount('0x2'), /a whole number from 1 to 1024/);
  assert.throws(() => options.noiseLevel('0x2'), /give a positive number/);
  assert.throws(() => options.heartRate('60'), /from 0\.01667 to 50 Hz \(1 Hz is 60 beats per minute\)/);
});

test('blanks about the name of a setting', () => {
  assert.deepEqual(splitSettings([' n = 8', 'phantom.radius =5cm'], { sequence: 'gre', phantom: 'sphere' }), {
    sequence: { n: '8' },
    phantom: { radius: '5cm' },
  });
  // Words, too, are taken without the spaces; a name after '=' alone is taken as it is.
  assert.deepEqual(splitSettings(['direction = x', 'x= y'], { sequence: 'dwi' }).sequence, { direction: 'x', x: ' y' });
});

test('a track from a spreadsheet', () => {
  const read = (name: string, text: string) => readMotionFile(file(name, text), 10);
  const plain = read('plain.csv', 'time,x\n0,0\n0.1,0.002\n');
  for (const [name, text] of Object.entries({
    'quoted.csv': '"time","x"\r\n"0","0"\r\n"0.1","0.002"\r\n',
    'semicolons.csv': 'time;x\r\n0;0\r\n0.1;0.002\r\n',
    'tabs.csv': 'time\tx\n0\t0\n0.1\t0.002\n',
  }))
    assert.deepEqual(
      read(name, text).map(({ action, time }) => ({ action, time })),
      plain.map(({ action, time }) => ({ action, time })),
    );
  assert.throws(
    () => read('commas.csv', 'time;x\n0;0\n0,1;0,002\n'),
    /commas\.csv:3: time is '0,1'; write numbers with a decimal point/,
  );
  assert.deepEqual(
    warningsOf(() => read('plain.csv', 'time,x\n0,0\n0.1,0.4\n')),
    [],
  );
  assert.match(
    warningsOf(() => read('far.csv', 'time,x\n0,0\n0.1,5\n')).join(),
    /far\.csv track: moves by 5 m; lengths are in m: divide them by 1000 if they are in mm/,
  );
});

test('units of a scanner file and of R peaks', () => {
  assert.match(
    warningsOf(() => readScanner(file('mt.json', '{"Gmax": 80}'))).join(),
    /mt\.json: Gmax is 80 T\/m; write 0\.08 if 80 mT\/m are meant/,
  );
  assert.deepEqual(
    warningsOf(() => readScanner(file('t.json', '{"Gmax": 0.08}'))),
    [],
  );
  assert.throws(
    () => readHeart(file('ms.txt', '800\n1650\n')),
    /ms\.txt: no two R peaks are closer than 850 s; give times in seconds, not in milliseconds/,
  );
  assert.equal(readHeart(file('one.txt', '800\n')).peakFrom(0), 800);
});

test('the wrong file', async () => {
  assert.throws(() => readPulseq(file('scan.seq.gz', gzipSync('[VERSION]'))), /is compressed \(gzip\); decompress it/);
  await assert.rejects(
    readRaw(file('README.md', '# Read me')),
    /README\.md: is not raw data in the format ISMRMRD \(HDF5\); give a \.mrd or \.h5 that larmor simulate or another/,
  );
  await assert.rejects(readRaw(file('empty.mrd', '')), /empty\.mrd: is empty; give a \.mrd or \.h5/);
  const home = /no such file; ~ within quotes is not your home folder: write "\$HOME\/…"/;
  assert.throws(() => readInput('~/scan.seq'), home);
  assert.throws(() => createOutput('~/raw.mrd'), /~\/raw\.mrd: its folder does not exist; ~ within quotes/);
  assert.throws(() => readInput(join(folder, 'none.seq')), /no such file; check the path/);
});
