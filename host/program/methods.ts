/**
 * The registry of methods. A method for several readouts is asked before methods for fewer; among
 * methods for single lines, and for pulses, the cheapest wins. The definition comes last.
 */
import type { LineMethod, PulseMethod, WindowMethod } from './method.ts';
import { operator } from './pulses/operator.ts';
import { stepped } from './pulses/stepped.ts';
import { table } from './pulses/table.ts';
import { direct } from './readouts/direct.ts';
import { line } from './readouts/line.ts';
import { matrix } from './readouts/matrix.ts';
import { nufft1d1 } from './readouts/nufft1d1.ts';
import { nufft2d1 } from './readouts/nufft2d1.ts';
import { nufft2d3 } from './readouts/nufft2d3.ts';
import { recurrence } from './readouts/recurrence.ts';

export const WINDOW_METHODS: readonly WindowMethod[] = [nufft2d1, nufft2d3];
export const LINE_METHODS: readonly LineMethod[] = [nufft1d1, matrix, line, recurrence, direct];
export const PULSE_METHODS: readonly PulseMethod[] = [operator, table, stepped];
