/**
 * Other programs that check our files (ismrmrd_info, h5dump, bart, Python's h5py …), found on PATH.
 * If one is missing the test is skipped with the package to install; with CI=true it fails instead,
 * so that a missing program is noticed.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';

/**
 * Full path of program `name`, or undefined after the test was skipped: `const h5dump =
 * requireTool(t, …); if (!h5dump) return;`
 * @param aptPackage Debian package that holds it
 */
export function requireTool(t: TestContext, name: string, aptPackage: string): string | undefined {
  const found = onPath(name);
  if (!found) absent(t, `${name} is not on PATH`, aptPackage);
  return found;
}

/** A Python interpreter that can import all `modules`: the first on PATH, else the system's own. */
export function requirePython(t: TestContext, modules: readonly string[], aptPackage: string): string | undefined {
  const program = modules.map((module) => `import ${module}`).join('\n');
  for (const python of [onPath('python3'), '/usr/bin/python3']) {
    if (python && spawnSync(python, ['-c', program]).status === 0) return python;
  }
  absent(t, `no python3 with ${modules.join(', ')}`, aptPackage);
  return undefined;
}

/** Runs a program to its end. @returns stdout; throws with its stderr unless it exits 0 */
export function runTool(program: string, args: readonly string[], input?: string): string {
  const { status, signal, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    timeout: 120_000,
    ...(input === undefined ? {} : { input }),
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: exit ${status ?? signal}\n${stdout}\n${stderr}`);
  return stdout;
}

/**
 * Skips the test aloud, or fails it where CI=true: something outside the project that it needs is
 * missing.
 */
export function absent(t: TestContext, what: string, aptPackage: string): void {
  const message = `${what}; install it with: apt-get install ${aptPackage}`;
  if (process.env.CI === 'true') throw new Error(message);
  t.diagnostic(`SKIPPED: ${message}`);
  t.skip(message);
}

export function onPath(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const candidate = join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // not in this folder; the next may have it
    }
  }
  return undefined;
}
