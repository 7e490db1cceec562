/**
 * Fuzzer of the whole built command: files of every format, damaged by grammar and by bytes, and
 * options go through everything that reads them. Whatever they hold, a run ends with one of the
 * exit codes that the documentation lists, but for 70; with its output if and only if that is 0;
 * without a stack trace, within seconds, and below 1 GiB. A process a run is too dear for many
 * runs: the command runs again and again in a few processes (`command-child.mjs`), and every
 * `--separate`-th run is repeated in one of its own, which must end alike.
 *
 *     node --import tsx test/fuzz/command.ts --seconds 600 --seed 1 [--runs 1000] [--only motion]
 *         [--separate 50]
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, cpSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DIST, LARMOR } from '../../testing/launch.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { argumentsOf, damagedFiles } from './case.ts';
import { formatCases } from './formats.ts';
import { objectCases } from './objects.ts';
import { optionCases } from './options.ts';
import { randomOf } from './pulseq.ts';

const ALLOWED = [0, 2, 65, 66, 73, 75];
const LONGEST_MS = 60_000;
const MOST_BYTES = 2 ** 30;
/** A child is replaced after so many runs: what the bundles of its runs leave behind adds up. */
const RUNS_PER_CHILD = 200;
/**
 * `plan` is drawn in one run of so many: it times the kernels for a second, and reads files as
 * `simulate` does.
 */
const PLAN_EVERY = 16;

interface Answer {
  readonly code: number | 'hang' | 'died';
  readonly stderr: string;
  readonly peakBytes: number;
}

/** A child that answers one run at a time. */
function startChild(folder: string): { ask(args: readonly string[]): Promise<Answer>; stop(): void } {
  const log = join(folder, 'stderr');
  const fd = openSync(log, 'a');
  const out = openSync(join(folder, 'stdout'), 'a');
  const script = fileURLToPath(new URL('command-child.mjs', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [script, DIST], {
    cwd: folder,
    stdio: ['ignore', out, fd, 'ipc'],
  });
  closeSync(fd);
  closeSync(out);
  const message = (): Promise<{ code?: number; peakBytes?: number } | 'died'> =>
    new Promise((resolve) => {
      child.once('message', (value) => resolve(value as { code: number; peakBytes: number }));
      child.once('exit', () => resolve('died'));
    });
  const ready = message();
  return {
    async ask(args) {
      await ready;
      const answer = message();
      child.send({ args });
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<'hang'>((resolve) => {
        timer = setTimeout(resolve, LONGEST_MS, 'hang');
      });
      const first = await Promise.race([answer, late]);
      clearTimeout(timer);
      child.removeAllListeners('message');
      child.removeAllListeners('exit');
      const stderr = readFileSync(log, 'utf8');
      if (first === 'hang' || first === 'died') return { code: first, stderr, peakBytes: 0 };
      return { code: first.code!, stderr, peakBytes: first.peakBytes! };
    },
    stop: () => child.kill('SIGKILL'),
  };
}

/** What is wrong with how a run ended. @param outputs paths that it was to write */
function complaint({ code, stderr, peakBytes }: Answer, outputs: readonly string[]): string | undefined {
  if (typeof code === 'string' || !ALLOWED.includes(code)) return `ended with ${code}`;
  if (/\n\s+at |internal error/.test(stderr)) return 'printed a stack trace';
  if (peakBytes > MOST_BYTES) return `took ${peakBytes} bytes`;
  const errors = stderr.split('\n').filter((line) => /^larmor: (?!warning)/.test(line));
  if (code !== 0 && errors.length !== 1) return `printed ${errors.length} errors`;
  const written = outputs.filter((path) => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0);
  if (written.length !== (code === 0 ? outputs.length : 0))
    return `ended with ${code} and wrote ${written.length} of ${outputs.length} files`;
  return undefined;
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    runs: { type: 'string' },
    seed: { type: 'string' },
    only: { type: 'string', multiple: true },
    separate: { type: 'string' },
    findings: { type: 'string' },
  },
});
let until = Date.now() + 1000 * Number(values.seconds ?? (values.runs === undefined ? 60 : Number.POSITIVE_INFINITY));
// Ctrl-C ends the fuzzing early, with its table.
process.once('SIGINT', () => {
  until = 0;
});
const most = Number(values.runs ?? Number.POSITIVE_INFINITY);
const separate = Number(values.separate ?? 50);
const firstSeed = Number(values.seed ?? Date.now() % 1e6);
const folder = temporaryFolder();
const sets = { formats: await formatCases(folder), objects: await objectCases(folder), options: optionCases };
const cases = Object.entries(sets).flatMap(([set, all]) =>
  all.filter(({ name }) => values.only?.some((word) => `${set} ${name}`.includes(word)) ?? true),
);
if (cases.length === 0) throw new Error(`no case of ${values.only}`);
const counts = new Map<string, number>();
let child = startChild(folder);
const renew = (): void => {
  child.stop();
  child = startChild(folder);
};
let runs = 0;
let peak = 0;
let repeated = 0;
let findings = 0;
try {
  for (; Date.now() < until && runs < most; runs++) {
    const random = randomOf(firstSeed + runs);
    const one = cases[random(cases.length)];
    // A folder of its own: the HDF5 library of a long-lived process remembers a file that it has
    // open.
    const place = join(folder, `${runs}`);
    const fresh = (): void => {
      rmSync(place, { recursive: true, force: true });
      mkdirSync(place);
      for (const [name, content] of Object.entries(files)) writeFileSync(join(place, name), content);
    };
    const files = damagedFiles(one, random);
    const others = one.commands.filter(([name]) => name !== 'plan');
    const args = argumentsOf(random(PLAN_EVERY) === 0 ? one.commands : others, place, random);
    const outputs = args.filter((_, n) => args[n - 1] === '-o' || args[n - 1] === '--magnetization');
    if (runs > 0 && runs % RUNS_PER_CHILD === 0) renew();
    fresh();
    let answer = await child.ask(args);
    if (answer.peakBytes > MOST_BYTES) {
      // Of this run, or of all that the child has run?
      renew();
      fresh();
      answer = await child.ask(args);
    }
    const { code, peakBytes } = answer;
    counts.set(`${code}`, (counts.get(`${code}`) ?? 0) + 1);
    peak = Math.max(peak, peakBytes);
    let wrong = complaint(answer, outputs);
    // A library that a damaged file made abort stays so; the next run gets a process that never met
    // it.
    if (
      typeof code === 'string' ||
      /HDF5 (stopped|stops|did not end)/.test(answer.stderr) ||
      peakBytes > MOST_BYTES / 2
    )
      renew();
    if (wrong !== undefined || runs % separate === 0) {
      fresh();
      const alone = spawnSync(process.execPath, [LARMOR, ...args], {
        cwd: folder,
        encoding: 'utf8',
        timeout: LONGEST_MS,
        killSignal: 'SIGKILL',
      });
      repeated++;
      const own: Answer = { code: alone.status ?? 'hang', stderr: alone.stderr, peakBytes: 0 };
      // Only what a process of its own does wrong, too, is the command's fault.
      wrong = complaint(own, outputs) ?? (wrong?.startsWith('took') ? wrong : undefined);
      // A machine that is busy with other things makes a long run look like a hang.
      if (wrong === undefined && own.code !== code && typeof code === 'number')
        wrong = `ended with ${own.code} alone, ${code} otherwise`;
    }
    if (wrong !== undefined) {
      findings++;
      const kept = join(values.findings ?? '.', `fuzz-finding-${firstSeed + runs}`);
      fresh();
      cpSync(place, kept, { recursive: true });
      const command = args.map((arg) => arg.replaceAll(place, kept)).join(' ');
      console.log(`seed ${firstSeed + runs}: ${wrong}: larmor ${command}\n${answer.stderr.slice(0, 600)}`);
    }
    rmSync(place, { recursive: true, force: true });
  }
} finally {
  child.stop();
  rmSync(folder, { recursive: true, force: true });
}
const table = [...counts]
  .sort()
  .map(([code, count]) => `${code}: ${count}`)
  .join(', ');
console.log(
  `${runs} runs from seed ${firstSeed}: ${table}; ${repeated} repeated alone; peak ${Math.round(peak / 2 ** 20)} MiB; ${findings} findings`,
);
process.exitCode = findings === 0 ? 0 : 1;
