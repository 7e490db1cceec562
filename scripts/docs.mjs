// Builds the documentation site: `npm run docs`, from a fresh clone too.
//
//   npm run docs              build/site, which any static web server serves:
//                             python3 -m http.server -d build/site
//   npm run docs -- --serve   the same, and serves it here
//
// The site's own packages are in site/, so that who builds Larmor needs none of them.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { setupPackages } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

function run(args, cwd = root) {
  const { status } = spawnSync(process.execPath, args, { cwd, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

setupPackages();
setupPackages(join(root, 'site'));
run([join('scripts', 'build.mjs')]);
run(['--import', 'tsx', join('site', 'build.ts')]);
if (process.argv.includes('--serve'))
  run([join('node_modules', 'vitepress', 'bin', 'vitepress.js'), 'preview'], join(root, 'site'));
