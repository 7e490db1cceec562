/** The file that users start, built as CommonJS: see `launch.ts`. */
import { trapStops } from '../common/signals.ts';
import { compileCommand, runCommand } from './launch.ts';

// Before anything is read: a run has work to keep, and schedulers signal at any moment.
if (process.argv[2] === 'simulate') trapStops();

runCommand(compileCommand(__dirname), require);
