// Builds the playground: one HTML file with the page, the simulator and the kernels in it, so that
// it opens from disk and loads nothing from a network. `host/browser/` replaces Node's modules
// there.
//     node scripts/playground.mjs [FOLDER]    FOLDER/index.html; default build/playground
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build as esbuild } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (path) => join(root, path);

/** Modules that need files, MPI or a GPU: every call of their functions throws. */
const ABSENT =
  /^(h5wasm|mpi-node-bindings)\b|\/(hdf5\/\w+|raw\/index|webgpu\/index|run\/checkpoint|html\/document)\.ts$/;
const absent = (path) => `module.exports = Object.create(new Proxy({}, { get: () => () => {
  throw new Error(${JSON.stringify(`${path} is not in the playground`)});
} }));`;

/** Node's modules, and the file of the host that sets flags of Node, come from host/browser/. */
const inBrowser = {
  name: 'in-browser',
  setup({ onResolve, onLoad }) {
    const names = builtinModules.flatMap((name) => [name, `node:${name}`]);
    onResolve({ filter: /./ }, ({ path }) => {
      if (names.includes(path)) return { path: at('host/browser/modules.ts') };
      if (path.endsWith('/base/v8-flags.ts')) return { path: at('host/browser/v8-flags.ts') };
      if (ABSENT.test(path)) return { path, namespace: 'absent' };
      return undefined;
    });
    onLoad({ filter: /./, namespace: 'absent' }, ({ path }) => ({ contents: absent(path) }));
  },
};

/** @returns the output of esbuild for an entry: texts of its script and style sheet */
async function bundle(entry, options = {}) {
  const { outputFiles } = await esbuild({
    ...{ absWorkingDir: root, entryPoints: [entry], outdir: '/', write: false, bundle: true },
    ...{ platform: 'browser', format: 'iife', target: ['chrome114', 'firefox145', 'safari18'] },
    ...{ minify: true, legalComments: 'none', logLevel: 'warning', ...options },
  });
  const text = (ending) => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
  return { script: text('.js'), style: text('.css') };
}

const simulator = {
  plugins: [inBrowser],
  inject: [at('host/browser/globals.ts')],
  define: { 'import.meta.url': '"larmor:/dist/"' },
};

const base64 = (path) => readFileSync(at(path)).toString('base64');

/** The document that all pages share, compiled from the host. */
async function shell() {
  const { outputFiles } = await esbuild({
    ...{ absWorkingDir: root, entryPoints: ['host/html/shell.ts'], write: false, format: 'esm' },
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

const body = ({ worker, thread, relaxed, simd, page }) =>
  `<noscript>The playground simulates with JavaScript and WebAssembly; allow them for this page. Nothing is loaded from the network.</noscript>
<main id="playground"></main>
<script type="text/plain" id="worker">${worker}</script>
<script>${page}</script>
<script type="text/plain" id="thread">${thread}</script>
<script type="text/plain" id="relaxed">${relaxed}</script>
<script type="text/plain" id="simd">${simd}</script>`;

async function main(folder) {
  const [{ pageHtml }, page, sheet, worker, thread] = await Promise.all([
    shell(),
    bundle('host/playground/main.ts'),
    bundle('host/playground/playground.css'),
    bundle('host/playground/worker.ts', simulator),
    bundle('host/engine/wasm/worker.ts', simulator),
  ]);
  const hash = createHash('sha256').update(page.script).digest('base64');
  const policy = [
    "default-src 'none'",
    // Workers are made of the texts below, and compile the kernels.
    `script-src 'sha256-${hash}' 'wasm-unsafe-eval' blob:`,
    'worker-src blob:',
    "style-src 'unsafe-inline'",
    "base-uri 'none'",
    "form-action 'none'",
  ];
  const html = pageHtml({
    ...{ title: 'Larmor playground', policy, style: sheet.style },
    body: body({
      worker: worker.script,
      thread: thread.script,
      relaxed: base64('dist/wasm/relaxed.wasm'),
      simd: base64('dist/wasm/simd.wasm'),
      page: page.script,
    }),
  });
  mkdirSync(folder, { recursive: true });
  const target = join(folder, 'index.html');
  writeFileSync(`${target}.${process.pid}`, html);
  renameSync(`${target}.${process.pid}`, target);
  console.log(`${target} ${(html.length / 1e6).toFixed(2)} MB`);
}

await main(process.argv[2] ?? at('build/playground'));
