/** The file that users start, built as CommonJS: see `launch.ts`. */
import { requireSpaceToStart } from '../base/address-space.ts';
import { EXIT } from '../base/errors.ts';
import { reportError } from '../base/log.ts';
import { trapStops } from '../base/signals.ts';
import { main } from './main.ts';

function start(): void {
  // Signals are trapped before anything else is loaded: a run has work to save, and schedulers
  // signal at any moment.
  if (['simulate', 'sweep'].includes(process.argv[2] ?? '')) trapStops();
  try {
    requireSpaceToStart();
  } catch (error) {
    reportError(error);
    process.exit(EXIT.internal);
  }
  main();
}

start();
