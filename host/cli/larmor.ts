/** The file that users start, built as CommonJS: see `launch.ts`. */
import { compileCommand, runCommand } from './launch.ts';

runCommand(compileCommand(__dirname), require);
