// Builds everything that a run needs, in dist/: the WASM kernels (plain and relaxed SIMD), the host
// bundled into a few files (because a thousand ranks open them at once on a shared file system),
// and the MPI addon if the machine has an MPI compiler. Kernels and addon are rebuilt only if their
// inputs changed. Every file is written beside its final name and then renamed, so a build may run
// at the same time as a simulation or another build.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { build as esbuild } from 'esbuild';
import { bundleCommand } from './bundle-command.mjs';
import { setupPackages } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const state = join(root, 'build');
const require = createRequire(import.meta.url);

/**
 * Files that are opened at the start: larmor.js, which opens the others; one file with everything
 * that a run needs, since reading half a megabyte costs less than opening twenty files; and V8's
 * code cache of that (`bundle-command.mjs`). Each worker is one file too, and so is the
 * library. All are CommonJS: without Node's loader of ES modules a start takes 5 ms less.
 */
const entries = {
  api: 'host/api/index.ts',
  worker: 'host/engine/wasm/worker.ts',
  'webgpu-worker': 'host/engine/webgpu/worker.ts',
};

/**
 * Packages that are too large for the bundle and that few runs need: files of their own, opened
 * when they are imported.
 */
const apart = { hdf5: 'h5wasm/node' };

/** Renderer and font of PNG figures, read when one is written. */
const assets = {
  'figures/resvg.wasm': '@resvg/resvg-wasm/index_bg.wasm',
  'figures/DejaVuSans.ttf': 'dejavu-fonts-ttf/ttf/DejaVuSans.ttf',
};

/**
 * The page of reports: one script and one style sheet, which every report carries. The page of
 * volumes has its own script.
 */
const page = { page: 'host/page/main.ts', volume: 'host/page/volume.ts', style: 'host/page/page.css' };

/** `import.meta.url` of a CommonJS bundle. */
const url = { name: 'bundleUrl', banner: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" };

async function report(path) {
  const { size } = await stat(path);
  const text = size < 1e6 ? `${(size / 1e3).toFixed(1)} kB` : `${(size / 1e6).toFixed(2)} MB`;
  console.log(`${relative(root, path).split(sep).join('/').padEnd(36)} ${text.padStart(10)}`);
}

async function run(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit' });
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')} ended with exit code ${code}`);
}

/** All files below a folder whose names pass, in a fixed order. */
async function filesBelow(folder, accept) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && accept(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

async function buildKernels() {
  const targets = Object.keys(JSON.parse(readFileSync(join(root, 'asconfig.json'), 'utf8')).targets);
  const sources = await filesBelow(join(root, 'assembly'), (name) => name.endsWith('.ts'));
  const hash = createHash('sha256');
  for (const path of [...sources, join(root, 'asconfig.json'), require.resolve('assemblyscript/package.json')])
    hash
      .update(`${relative(root, path)}\0`)
      .update(readFileSync(path))
      .update('\0');
  const digest = hash.digest('hex');

  const outputs = targets.map((target) => join(dist, 'wasm', `${target}.wasm`));
  const stamp = join(state, 'wasm.sha256');
  const fresh = outputs.every((path) => existsSync(path)) && existsSync(stamp);
  if (!fresh || readFileSync(stamp, 'utf8') !== digest) {
    const asc = require.resolve('assemblyscript/bin/asc.js');
    const made = targets.map((target) => join(state, `${target}.${process.pid}.wasm`));
    await Promise.all(
      targets.map((target, i) =>
        run(process.execPath, [asc, '--target', target, '--outFile', relative(root, made[i])]),
      ),
    );
    await mkdir(join(dist, 'wasm'), { recursive: true });
    await Promise.all(made.map((path, i) => rename(path, outputs[i])));
    await writeFile(stamp, digest);
  }
  for (const path of outputs) await report(path);
}

async function buildHost() {
  const staging = join(state, `host.${process.pid}`);
  const common = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    define: { 'import.meta.url': url.name },
    outdir: staging,
    external: ['webgpu', '*.node'],
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
    // Names and line breaks are kept: names for readers of a stack trace, lines because Node prints
    // the one where an error was thrown.
    minifySyntax: true,
    minifyWhitespace: true,
    lineLimit: 200,
  };
  const file = { ...common, banner: { js: url.banner } };
  try {
    const bundles = await Promise.allSettled([
      ...Object.entries(entries).map((entry) =>
        esbuild({ ...file, entryPoints: Object.fromEntries([entry]), plugins: [setApart] }),
      ),
      bundleCommand({ ...common, plugins: [setApart] }, url.banner),
      esbuild({ ...file, entryPoints: apart, plugins: [unpackWasm(staging)] }),
      buildPage(),
    ]);
    const failure = bundles.find((bundle) => bundle.status === 'rejected');
    if (!failure) {
      await makeCommand(join(staging, 'larmor.js'));
      await writeFile(join(staging, 'package.json'), '{ "type": "commonjs" }\n');
      const inputs = bundles.flatMap((bundle) => Object.keys(bundle.value.metafile.inputs));
      const copied = Object.values(assets).map((specifier) => relative(root, require.resolve(specifier)));
      await writeLicences(join(staging, 'third-party-licences.txt'), [...inputs, ...copied]);
    }

    // All files lie flat in dist/: from any of them, './wasm/simd.wasm' and './worker.js' are found
    // the same way.
    for (const [name, specifier] of Object.entries(assets))
      await writeWhole(join(dist, name), await readFile(require.resolve(specifier)));
    const made = existsSync(staging) ? (await readdir(staging)).sort() : [];
    for (const name of made) await rename(join(staging, name), join(dist, name));
    for (const name of made) await report(join(dist, name));
    if (failure) throw failure.reason;
    const stale = (await readdir(dist, { withFileTypes: true })).filter((e) => e.isFile() && !made.includes(e.name));
    for (const { name } of stale) await rm(join(dist, name), { force: true });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Bundles the page for browsers. @returns what esbuild says of it */
async function buildPage() {
  const result = await esbuild({
    absWorkingDir: root,
    bundle: true,
    platform: 'browser',
    format: 'iife',
    target: ['chrome105', 'firefox113', 'safari16.4'],
    entryPoints: page,
    outdir: join(dist, 'page'),
    minify: true,
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
  const style = result.outputFiles.filter(({ path }) => path.endsWith('.css')).map(({ text }) => text);
  const script = (name) => result.outputFiles.find(({ path }) => path.endsWith(name)).text;
  for (const [name, text] of [
    ['page.js', script('page.js')],
    ['volume.js', script('volume.js')],
    ['page.css', style.join('')],
  ])
    await writeWhole(join(dist, 'page', name), text);
  return result;
}

/**
 * V8's code caches of the command, for this Node: of the functions that the default job calls, and
 * a reconstruction of it.
 */
async function buildCodeCache() {
  const [raw, image] = ['mrd', 'png'].map((ending) => join(state, `cached.${process.pid}.${ending}`));
  const cached = (...args) => run(process.execPath, ['--import', 'tsx', 'scripts/code-cache.ts', ...args]);
  try {
    await cached('command.js', 'simulate', '-q', '-o', raw);
    await cached('more.js', 'reconstruct', raw, '-q', '-o', image);
  } finally {
    for (const path of [raw, image]) await rm(path, { force: true });
  }
  for (const path of await filesBelow(dist, (name) => name.endsWith('.cache'))) await report(path);
}

async function buildManPage() {
  const page = join(dist, 'man', 'larmor.1');
  await run(process.execPath, ['--import', 'tsx', 'scripts/man.ts', page]);
  await report(page);
}

/** Into its place in one step, as all files are. */
async function writeWhole(target, content) {
  const beside = `${target}.${process.pid}`;
  await mkdir(dirname(target), { recursive: true });
  await writeFile(beside, content);
  await rename(beside, target);
  await report(target);
}

/** The licences of the packages inside the bundles ask to travel with them. */
async function writeLicences(path, inputs) {
  const packages = new Set(inputs.flatMap((input) => input.match(/^.*node_modules\/(@[^/]+\/)?[^/]+/)?.[0] ?? []));
  const texts = [...packages].sort().map((folder) => {
    const read = readFileSync(join(root, folder, 'package.json'), 'utf8');
    const { name, version, license, repository } = JSON.parse(read);
    const file = readdirSync(join(root, folder)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file
      ? readFileSync(join(root, folder, file), 'utf8').trim()
      : `Source and licence: ${repository?.url ?? repository}`;
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  if (texts.length > 0) await writeFile(path, texts.join(`\n${'-'.repeat(80)}\n`));
}

/** Lets a bundle import what is set apart from beside itself. */
const setApart = {
  name: 'set-apart',
  setup(build) {
    for (const [file, specifier] of Object.entries(apart)) {
      const filter = new RegExp(`^${specifier}$`);
      build.onResolve({ filter }, () => ({ path: `./${file}.js`, external: true }));
    }
  },
};

/** Emscripten's single file: a byte is a character, 0 is U+0100. */
const EMBEDDED = /binaryDecode\(('(?:[^'\\]|\\.)*')\)/s;

/**
 * h5wasm holds its WebAssembly as a string of 3.5 million characters, most of them escaped. As a
 * file of its own, `hdf5.wasm`, it saves each process that reads HDF5 0.13 of 0.30 s of processor
 * time.
 */
const unpackWasm = (folder) => ({
  name: 'unpack-wasm',
  setup(build) {
    build.onLoad({ filter: /h5wasm.dist.node.hdf5_util\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const found = text.match(EMBEDDED);
      if (found === null) throw new Error(`${path}: no embedded WebAssembly`);
      const characters = runInNewContext(found[1]);
      await mkdir(folder, { recursive: true });
      await writeFile(
        join(folder, 'hdf5.wasm'),
        Uint8Array.from(characters, (character) => character.charCodeAt(0) % 256),
      );
      const read = "require('node:fs').readFileSync(require('node:path').join(__dirname, 'hdf5.wasm'))";
      return { contents: text.replace(EMBEDDED, () => read), loader: 'js' };
    });
  },
});

/** Lets the shell start the file. */
async function makeCommand(path) {
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.startsWith('#!') ? text : `#!/usr/bin/env node\n${text}`);
  await chmod(path, 0o755);
}

async function buildMpi() {
  const target = join(dist, 'mpi');
  await run(process.execPath, [join('mpi-node-bindings', 'scripts', 'build.mjs'), '--to', target]);
  if (!existsSync(target)) return; // no MPI compiler here; the script said so
  for (const path of await filesBelow(target, (name) => name.endsWith('.node'))) await report(path);
}

// A clone that was updated may need packages that are not installed.
setupPackages();
await mkdir(dist, { recursive: true });
await mkdir(state, { recursive: true });
// If one part fails the others are still built: they may be all that is needed.
for (const build of [buildKernels, buildMpi, buildHost, buildCodeCache, buildManPage]) {
  try {
    await build();
  } catch (error) {
    console.error(`build: ${error.message.split('\n', 1)[0]}`);
    process.exitCode = 1;
  }
}
