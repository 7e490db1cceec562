// Bundles the command into three files. larmor.js is what Node starts, small because Node compiles
// it without a code cache; command.js reads the command line and is what a run of `larmor simulate`
// evaluates; more.js is what other commands import when they run. A start reads, checks and lays
// out every function of a file that it opens, called or not, so that in one file what few runs need
// would cost all of them. No module is in two files: a file asks the one that has it.
import { relative, sep } from 'node:path';
import { build } from 'esbuild';

/** What Node starts, and what opens the other files from there. */
const START = 'host/cli/larmor.ts';
const LAUNCH = 'host/cli/launch.ts';

/**
 * A file has what its roots import, other than by import(), and no file before it has; the last has
 * the rest.
 */
const FILES = [
  { name: 'larmor.js', roots: [START, LAUNCH] },
  { name: 'command.js', roots: ['host/cli/main.ts', 'host/cli/simulate.ts'] },
  { name: 'more.js', roots: [] },
];

/**
 * @param options of esbuild for every file of the host, and the banner of CommonJS files
 * @returns esbuild's metafile of all modules together
 */
export async function bundleCommand(options, banner) {
  const root = options.absWorkingDir;
  const { metafile } = await build({ ...options, entryPoints: [START, LAUNCH], write: false, logLevel: 'silent' });
  const importsOf = (path) => metafile.inputs[path].imports.filter((to) => to.path in metafile.inputs);
  const fileOf = new Map();
  for (const { name, roots } of FILES) {
    const reached = new Set(roots);
    for (const path of reached) {
      if (!fileOf.has(path)) fileOf.set(path, name);
      for (const { kind, path: to } of importsOf(path)) if (kind !== 'dynamic-import') reached.add(to);
    }
  }
  const last = FILES.at(-1).name;
  for (const path in metafile.inputs) if (!fileOf.has(path)) fileOf.set(path, last);

  /** By file: its modules that others import. */
  const wanted = new Map(FILES.map(({ name }) => [name, new Set()]));
  wanted.get(fileOf.get(LAUNCH)).add(LAUNCH);
  for (const path in metafile.inputs)
    for (const { path: to } of importsOf(path))
      if (fileOf.get(path) !== fileOf.get(to) && !isCopied(to)) wanted.get(fileOf.get(to)).add(to);
  const shared = [...wanted.values()].flatMap((paths) => [...paths]);
  const namesOf = await exportNames(
    options,
    shared.filter((path) => path.endsWith('.ts')),
  );

  await Promise.all(
    FILES.map(({ name }, n) =>
      build({
        ...options,
        ...(n === 0 ? started(banner) : wrapped(banner)),
        stdin: {
          contents: exported(wanted.get(name)) + (n === 0 ? `require('./${START}');` : ''),
          ...{ resolveDir: root, sourcefile: name, loader: 'js' },
        },
        outfile: `${options.outdir}/${name}`,
        outdir: undefined,
        plugins: [
          ...options.plugins,
          fromOthers(root, (path) => {
            const file = isCopied(path) ? name : fileOf.get(path);
            if (file === undefined || file === name) return undefined;
            const from = n === 0 ? `require('./${LAUNCH}').openBundle('${file}')` : `require('./${file}')`;
            return moduleOf(`${from}[${JSON.stringify(path)}]()`, namesOf.get(path));
          }),
        ],
      }),
    ),
  );
  return { metafile };
}

/** An expression of its own, which `host/cli/launch.ts` compiles and calls. */
const wrapped = (banner) => ({
  banner: { js: `(function (require, module, __filename) {${banner}` },
  footer: { js: '})' },
  // Node gives `import()` to no script that comes from a code cache.
  supported: { 'dynamic-import': false },
});

/** Modules of Node that take a millisecond or more to open and that most runs only name. */
const SELDOM = ['child_process', 'module', 'tty', 'worker_threads', 'zlib'].map((name) => `node:${name}`);

/**
 * A script, and all that it opens with its `require`, in which those are opened when something of
 * them is first asked for.
 */
const started = (banner) => ({
  banner: {
    js: `((load, seldom) => {
const require = (name) => seldom.includes(name) ? new Proxy({}, { get: (_, key) => load(name)[key] }) : load(name);
${banner}`,
  },
  footer: { js: `})(require, ${JSON.stringify(SELDOM)});` },
});

/** Data are in every file that imports them. */
const isCopied = (path) => path.endsWith('.json');

/** A script whose exports are modules, each evaluated when it is first asked for. */
const exported = (paths) =>
  `module.exports = {${[...paths].sort().map((path) => `${JSON.stringify(path)}: () => require('./${path}')`)}};`;

/** By module: the names that it exports. */
async function exportNames(options, paths) {
  const modules = { entryPoints: paths, format: 'esm', splitting: true, write: false, logLevel: 'silent' };
  const { metafile } = await build({ ...options, ...modules });
  return new Map(Object.values(metafile.outputs).map(({ entryPoint, exports }) => [entryPoint, exports]));
}

/**
 * A module that is elsewhere, its exports being those of an expression: bound once, where the names
 * are known.
 */
const moduleOf = (expression, names) =>
  names === undefined ? `module.exports = ${expression};` : `export const { ${names.join(', ')} } = ${expression};`;

/**
 * Takes modules from other files. @param scriptOf what takes a module's place, if it is in another
 */
const fromOthers = (root, scriptOf) => ({
  name: 'from-others',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /./ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === scriptOf) return undefined;
      if (FILES.some(({ name }) => path === `./${name}`)) return { path, external: true };
      const found = await resolve(path, { ...from, pluginData: scriptOf });
      const own = relative(root, found.path).split(sep).join('/');
      const contents = found.external ? undefined : scriptOf(own);
      return contents === undefined ? found : { path: `${own}.js`, namespace: 'other', pluginData: { contents } };
    });
    onLoad({ filter: /./, namespace: 'other' }, ({ pluginData: { contents } }) => ({ contents, resolveDir: root }));
  },
});
