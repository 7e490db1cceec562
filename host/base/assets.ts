/**
 * Location of built files: beside the bundle (`dist/`) when Larmor runs from it, in `dist/` of the
 * checkout when it runs from its sources.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @param name path below `dist/`, such as `wasm/simd.wasm` */
export function assetPath(name: string): string {
  const beside = fileURLToPath(new URL(name, import.meta.url));
  if (existsSync(beside)) return beside;
  return fileURLToPath(new URL(`../../dist/${name}`, import.meta.url));
}
