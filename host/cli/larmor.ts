/**
 * The file that users start, built as CommonJS: see `launch.ts`. It has what must not wait for
 * other files; the command line is read in `main.ts`, from a bundle with a code cache.
 */
import packageJson from '../../package.json' with { type: 'json' };
import { requireSpaceToStart } from '../base/address-space.ts';
import { EXIT } from '../base/errors.ts';
import { guardEnd, leave } from '../base/lifetime.ts';
import { print, reportError } from '../base/log.ts';
import { trapStops } from '../base/signals.ts';

async function start(): Promise<void> {
  const [command = '', ...others] = process.argv.slice(2);
  // Signals are trapped before anything else is loaded: a run has work to save, and schedulers
  // signal at any moment.
  if (['simulate', 'sweep'].includes(command)) trapStops();
  try {
    requireSpaceToStart();
  } catch (error) {
    reportError(error);
    process.exit(EXIT.internal);
  }
  guardEnd();
  if (['--version', '-V'].includes(command) && others.length === 0) {
    print(`${packageJson.version}\n`);
    leave(EXIT.done);
  }
  (await import('./main.ts')).main();
}

void start();
