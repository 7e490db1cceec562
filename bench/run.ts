/**
 * `npm run bench [-- words …] [--quick] [--json FILE]`: how fast Larmor is on this machine, as one
 * table, each speed beside its accuracy and, where there is one, an opponent that ran in turns with
 * it. Words choose the rows whose names hold one of them. The JSON of a release, with what it was
 * measured on, is kept in `bench/results`.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import packageJson from '../package.json' with { type: 'json' };
import { checkRows } from './check.ts';
import { coilRows } from './coils.ts';
import type { Row } from './harness.ts';
import { kernelRows } from './kernels.ts';
import { modelRows } from './models.ts';
import { movingRows } from './moving.ts';
import { newerRows } from './newer-node.ts';
import { playgroundRows } from './playground.ts';
import { reportRows } from './report.ts';
import { wholeRunRows } from './runs.ts';
import { startRows } from './start.ts';
import { threadRows } from './threads.ts';

const { values, positionals } = parseArgs({
  options: { json: { type: 'string' }, quick: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const wanted = (name: string): boolean =>
  positionals.length === 0 || positionals.some((word) => name.toLowerCase().includes(word.toLowerCase()));

const WIDTHS = [46, 24, 21, 13, 10] as const;

function line(cells: readonly string[]): string {
  return cells.map((cell, n) => (n === 0 || n === 2 ? cell.padEnd(WIDTHS[n]) : cell.padStart(WIDTHS[n]))).join('  ');
}

function number(value: number): string {
  return value >= 1e4 || value < 1e-2 ? value.toExponential(2) : value.toPrecision(3);
}

function printed(row: Row, before: string): string {
  const ratio = row.ratio === null ? '' : `${number(row.ratio)} ± ${(100 * row.spread!).toFixed(0)} %`;
  const speed = Number.isFinite(row.value) ? `${number(row.value)} ${row.unit}` : '';
  const error = row.error === null ? '' : row.error.toExponential(1);
  const name = row.name === before ? '' : row.name;
  return `${line([name, name === '' ? '' : speed, row.against ?? '', ratio, error])}${row.note ? `  ${row.note}` : ''}`;
}

const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores`;
const begun = new Date();
const [loadBefore] = loadavg();
const rows: Row[] = [];
console.log(`${machine}, Node ${process.versions.node}\n`);
console.log(line(['', 'speed', 'against', 'times as fast', 'error']));
const PARTS = [
  kernelRows,
  modelRows,
  coilRows,
  movingRows,
  newerRows,
  wholeRunRows,
  threadRows,
  startRows,
  playgroundRows,
  reportRows,
  checkRows,
];
for (const part of PARTS) {
  let before = '';
  for await (const row of part(wanted, values.quick)) {
    console.log(printed(row, before));
    before = row.name;
    rows.push(row);
  }
}
if (rows.length === 0) {
  console.error(`bench: no row's name holds ${positionals.join(' or ')}`);
  process.exit(2);
}
if (values.json !== undefined) {
  const record = {
    version: packageJson.version,
    /** A commit that ends in -dirty had changes in the working tree. */
    commit: spawnSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).stdout?.trim() || null,
    ...{ date: begun.toISOString(), machine, node: process.versions.node, quick: values.quick },
    /**
     * Processes that wanted a core in the minute before the first and after the last row, the
     * benchmark's own included in the latter.
     */
    load: { before: loadBefore, after: loadavg()[0] },
    // A row without a figure has null in JSON, which has no NaN.
    rows,
  };
  writeFileSync(values.json, `${JSON.stringify(record, null, 2)}\n`);
}
