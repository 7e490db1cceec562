/**
 * Makes the figures of docs/how-to/plot.md by the commands on that page; part of `npm run
 * pictures`.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = readFileSync(join(root, 'docs', 'how-to', 'plot.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'larmor-plots-'));
for (const [, args] of page.matchAll(/^larmor (.*)$/gm)) {
  const command = [join(root, 'dist', 'larmor.js'), ...args!.split(' '), '-q'];
  if (spawnSync(process.execPath, command, { cwd: folder, stdio: 'inherit' }).status !== 0) process.exit(1);
  const output = args!.split(' ').at(-1)!;
  if (!output.endsWith('.svg')) continue;
  copyFileSync(join(folder, output), join(root, 'docs', 'pictures', output));
  console.log(`docs/pictures/${output}`);
}
rmSync(folder, { recursive: true });
