// Part of the build: runs the command in `dist` once with the given arguments, and stores V8's
// compiled code of its source. Usage: node --import tsx scripts/code-cache.ts simulate …
import { renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { cacheFile, cachePath, compileCommand, runCommand } from '../host/cli/launch.ts';

// A build in a scheduler's allocation is one process all the same.
Object.assign(process.env, { MPI_NODE_FAMILY: 'none', MPI_NODE_SIZE_CHECK: '0' });

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const command = compileCommand(dist);
process.once('exit', (status) => {
  if (status !== 0) return;
  const made = `${cachePath(dist)}.${process.pid}`;
  writeFileSync(made, cacheFile(command));
  renameSync(made, cachePath(dist));
});
runCommand(command, createRequire(command.filename));
