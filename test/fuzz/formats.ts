/** Cases of the fuzzer of the command: sequences, phantoms, tables and raw data of every format. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LARMOR } from '../../testing/launch.ts';
import { seqText } from '../sequence/seq-text.ts';
import { type Case, figure, raw } from './case.ts';
import { seeds } from './phantom.ts';
import { old } from './pulseq.ts';

const TISSUES = JSON.stringify({
  tissues: { 1: { density: 1, T1: 1, T2: 0.05 }, 2: { density: 1, T1: { '1.5': 0.9, 3: 1.2 }, T2: 0.1, shift: -3.4 } },
  voxelSize: 0.001,
});

/** @param folder for what is made on the way */
export async function formatCases(folder: string): Promise<Case[]> {
  const phantoms = (await seeds(folder)).map(([name, bytes]): Case => {
    const isLabels = /\.(mat|nii|nii\.gz)$/.test(name);
    const phantom = [`%/${name}`, ...(isLabels ? ['--set', 'tissues=%/tissues.json'] : [])];
    return {
      ...{ name, files: { [name]: bytes, ...(isLabels ? { 'tissues.json': TISSUES } : {}) } },
      damaged: [name],
      commands: [
        ['simulate', 'fid', ...phantom, ...raw],
        ['info', ...phantom],
        ['plan', 'fid', ...phantom],
        ['plot', 'phantom', ...phantom, ...figure],
        ['phantom', 'make', ...phantom, '-o', '%/out.phantom', '-q'],
      ],
    };
  });
  const sequences = [seqText(), seqText(), old].map(
    (text): Case => ({
      ...{ name: 'sequence', files: { 'a.seq': text } },
      commands: [
        ['simulate', '%/a.seq', 'column', ...raw],
        ['info', '%/a.seq', '--json'],
        ['plan', '%/a.seq', 'column'],
        ['simulate', '%/a.seq', 'column', '-o', '%/out.mrd', '-q'],
        ['plot', 'sequence', '%/a.seq', '--traces', 'm0,m1,slew', ...figure],
        ['plot', 'kspace', '%/a.seq', ...figure],
        ['sequence', 'convert', '%/a.seq', '-o', '%/out.seq', '-q'],
        ['sequence', 'waveforms', '%/a.seq', '-o', '%/out.json', '-q'],
      ],
    }),
  );
  const labels = phantoms.find(({ name }) => name === 'a.nii')!.files['a.nii'];
  const acquired = join(folder, 'sound.mrd');
  spawnSync(process.execPath, [LARMOR, 'simulate', 'gre', 'column', '--set', 'n=8', '-o', acquired, '-q']);
  return [
    ...sequences,
    ...phantoms,
    {
      ...{ name: 'tissue table', files: { 'tissues.json': TISSUES, 'a.nii': labels } },
      damaged: ['tissues.json'],
      commands: [['simulate', 'fid', '%/a.nii', '--set', 'tissues=%/tissues.json', ...raw]],
    },
    {
      ...{ name: 'raw data', files: { 'a.mrd': readFileSync(acquired) } },
      commands: [
        ['reconstruct', '%/a.mrd', '-o', '%/out.png', '-q'],
        ...['kspace', 'signal', 'image'].map((subject) => ['plot', subject, '%/a.mrd', ...figure]),
        ['info', '%/a.mrd'],
      ],
    },
  ];
}
