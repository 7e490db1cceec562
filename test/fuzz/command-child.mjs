/**
 * One process that runs the built command again and again, for `command.ts`: the bundle is evaluated anew for every run, so
 * each has modules of its own, and what ends a process (`process.exit`) ends the run. Its stderr is a file that it empties
 * between runs. Each message in is {args}; each answer {code, peakBytes}.
 */
import { ftruncateSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import vm from 'node:vm';

const dist = process.argv[2];
const script = new vm.Script(readFileSync(join(dist, 'command.js'), 'utf8'), { filename: join(dist, 'command.js') });
const require = createRequire(join(dist, 'command.js'));
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
    script.runInThisContext()(require, join(dist, 'command.js'));
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
