/**
 * How long a long scan takes to read: a spoiled gradient echo of 310 000 repetitions, every one
 * with its own phase encoding and RF phase, about 100 MB of Pulseq 1.5.1 with a signature. Prints
 * seconds, MB and memory at its highest.
 *
 *     node --import tsx bench/sequence-read.ts [--repetitions 310000] [--keep FILE.seq]
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readPulseq } from '../host/sequence/pulseq/read.ts';
import type { Sequence } from '../host/sequence/types.ts';
import { temporaryFolder } from '../testing/temporary.ts';
import { inProcess } from './harness.ts';

const { values } = parseArgs({
  options: { repetitions: { type: 'string', default: '310000' }, keep: { type: 'string' } },
});
const repetitions = Number(values.repetitions);
const folder = temporaryFolder();
const path = values.keep ?? join(folder, 'long.seq');

/** The file, a section at a time, so that writing it leaves little memory behind. */
function write(): void {
  const fd = openSync(path, 'w');
  const hash = createHash('md5');
  let pending: string[] = [];
  const flush = (): void => {
    const bytes = Buffer.from(pending.join('\n'));
    hash.update(bytes);
    writeSync(fd, bytes);
    pending = [''];
  };
  const line = (text: string): void => {
    pending.push(text);
    if (pending.length > 10_000) flush();
  };
  line('[VERSION]\nmajor 1\nminor 5\nrevision 1\n\n[DEFINITIONS]\nAdcRasterTime 1e-07\nBlockDurationRaster 1e-05');
  line('GradientRasterTime 1e-05\nRadiofrequencyRasterTime 1e-06\nName long\n\n[BLOCKS]');
  for (let n = 0; n < repetitions; n++) {
    const own = 3 * n + 4;
    line(`${5 * n + 1} 319 ${n + 1} 0 0 1 0 0`);
    line(`${5 * n + 2} 80 0 2 ${own} ${own + 1} 0 0`);
    line(`${5 * n + 3} 3000 0 0 0 0 0 0`);
    line(`${5 * n + 4} 340 0 3 0 0 ${n + 1} 1`);
    line(`${5 * n + 5} 80 0 0 ${own + 2} 0 0 2`);
  }
  line('\n[RF]');
  const phase = (n: number): string => (((117 * Math.PI * n * (n + 1)) / 360) % (2 * Math.PI)).toFixed(8);
  for (let n = 0; n < repetitions; n++) line(`${n + 1} 329.152 1 2 0 1500 100 0 0 -1333.33 ${phase(n)} e`);
  line('\n[TRAP]\n1 444444 90 3000 90 10\n2 -365816 70 660 70 0\n3 136363.6 100 3200 100 0');
  for (let n = 0; n < repetitions; n++) {
    const amplitude = Number(((n / repetitions - 0.5) * 1e6).toPrecision(9));
    line(
      `${3 * n + 4} ${amplitude} 70 660 70 0\n${3 * n + 5} ${-amplitude} 70 660 70 0\n${3 * n + 6} ${amplitude / 2} 80 640 80 0`,
    );
  }
  line('\n[ADC]');
  for (let n = 0; n < repetitions; n++) line(`${n + 1} 320 10000 100 0 0 0 ${phase(n)} 0`);
  line(
    '\n[EXTENSIONS]\n1 1 1 0\n2 1 2 0\nextension LABELINC 1\n1 1 LIN\n2 0 LIN\n\n[SHAPES]\n\nshape_id 1\nnum_samples 3000',
  );
  for (let n = 0; n < 3000; n++) line(Math.sin((Math.PI * (n + 0.5)) / 3000).toPrecision(9));
  line('\nshape_id 2\nnum_samples 3000\n0\n0\n2998\n');
  flush();
  writeSync(fd, `\n[SIGNATURE]\nType md5\nHash ${hash.digest('hex')}\n`);
  closeSync(fd);
}

try {
  write();
  const megabytes = statSync(path).size / 1e6;
  const before = process.memoryUsage().rss / 1e6;
  const start = performance.now();
  let sequence!: Sequence;
  const processor = await inProcess('read', () => {
    sequence = readPulseq(path);
  }).run();
  const read = performance.now();
  let samples = 0;
  for (let n = 0; n < sequence.blockCount; n++) samples += sequence.block(n).adc?.samples ?? 0;
  const walked = performance.now();
  const peak = process.resourceUsage().maxRSS / 1e3;
  console.log(`file        ${megabytes.toFixed(0)} MB, ${sequence.blockCount} blocks, ${samples} samples`);
  console.log(
    `read        ${((read - start) / 1000).toFixed(2)} s, ${(megabytes / ((read - start) / 1000)).toFixed(0)} MB/s`,
  );
  console.log(`processor   ${processor.toFixed(2)} s in all threads, which a busy machine does not lengthen`);
  console.log(`every block ${((walked - read) / 1000).toFixed(2)} s`);
  console.log(`memory      ${before.toFixed(0)} MB before, ${peak.toFixed(0)} MB at its highest`);
} finally {
  rmSync(folder, { recursive: true });
}
