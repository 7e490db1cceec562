// Part of the build: runs the command in `dist` once with the given arguments, and stores V8's
// compiled code of a bundle. Usage: node --import tsx scripts/code-cache.ts command.js simulate …
import { renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Bundle, cachePath } from '../host/cli/launch.ts';

type Launch = typeof import('../host/cli/launch.ts');

// A build in a scheduler's allocation is one process all the same.
Object.assign(process.env, { MPI_NODE_FAMILY: 'none', MPI_NODE_SIZE_CHECK: '0' });

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const [bundle] = process.argv.splice(2, 1) as [Bundle];
// Loading it starts the command.
const modules = createRequire(import.meta.url)(join(dist, 'larmor.js')) as Record<string, () => Launch>;
process.once('exit', (status) => {
  const cache = modules['host/cli/launch.ts']().cacheFile(bundle);
  if (status !== 0 || cache === undefined) return;
  const path = cachePath(dist, bundle);
  writeFileSync(`${path}.${process.pid}`, cache);
  renameSync(`${path}.${process.pid}`, path);
});
