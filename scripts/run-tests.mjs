// Runs the test files: `node scripts/run-tests.mjs [--slow] [part of a path …]`. It replaces `node
// --test` because Node 20 does not support globs, because files are bundled first
// (bundle-tests.mjs), and because two files that start MPI or SLURM must not run at the same time
// on a machine with few cores: of those named *.serial.test.ts one runs at a time, beside others,
// since their jobs wait a third of the time. All are reported in one summary. *.slow.test.ts take
// minutes and run with --slow only. The most expensive files are listed at the end (test-cost.mjs),
// and the next run begins with the longest.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { spec as Spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { bundleTests } from './bundle-tests.mjs';

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
const isSerial = (file) => isMarked(file, 'serial');
const files = ['test', 'bench', 'validation', 'mpi-node-bindings/test']
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, name)))
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => slow || !isMarked(file, 'slow'))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort();

/**
 * Durations of the last run, by file: the longest file begins first, so that none is left alone at
 * the end.
 */
const record = join('build', 'test-durations.json');
const durations = existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')) : {};
const durationOf = (file) => durations[file] ?? (file.startsWith('validation') ? 60 : 0);
files.sort((a, b) => durationOf(b) - durationOf(a));

/** A file that hangs (a rank that waits for a dead one) fails instead of stopping everything. */
const limit = { everyday: 5 * 60e3, slow: 25 * 60e3 };
const concurrency = Math.min(4, availableParallelism());

const folder = mkdtempSync(join(tmpdir(), 'larmor-test-costs-'));
const costs = join(folder, 'costs.jsonl');
process.env.LARMOR_TEST_COSTS = costs;
// Test files that take only some cases of a list every day take all of them (testing/some.ts).
if (slow) process.env.LARMOR_TESTS = 'all';
// The runner starts each file with this process's own options of Node.
process.execArgv.push('--enable-source-maps', '--import', new URL('test-cost.mjs', import.meta.url).href);

const started = performance.now();
const bundles = await bundleTests(root, files);
const reporter = new Spec();
reporter.pipe(process.stdout);
const totals = new Map();
let failed = false;
const others = files.filter((file) => !isSerial(file));
await Promise.all([work(files.filter(isSerial)), ...Array.from({ length: concurrency }, () => work(others))]);
totals.set('duration_ms', performance.now() - started);
for (const [name, value] of totals)
  reporter.write({ type: 'test:diagnostic', data: { nesting: 0, message: `${name} ${Math.round(value)}` } });
reporter.end();
await finished(reporter);
printCosts();
for (const made of [folder, bundles.folder]) rmSync(made, { recursive: true });

if (!totals.get('tests')) {
  console.error(`no test found${wanted.length > 0 ? ` whose path contains ${wanted.join(' or ')}` : ''}`);
  failed = true;
}
process.exitCode = failed ? 1 : 0;

/** Runs and reports the files of a queue, which others may share, one after the other. */
async function work(queue) {
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) report(await eventsOf(file));
}

/** Runs a test file. @returns its events, together, so that those of two files do not mix */
async function eventsOf(file) {
  const events = [];
  const timeout = slow ? limit.slow : limit.everyday;
  for await (const event of run({ files: [bundles.bundleOf(file)], timeout })) events.push(event);
  return events;
}

/** Passes events on to the reporter, but adds up the counts of all files for the summary. */
function report(events) {
  for (const event of events) {
    const { data, type } = event;
    if (type === 'test:fail' && !data.todo) failed = true;
    const count = type === 'test:diagnostic' && data.nesting === 0 && data.message.match(/^(\w+) ([\d.]+)$/);
    if (count) totals.set(count[1], (totals.get(count[1]) ?? 0) + Number(count[2]));
    else reporter.write(event);
  }
}

/**
 * The 20 files that took longest, and the sum of all. A file that was killed for taking too long is
 * not included.
 */
function printCosts() {
  const lines = existsSync(costs) ? readFileSync(costs, 'utf8').trim().split('\n') : [];
  const found = lines.map((line) => JSON.parse(line)).sort((a, b) => b.seconds - a.seconds);
  const row = (processor, seconds, what) =>
    console.log(`${processor.toFixed(1).padStart(11)}${seconds.toFixed(1).padStart(10)}  ${what}`);
  console.log('\nprocessor s  duration  test file');
  for (const { file, processor, seconds } of found.slice(0, 20)) row(processor, seconds, bundles.sourceOf(file));
  for (const { file, seconds } of found) durations[bundles.sourceOf(file)] = seconds;
  writeFileSync(record, JSON.stringify(durations));
  const sum = found.reduce((total, { processor }) => total + processor, 0);
  row(sum, (performance.now() - started) / 1e3, `${found.length} files on ${availableParallelism()} processors`);
}
