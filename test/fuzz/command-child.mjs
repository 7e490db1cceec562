/**
 * One process that runs the built command again and again, for `command.ts`: its bundles are
 * evaluated anew for every run, so each has modules of its own, and what ends a process
 * (`process.exit`) ends the run. They are compiled once. Its stderr is a file that it empties
 * between runs. Each message in is {args}; each answer {code, peakBytes}.
 */
import { ftruncateSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import vm from 'node:vm';

const dist = process.argv[2];
const path = join(dist, 'larmor.js');
const text = readFileSync(path, 'utf8').replace(/^#!.*/, '');
const script = new vm.Script(`(function (exports, require, module, __filename, __dirname) {${text}\n})`, {
  filename: path,
});

/** What larmor.js opens its bundles with: each is compiled when it is first opened. */
const compiled = new Map();
class Script {
  constructor(source, options) {
    const name = options?.cachedData && options.filename;
    const known = compiled.get(name) ?? new vm.Script(source, options);
    if (name !== undefined) compiled.set(name, known);
    // biome-ignore lint/correctness/noConstructorReturn: one for all runs
    return known;
  }
}
const load = createRequire(path);
const EVENTS = [
  'uncaughtException',
  'unhandledRejection',
  'exit',
  'beforeExit',
  'SIGINT',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
];

class Ended extends Error {}

function run(args) {
  return new Promise((resolve) => {
    for (const event of EVENTS) process.removeAllListeners(event);
    ftruncateSync(2, 0);
    ftruncateSync(1, 0);
    let ended = false;
    const finish = (code) => {
      if (!ended) {
        ended = true;
        setImmediate(resolve, Number(code ?? process.exitCode ?? 0));
      }
      throw new Ended();
    };
    process.exitCode = undefined;
    process.exit = finish;
    process.reallyExit = finish;
    process.argv = [process.execPath, join(dist, 'larmor.js'), ...args];
    const module = { exports: {} };
    const require = (name) =>
      name === 'node:vm' ? { ...vm, Script } : name === './larmor.js' ? module.exports : load(name);
    script.runInThisContext()(module.exports, require, module, path, dist);
    // The command's own listeners report what is thrown; what ends a run is none of that.
    for (const event of ['uncaughtException', 'unhandledRejection']) {
      const own = process.listeners(event);
      process.removeAllListeners(event);
      process.on(event, (error) => {
        if (error instanceof Ended) return;
        for (const listener of own) {
          try {
            listener(error);
          } catch (thrown) {
            if (!(thrown instanceof Ended)) throw thrown;
          }
        }
      });
    }
  });
}

process.on('message', async ({ args }) => {
  const code = await run(args);
  process.send({ code, peakBytes: process.resourceUsage().maxRSS * 1024 });
});
process.send({ ready: true });
