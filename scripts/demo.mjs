// `npm run demo`: simulates a head and reconstructs its image with the command, from a fresh clone;
// needs only Node.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { setupPackages } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

function run(title, args) {
  console.log(`\n$ ${title}`);
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

const larmor = (...args) => run(`larmor ${args.join(' ')}`, [join('dist', 'larmor.js'), ...args]);

setupPackages();
run('npm run build', [join('scripts', 'build.mjs')]);
mkdirSync(join(root, 'demo'), { recursive: true });
larmor('simulate', '-o', 'demo/raw.mrd', '--report', 'demo/report.html');
larmor('reconstruct', 'demo/raw.mrd', '-o', 'demo/head.png');
larmor('reconstruct', 'demo/raw.mrd', '-o', 'demo/head.nii.gz');

console.log(`
Raw data   demo/raw.mrd       ISMRMRD: what a scanner would have recorded
Picture    demo/head.png      open it with any viewer
Image      demo/head.nii.gz   NIfTI, with its place in the patient
Report     demo/report.html   open it in a browser: image, sequence, k-space, phantom, and what was run

Next       node dist/larmor.js --help`);
