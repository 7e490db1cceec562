/**
 * The built command as its users start it (`npm run build` first): a process of its own, in a
 * folder of its own.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './temporary.ts';

const command = fileURLToPath(new URL('../dist/larmor.js', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Names in the folder it ran in, afterwards. */
  readonly left: readonly string[];
}

export interface RunOptions {
  readonly folder?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Sent when the time comes that `when` resolves. */
  readonly signal?: { readonly name: NodeJS.Signals; when(stderr: () => string): Promise<void> };
}

export function larmor(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const cwd = options.folder ?? temporaryFolder();
  const child = spawn(process.execPath, [command, ...args], {
    cwd,
    env: { ...process.env, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  options.signal?.when(() => stderr).then(() => child.kill(options.signal!.name));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr, left: readdirSync(cwd).sort() }));
  });
}

/** The same while this process waits, for tests that start many short commands. */
export function larmorSync(args: readonly string[], cwd?: string): Omit<Outcome, 'left'> {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], { encoding: 'utf8', cwd });
  return { code: status, stdout, stderr };
}

/** Lines of the log without warnings. */
export const errorLines = ({ stderr }: Outcome): string[] =>
  stderr.split('\n').filter((line) => line !== '' && !line.startsWith('larmor: warning'));
