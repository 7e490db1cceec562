/**
 * Fuzzer of the whole built command: files of every format, damaged by grammar and by bytes, go through `info`, `plan`,
 * `simulate`, `reconstruct`, `plot` and `sequence convert`. Whatever they hold, a run ends with one of the exit codes that the documentation lists, but
 * for 70; without a stack trace, within seconds, and below 1 GiB. A process a run is too dear for many runs: the command runs
 * again and again in a few processes (`command-child.mjs`), and every `--separate`-th run is repeated in one of its own,
 * which must end alike.
 *
 *     node --import tsx test/fuzz/command.ts --seconds 600 --seed 1 [--separate 50]
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { writeTable } from '../../testing/phantom-files.ts';
import { temporaryFolder } from '../../testing/temporary.ts';
import { seqText } from '../sequence/seq-text.ts';
import { damage, seeds } from './phantom.ts';
import { mutated, old, type Random, randomOf } from './pulseq.ts';

const ALLOWED = [0, 2, 65, 66, 73, 75];
const LONGEST_MS = 60_000;
const MOST_BYTES = 2 ** 30;
/** A child is replaced after so many runs: what the bundles of its runs leave behind adds up. */
const RUNS_PER_CHILD = 200;
/** `plan` is drawn in one run of so many: it times the kernels for a second, and reads files as `simulate` does. */
const PLAN_EVERY = 16;

const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const larmor = join(dist, 'larmor.js');

interface Answer {
  readonly code: number | 'hang' | 'died';
  readonly stderr: string;
  readonly peakBytes: number;
}

/** Sound files to damage: how, and the commands that read them. */
interface Seed {
  readonly name: string;
  readonly change: (random: Random) => Uint8Array | string;
  readonly commands: readonly (readonly string[])[];
}

async function corpus(folder: string): Promise<Seed[]> {
  const tissues = writeTable(join(folder, 'tissues.json'), [1, 2, 3], { voxelSize: 0.001 });
  const raw = join(folder, 'sound.mrd');
  spawnSync(process.execPath, [larmor, 'simulate', 'gre', 'column', '--set', 'n=8', '-o', raw, '-q']);
  const texts = [seqText(), old];
  const scanner = '{"B0": 3, "B1": 2e-5, "Gmax": 0.08, "Smax": 200, "gradRaster": 1e-5, "rfDeadTime": 1e-4}';
  const table = readFileSync(tissues, 'utf8');
  const [label] = (await seeds(folder)).filter(([name]) => name === 'a.nii');
  const sound = join(folder, 'sound.nii');
  writeFileSync(sound, label![1]);
  const out = ['-o', 'out.npy', '-q'];
  const figure = ['-o', 'out.svg', '-q'];
  const phantoms = (await seeds(folder)).map(([name, bytes]): Seed => {
    const set = /\.(mat|nii|nii\.gz)$/.test(name) ? ['--set', `tissues=${tissues}`] : [];
    return {
      name,
      change: (random) => {
        const damaged = damage(bytes, random);
        return name === 'packed.nii.gz' ? gzipSync(damaged) : damaged;
      },
      commands: [
        ['simulate', 'fid', '$', ...set, ...out],
        ['info', '$', ...set],
        ['plan', 'fid', '$', ...set],
        ['plot', 'phantom', '$', ...set, ...figure],
      ],
    };
  });
  const sequence: Seed = {
    name: 'a.seq',
    change: (random) => Buffer.from(mutated(texts, random), 'latin1'),
    commands: [
      ['simulate', '$', 'column', ...out],
      ['info', '$', '--json'],
      ['plan', '$', 'column'],
      ['simulate', '$', 'column', '-o', 'out.mrd', '-q'],
      ['plot', 'sequence', '$', '--traces', 'm0,m1,slew', ...figure],
      ['plot', 'kspace', '$', ...figure],
      ['sequence', 'convert', '$', '-o', 'out.seq', '-q'],
    ],
  };
  return [
    sequence,
    sequence,
    sequence,
    ...phantoms,
    {
      name: 'scanner.json',
      change: (random) => mutated([scanner], random),
      commands: [['simulate', 'fid', 'column', '--scanner', '$', ...out]],
    },
    {
      name: 'table.json',
      change: (random) => mutated([table], random),
      commands: [['simulate', 'fid', sound, '--set', 'tissues=$', ...out]],
    },
    {
      name: 'raw.mrd',
      change: (random) => damage(readFileSync(raw), random),
      commands: [
        ['reconstruct', '$', '-o', 'out.png', '-q'],
        ...['kspace', 'signal', 'image'].map((subject) => ['plot', subject, '$', ...figure]),
        ['info', '$'],
      ],
    },
  ];
}

/** A child that answers one run at a time. */
function startChild(folder: string): { ask(args: readonly string[]): Promise<Answer>; stop(): void } {
  const log = join(folder, 'stderr');
  const fd = openSync(log, 'a');
  const out = openSync(join(folder, 'stdout'), 'a');
  const script = fileURLToPath(new URL('command-child.mjs', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [script, dist], {
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

/** What is wrong with how a run ended. */
function complaint({ code, stderr, peakBytes }: Answer): string | undefined {
  if (typeof code === 'string' || !ALLOWED.includes(code)) return `ended with ${code}`;
  if (/\n\s+at |internal error/.test(stderr)) return 'printed a stack trace';
  if (peakBytes > MOST_BYTES) return `took ${peakBytes} bytes`;
  const errors = stderr.split('\n').filter((line) => /^larmor: (?!warning)/.test(line));
  if (code !== 0 && errors.length !== 1) return `printed ${errors.length} errors`;
  return undefined;
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    seed: { type: 'string' },
    separate: { type: 'string' },
    findings: { type: 'string' },
  },
});
let until = Date.now() + 1000 * Number(values.seconds ?? 60);
// Ctrl-C ends the fuzzing early, with its table.
process.once('SIGINT', () => {
  until = 0;
});
const separate = Number(values.separate ?? 50);
const firstSeed = Number(values.seed ?? Date.now() % 1e6);
const folder = temporaryFolder();
const counts = new Map<string, number>();
const tally = (key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
let child = startChild(folder);
let runs = 0;
let peak = 0;
let repeated = 0;
let findings = 0;
try {
  const all = await corpus(folder);
  for (; Date.now() < until; runs++) {
    const random = randomOf(firstSeed + runs);
    const { name, change, commands } = all[random(all.length)];
    // A name of its own: the HDF5 library of a long-lived process remembers a file that it has open.
    const path = join(folder, `${runs}-${name}`);
    writeFileSync(path, change(random));
    const others = commands.filter(([name]) => name !== 'plan');
    const among = random(PLAN_EVERY) === 0 ? commands : others;
    const args = among[random(among.length)].map((arg) => arg.replace('$', path));
    if (runs > 0 && runs % RUNS_PER_CHILD === 0) {
      child.stop();
      child = startChild(folder);
    }
    const answer = await child.ask(args);
    tally(String(answer.code));
    peak = Math.max(peak, answer.peakBytes);
    let wrong = complaint(answer);
    // A library that a damaged file made abort stays so; the next run gets a process that never met it.
    if (
      typeof answer.code === 'string' ||
      /HDF5 (stopped|stops|did not end)/.test(answer.stderr) ||
      answer.peakBytes > MOST_BYTES / 2
    ) {
      child.stop();
      child = startChild(folder);
    }
    if (wrong !== undefined || runs % separate === 0) {
      const alone = spawnSync(process.execPath, [larmor, ...args], {
        cwd: folder,
        encoding: 'utf8',
        timeout: LONGEST_MS,
      });
      repeated++;
      const own: Answer = { code: alone.status ?? 'hang', stderr: alone.stderr, peakBytes: 0 };
      // Only what a process of its own does wrong, too, is the command's fault.
      wrong = complaint(own) ?? (wrong?.startsWith('took') ? wrong : undefined);
      if (wrong === undefined && own.code !== answer.code && answer.code !== 'died')
        wrong = `ended with ${own.code} alone, ${answer.code} otherwise`;
    }
    if (wrong === undefined) {
      rmSync(path);
      continue;
    }
    findings++;
    const kept = join(values.findings ?? '.', `fuzz-finding-${firstSeed + runs}-${name}`);
    copyFileSync(path, kept);
    console.log(
      `seed ${firstSeed + runs}: ${wrong}: larmor ${args.join(' ').replace(path, kept)}\n${answer.stderr.slice(0, 600)}`,
    );
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
