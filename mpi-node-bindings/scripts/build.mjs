#!/usr/bin/env node
/**
 * Builds the addon: one `.node` per MPI family that has a compiler wrapper here, and the signal
 * keeper beside them.
 *
 * The wrapper is called directly (`mpicc -shared -fPIC …`), not through node-gyp: the sources are a
 * dozen plain C files with no configuration, the wrapper knows its own flags, and a login node then
 * needs neither Python nor make. node-gyp is asked only for Node's headers, and only when no copy
 * of them lies where Node itself is installed.
 *
 *     node scripts/build.mjs [--to DIR] [--if-possible] [--bench] [--force] [--sanitize]
 *
 * An MPICC=/opt/mpi/bin/mpicc in the environment is tried first.
 *
 * `--to` copies what was built there, for a bundle. No wrapper found is no error: the package then
 * works as one rank, and this says so in one line. With `--if-possible`, for install scripts, a
 * build that fails is none either.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const native = join(root, 'native');
const flag = { type: 'boolean', default: false };
const { values: options } = parseArgs({
  options: { to: { type: 'string' }, 'if-possible': flag, bench: flag, force: flag, sanitize: flag },
});
/**
 * With AddressSanitizer and UndefinedBehaviorSanitizer, in a folder of its own: for
 * test/sanitizers.slow.serial.test.ts.
 */
const { force, sanitize } = options;
const build = join(root, sanitize ? 'build-sanitized' : 'build');

/** Runs a program; gives its output, or null when it is missing or failed. */
function output(command, args) {
  const result = spawnSync(command, args, { encoding: 'utf8' });
  return result.status === 0 ? result.stdout : null;
}

function inPath(name) {
  if (name.includes('/')) return existsSync(name);
  return (process.env.PATH ?? '').split(delimiter).some((folder) => folder && existsSync(join(folder, name)));
}

/** The wrappers to try, best first: [{command, args, family, version}], one per family. */
function findWrappers() {
  const found = new Map();
  const candidates = [process.env.MPICC, 'mpicc', 'mpicc.openmpi', 'mpicc.mpich'].filter(Boolean);
  for (const candidate of candidates) {
    const [command, ...args] = candidate.trim().split(/\s+/);
    if (!inPath(command)) {
      if (candidate === process.env.MPICC) console.log(`mpi-node-bindings: MPICC=${candidate} does not exist`);
      continue;
    }
    const text = output(command, [...args, '-E', '-x', 'c', join(native, 'family.h')]) ?? '';
    const [, family, version] = /^mpi_node_family\s+(\w+)\s+(.*)$/m.exec(text) ?? [];
    if (!family) console.log(`mpi-node-bindings: ${candidate} is skipped: no mpi.h of Open MPI or the MPICH family`);
    else if (!found.has(family)) found.set(family, { candidate, command, args, family, version: version.trim() });
  }
  return [...found.values()];
}

/** The folder that holds node_api.h. */
function findHeaders() {
  const nodedir = process.env.npm_config_nodedir;
  const version = process.versions.node;
  const cache =
    process.env.XDG_CACHE_HOME ?? join(homedir(), process.platform === 'darwin' ? 'Library/Caches' : '.cache');
  const prefix = process.config.variables.node_prefix;
  const candidates = [
    nodedir && join(nodedir, 'include', 'node'),
    join(dirname(process.execPath), '..', 'include', 'node'),
    prefix && join(String(prefix), 'include', 'node'),
    '/usr/include/node',
    '/usr/local/include/node',
    join(cache, 'node-gyp', version, 'include', 'node'),
  ].filter(Boolean);
  const look = () => candidates.find((folder) => existsSync(join(folder, 'node_api.h')));
  const found = look();
  if (found) return found;
  spawnSync('npx', ['--no-install', 'node-gyp', 'install', version], { stdio: 'inherit', cwd: root });
  const fetched = look();
  if (!fetched) {
    throw new Error(`no node_api.h in ${candidates.join(', ')}; set npm_config_nodedir to Node's installation`);
  }
  return fetched;
}

/** Compiles and links `sources` into build/`name`.node unless the same inputs already did. */
function compile(name, wrapper, sources, headers, extra = []) {
  const how = sanitize ? ['-O1', '-g', '-fno-omit-frame-pointer', '-fsanitize=address,undefined'] : ['-O2'];
  const flags = [...how, '-std=c11', '-D_GNU_SOURCE', '-fPIC', '-Wall', '-Wextra', '-DNAPI_VERSION=8'];
  const link = process.platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared'];
  const args = [...wrapper.args, ...flags, ...link, ...extra, `-I${headers}`, `-I${native}`];
  const target = join(build, `${name}.node`);
  const stamp = join(build, `${name}.stamp`);

  const hash = createHash('sha256');
  // What the wrapper itself would run is part of the inputs: a module switch changes it without
  // changing its name.
  const shown = output(wrapper.command, ['-show']) ?? '';
  hash.update(JSON.stringify([wrapper.candidate, wrapper.version, shown, args, process.platform, process.arch]));
  for (const source of [...sources, join(native, 'binding.h')]) hash.update(readFileSync(source));
  const digest = hash.digest('hex');
  if (!force && existsSync(target) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return false;

  // Beside, then renamed: a job that starts meanwhile loads the old file or the new one, never half
  // of one.
  const partial = join(build, `.${name}.${process.pid}.partial`);
  const result = spawnSync(wrapper.command, [...args, '-o', partial, ...sources], { encoding: 'utf8' });
  if (result.status !== 0) {
    rmSync(partial, { force: true });
    throw new Error(`${wrapper.candidate} failed for ${name}:\n${result.stderr || result.error?.message}`);
  }
  if (result.stderr) process.stderr.write(result.stderr);
  renameSync(partial, target);
  writeFileSync(stamp, digest);
  return true;
}

function main() {
  const wrappers = findWrappers();
  if (wrappers.length === 0) {
    console.log('mpi-node-bindings: no mpicc here (mpicc, mpicc.openmpi, mpicc.mpich, $MPICC): runs will use one rank');
    return;
  }
  const headers = findHeaders();
  mkdirSync(build, { recursive: true });
  const sources = readdirSync(native)
    .filter((file) => file.endsWith('.c') && file !== 'signals.c')
    .sort()
    .map((file) => join(native, file));
  // Any wrapper's compiler does for the signal keeper; it must not drag MPI in, or it would come
  // too late.
  compile('mpi-signals', wrappers[0], [join(native, 'signals.c')], headers, ['-Wl,--as-needed'].filter(notOnMac));
  for (const wrapper of wrappers) {
    const fresh = compile(`mpi-${wrapper.family}`, wrapper, sources, headers);
    if (options.bench) {
      const loops = join(root, 'bench', 'loops.c');
      compile(`bench-${wrapper.family}`, wrapper, [loops], headers);
    }
    const { family, version, candidate } = wrapper;
    console.log(`mpi-node-bindings: ${family} (${version}) with ${candidate}: ${fresh ? 'built' : 'up to date'}`);
  }
  if (options.to !== undefined) copyTo(options.to);
}

/** In one step each, as `compile` writes them. */
function copyTo(folder) {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(build).filter((file) => /^mpi-.*\.node$/.test(file))) {
    const partial = join(folder, `.${name}.${process.pid}.partial`);
    copyFileSync(join(build, name), partial);
    renameSync(partial, join(folder, name));
  }
}

const notOnMac = () => process.platform !== 'darwin';

try {
  main();
} catch (error) {
  console.error(`mpi-node-bindings: ${error.message}`);
  if (!options['if-possible']) process.exitCode = 1;
}
