/**
 * How long the prediction of the spurious echo takes for a long scan of a large phantom, through
 * the function the command calls: a gradient echo of 10⁵ repetitions, a lattice of 10⁷ spins of two
 * tissues, which is made as it is read.
 */
import { predictEcho } from '../host/sampling/predict-echo.ts';
import { encode } from '../host/sequence/encoding.ts';
import { DEFAULT_SCANNER } from '../host/sequence/scanner-types.ts';
import { compileTimeline } from '../host/timeline/compile.ts';
import { lattice } from '../testing/lattice.ts';
import { greLine, scan, table } from '../testing/small-scans.ts';
import { inProcess, inTurns, median, type Row, spreadOf } from './harness.ts';

const NAME = 'spurious echo predicted';

export async function* checkRows(wanted: (name: string) => boolean, quick: boolean): AsyncGenerator<Row> {
  if (!wanted(NAME)) return;
  const repetitions = quick ? 1e4 : 1e5;
  const lines = table().map((ky) => greLine(ky));
  const blocks = Array.from({ length: repetitions }, (_, n) => lines[n % lines.length]).flat();
  const sequence = scan('gre', blocks);
  const timeline = compileTimeline(sequence, { B0: 1.5, maxRfStep: 50e-6 });
  const encoding = encode(sequence, DEFAULT_SCANNER);
  const phantom = lattice(quick ? 300 : 1000, 10);
  const [times] = await inTurns([inProcess('check', () => predictEcho(phantom, timeline, encoding))], quick ? 2 : 3);
  const { seconds } = times!;
  const name = `${NAME}: ${repetitions.toExponential(0)} TRs, ${phantom.spinCount.toExponential(0)} spins`;
  const value = median(seconds);
  yield { name, value, unit: 's', against: null, ratio: null, spread: spreadOf(seconds), error: null };
}
