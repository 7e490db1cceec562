// Runs the test files and nothing else: `node --import tsx scripts/run-tests.mjs [--slow] [part of a path …]`.
// It stands in for `node --test` because Node 20 knows no globs, and because tests that start MPI or SLURM must not meet each other on a
// machine with few cores: files named *.serial.test.ts run one at a time, after the others. Both runs end in one summary.
// *.slow.test.ts take minutes, and run with --slow only.
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { run } from 'node:test';
import { spec as Spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);

const slow = process.argv.includes('--slow');
const wanted = process.argv.slice(2).filter((argument) => argument !== '--slow');
const unknown = wanted.find((argument) => argument.startsWith('-'));
if (unknown) {
  console.error(`test: unknown option ${unknown} (there is --slow; other words filter by path)`);
  process.exit(2);
}

const isMarked = (file, mark) => file.split('/').at(-1).split('.').includes(mark);
const files = ['test', 'mpi-node-bindings/test']
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, name)))
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => slow || !isMarked(file, 'slow'))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort();

/** A file that hangs (a rank that waits for a dead one) fails instead of stopping everything. */
const limit = { everyday: 5 * 60e3, slow: 25 * 60e3 };
const groups = [
  { files: files.filter((file) => !isMarked(file, 'serial')), concurrency: Math.min(4, availableParallelism()) },
  { files: files.filter((file) => isMarked(file, 'serial')), concurrency: 1 },
];

const reporter = new Spec();
reporter.pipe(process.stdout);
const totals = new Map();
let failed = false;
for (const { files, concurrency } of groups.filter((group) => group.files.length > 0)) {
  const timeout = slow ? limit.slow : limit.everyday;
  for await (const event of run({ files: files.map((file) => join(root, file)), concurrency, timeout })) {
    const { data, type } = event;
    if (type === 'test:fail' && !data.todo) failed = true;
    const count = type === 'test:diagnostic' && data.nesting === 0 && data.message.match(/^(\w+) ([\d.]+)$/);
    if (count) totals.set(count[1], (totals.get(count[1]) ?? 0) + Number(count[2]));
    else reporter.write(event);
  }
}
for (const [name, value] of totals)
  reporter.write({ type: 'test:diagnostic', data: { nesting: 0, message: `${name} ${Math.round(value)}` } });
reporter.end();

if (!totals.get('tests')) {
  console.error(`no test found${wanted.length > 0 ? ` whose path contains ${wanted.join(' or ')}` : ''}`);
  failed = true;
}
process.exitCode = failed ? 1 : 0;
