// Bundles the test files for `npm test`. A test that imports the host loads some 400 modules, for
// which Node's loader hooks (`--import tsx`) take 1 s of processor time in every file; bundled once
// for all files, with shared modules, it takes 0.1 s. `import.meta.url` is replaced by the address
// of the source, so that tests find their data as without bundling; source maps make the traces of
// failed tests refer to the sources.
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** Packages of this repository are bundled; those of others are loaded by Node. */
const own = { larmor: 'host/api/index.ts', 'mpi-node-bindings': 'mpi-node-bindings/index.ts' };

/** Sources of this repository, with their own address and folder instead of those of the bundle. */
const sources = (root) => ({
  name: 'sources',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^(larmor|mpi-node-bindings)(\/|$)/ }, ({ path }) => ({ path: join(root, own[path] ?? path) }));
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8')
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll('import.meta.dirname', JSON.stringify(join(path, '..')));
      return { contents, loader: 'ts' };
    });
  },
});

/** Bundles `files` (paths from `root`) into a new folder, which the caller removes. */
export async function bundleTests(root, files) {
  mkdirSync(join(root, 'build'), { recursive: true });
  const folder = mkdtempSync(join(root, 'build', 'tests-'));
  await build({
    absWorkingDir: root,
    entryPoints: files,
    outdir: folder,
    outbase: '.',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: true,
    logLevel: 'warning',
    plugins: [sources(root)],
  });
  return {
    folder,
    bundleOf: (file) => join(folder, file.replace(/\.ts$/, '.js')),
    sourceOf: (bundle) => relative(folder, bundle).replace(/\.js$/, '.ts'),
  };
}
