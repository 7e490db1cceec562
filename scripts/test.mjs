// `npm test`, from a fresh clone: setup, build, type check, lint, tests.
//
//   npm test                   all everyday tests
//   npm test -- sequence mpi   those with "sequence" or "mpi" in their path
//   npm test -- --slow         the minutes-long ones too (time limits of a batch system)
import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { setupPackages, setupTestPrograms, swiftShader } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

function run(args, env = process.env) {
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env }).status ?? 1;
}

setupPackages();
setupTestPrograms();
if (run([join('scripts', 'build.mjs')]) !== 0) process.exit(1);

// The tests run even after a type error: both are reported, and either is a failure.
const checks = [
  [join('scripts', 'rooms.mjs'), '--check'],
  [join('node_modules', 'typescript', 'bin', 'tsc'), '--noEmit'],
  [join('node_modules', '@biomejs', 'biome', 'bin', 'biome'), 'check'],
].map((args) => run(args));

// Beside the drivers that the machine has, so that a GPU is tested where there is one.
const drivers = [process.env.VK_ADD_DRIVER_FILES, swiftShader].filter(Boolean).join(delimiter);
const tests = run([join('scripts', 'run-tests.mjs'), ...process.argv.slice(2)], {
  ...process.env,
  VK_ADD_DRIVER_FILES: drivers,
});
if (checks.some((status) => status !== 0)) console.error('\ntype check or lint failed: see above, before the tests');
process.exit(Math.max(tests, ...checks));
