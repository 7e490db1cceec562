// Type declarations of the package, written to dist/types when it is packed: those of the functions
// in host/api/index.ts and of every type that they refer to. Nothing else is included, so the
// declarations do not depend on packages that are used internally.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const emitted = join(root, 'build', `types.${process.pid}`);
const made = join(root, 'build', `types-made.${process.pid}`);
const target = join(root, 'dist', 'types');

/** Imports of a declaration, as `from './x.ts'` or `import('./x.ts')`. */
const IMPORT = /(?<before>\bfrom |\bimport\()'(?<name>[^']+)'/g;

/** Copies a declaration and those it imports. @param path below host/, without ending */
function copy(path, copied) {
  if (copied.has(path)) return;
  copied.add(path);
  const text = readFileSync(join(emitted, 'host', `${path}.d.ts`), 'utf8');
  const within = (line) =>
    line.replace(IMPORT, (_, before, name) => {
      if (!name.startsWith('.'))
        throw new Error(`${path}.d.ts mentions the package '${name}', which no user has installed`);
      const plain = name.replace(/\.ts$/, '');
      copy(join(dirname(path), plain), copied);
      return `${before}'${plain}.js'`;
    });
  const file = join(made, `${path}.d.ts`);
  mkdirSync(dirname(file), { recursive: true });
  // Comments may name packages.
  const lines = text.split('\n').map((line) => (/^\s*(\/\*|\*)/.test(line) ? line : within(line)));
  writeFileSync(file, lines.join('\n'));
}

const tsc = join(root, 'node_modules', '.bin', 'tsc');
try {
  const { status } = spawnSync(tsc, ['-p', 'tsconfig.types.json', '--outDir', emitted], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('tsc failed');
  const copied = new Set();
  copy('api/index', copied);
  rmSync(target, { recursive: true, force: true });
  renameSync(made, resolve(target));
  console.log(`dist/types: ${copied.size} declarations`);
} catch (error) {
  console.error(`types: ${error.message}`);
  process.exitCode = 1;
} finally {
  for (const folder of [emitted, made]) rmSync(folder, { recursive: true, force: true });
}
