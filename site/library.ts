/**
 * The reference of the library, made by TypeDoc from the docstrings of what `import … from
 * 'larmor'` gives.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { pagesFolder, root } from './pages.ts';

export function writeLibraryPages(): void {
  const { status } = spawnSync(
    process.execPath,
    [
      join(root, 'site/node_modules/typedoc/bin/typedoc'),
      ...['--options', join(root, 'site/typedoc.json')],
      ...['--out', join(pagesFolder, 'reference/library')],
    ],
    { cwd: join(root, 'site'), stdio: 'inherit' },
  );
  if (status !== 0) throw new Error('typedoc failed');
  // A list of the two modules, which the navigation is.
  rmSync(join(pagesFolder, 'reference/library/index.md'));
}
