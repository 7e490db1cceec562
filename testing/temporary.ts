/** Folders for the output of tests, benchmarks and validation; removed with the process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

const folders: string[] = [];

/** An empty folder that is removed when this process exits. @returns its path */
export function temporaryFolder(): string {
  if (folders.length === 0) {
    process.once('exit', () => {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    });
  }
  const folder = mkdtempSync(join(tmpdir(), 'larmor-'));
  folders.push(folder);
  return folder;
}
