/** `larmor list`: the built-in sequences and phantoms, and the file formats. */
import { builtinPhantoms } from '../phantom/builtins.ts';
import { builtinSequences } from '../sequence/builtin/index.ts';
import { printJson, printLines } from './output.ts';

interface Format {
  readonly endings: readonly string[];
  readonly description: string;
}

/** File formats that are read and written, by purpose. */
const FORMATS = {
  sequence: [
    {
      endings: ['.seq'],
      description: 'Pulseq 1.2 to 1.5; larmor sequence make and convert also write .json for other programs',
    },
  ],
  phantom: [
    { endings: ['.phantom'], description: 'KomaMRI (HDF5); larmor phantom make writes it' },
    { endings: ['.h5', '.hdf5'], description: 'JEMRIS, or plain arrays x, y, z, ρ, T1, T2, T2s, Δw (HDF5)' },
    { endings: ['.nii', '.nii.gz'], description: 'label image (NIfTI) with a tissue table' },
    { endings: ['.mat'], description: 'label image (MATLAB) with a tissue table, or virtual object of MRiLab' },
    {
      endings: ['.json'],
      description: 'maps (NIfTI) of tissues: nifti-phantom-v1, or a tissue table with probabilities',
    },
    { endings: ['folder'], description: 'quantitative maps (NIfTI): T1map.nii.gz, T2map.nii.gz … as BIDS names them' },
  ],
  rawData: [
    {
      endings: ['.mrd', '.h5'],
      description: 'ISMRMRD, which larmor reconstruct reads; -o - streams it to standard output',
    },
    { endings: ['.npy'], description: 'NumPy, the signal alone' },
    { endings: ['.mat'], description: 'MATLAB, signal and trajectory' },
    { endings: ['.cfl'], description: 'BART, with .hdr; non-Cartesian scans also get NAME_traj.cfl' },
  ],
  image: [
    { endings: ['.png'], description: 'picture' },
    { endings: ['.nii', '.nii.gz'], description: 'NIfTI, magnitude' },
    { endings: ['.npy'], description: 'NumPy, complex [repetition, contrast, slice, y, x]' },
  ],
} as const satisfies Readonly<Record<string, readonly Format[]>>;

export function list({ json }: { json?: boolean }): void {
  const sequences = [...builtinSequences].map(([name, { doc }]) => ({ name, description: doc }));
  const phantoms = Object.entries(builtinPhantoms).map(([name, { doc }]) => ({ name, description: doc }));
  if (json) {
    printJson('list', { sequences, phantoms, formats: FORMATS });
    return;
  }
  const row = (name: string, description: string): string => `  ${name.padEnd(16)}${description}`;
  const builtins = (title: string, all: readonly { name: string; description: string }[]): string[] => [
    title,
    ...all.map(({ name, description }) => row(name, description)),
  ];
  const formats = (title: string, all: readonly Format[]): string[] => [
    title,
    ...all.map(({ endings, description }) => row(endings.join(' '), description)),
  ];
  printLines([
    ...builtins('built-in sequences (larmor info NAME lists the parameters)', sequences),
    ...builtins('built-in phantoms', phantoms),
    ...formats('sequence files', FORMATS.sequence),
    ...formats('phantom files', FORMATS.phantom),
    ...formats('raw data (simulate -o)', FORMATS.rawData),
    ...formats('images (reconstruct -o)', FORMATS.image),
  ]);
}
