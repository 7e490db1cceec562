/**
 * How long the prediction of the spurious echo takes for a long scan of a large phantom, through the function the command calls: a
 * gradient echo of 10⁵ repetitions, a lattice of 10⁷ spins of two tissues, which is made as it is read.
 */
import { predictEcho } from '../host/cli/spurious-echo.ts';
import type { PhantomSource } from '../host/phantom/types.ts';
import { encode } from '../host/sequence/encoding.ts';
import { DEFAULT_SCANNER } from '../host/sequence/types.ts';
import { compileTimeline } from '../host/timeline/compile.ts';
import { greLine, scan, table } from '../test/sequence/scans.ts';
import { phantomOf, spinsOf } from '../test/support/run.ts';
import { inProcess, inTurns, median, type Row, spreadOf } from './harness.ts';

const NAME = 'spurious echo predicted';

export async function* checkRows(wanted: (name: string) => boolean, quick: boolean): AsyncGenerator<Row> {
  if (!wanted(NAME)) return;
  const repetitions = quick ? 1e4 : 1e5;
  const lines = table().map((ky) => greLine(ky));
  const blocks = Array.from({ length: repetitions }, (_, n) => lines[n % lines.length]!).flat();
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

/** `side`² columns of `layers` spins, 180 × 180 × 10 mm, white matter and cerebrospinal fluid in turns. */
export function lattice(side: number, layers: number): PhantomSource {
  const [width, thickness] = [0.18, 0.01];
  return {
    ...phantomOf(spinsOf([{ T1: 0.5, T2: 0.07 }])),
    spinCount: side * side * layers,
    read(first, count, into) {
      for (let n = 0; n < count; n++) {
        const column = Math.floor((first + n) / layers);
        into.x[n] = ((Math.floor(column / side) + 0.5) / side - 0.5) * width;
        into.y[n] = (((column % side) + 0.5) / side - 0.5) * width;
        into.z[n] = ((((first + n) % layers) + 0.5) / layers - 0.5) * thickness;
        into.density[n] = 1;
        into.T1[n] = column % 2 === 0 ? 0.5 : 2.569;
        into.T2[n] = column % 2 === 0 ? 0.07 : 0.329;
      }
    },
  };
}
