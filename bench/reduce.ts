/**
 * The reduce of a run (host/comm/reduce.ts: int64 sums, in place, straight from the memory that
 * kernels share) against MPI_Reduce of as many int64 called from C, in turns in one process and
 * with the same MPI, on two ranks. What the way through JavaScript costs a single call is measured
 * in mpi-node-bindings/bench.
 *
 *     node --import tsx bench/reduce.ts [--rounds 41,15]        rounds of 10⁶ and of 10⁷ samples
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { FAMILIES, missing, run, transcript } from '../testing/launch.ts';
import { temporaryFolder } from '../testing/temporary.ts';
import { median, ratioOf, type Times } from './harness.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '41,15' } } });
const bindings = fileURLToPath(new URL('../mpi-node-bindings/', import.meta.url));
const cwd = temporaryFolder();
try {
  const compiled = spawnSync(process.execPath, [join(bindings, 'scripts/build.mjs'), '--bench'], { encoding: 'utf8' });
  if (compiled.status !== 0) throw new Error(compiled.stderr);
  const program = join(cwd, 'program.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('reduce-program.ts', import.meta.url))],
    ...{ outfile: program, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' },
  });
  for (const family of FAMILIES) {
    const why = missing(family, 2);
    if (why) {
      console.log(`${family}: skipped, ${why}`);
      continue;
    }
    const args = [join(bindings, 'build'), ...values.rounds.split(',')];
    const ended = await run(args, { family, ranks: 2, cwd, program, limit: 300 });
    if (ended.code !== 0) throw new Error(transcript(ended));
    const { library, sizes } = JSON.parse(ended.stdout) as { library: string; sizes: [number, [Times, Times]][] };
    console.log(`${library}, 2 ranks`);
    for (const [samples, [larmor, c]] of sizes) {
      const { ratio, spread } = ratioOf(c, larmor);
      const ms = ({ seconds }: Times): string => (1e3 * median(seconds)).toFixed(1);
      const what = `  reduce of ${samples.toExponential(0)} samples`;
      const rounds = larmor.seconds.length;
      console.log(
        `${what}   Larmor ${ms(larmor)} ms   C ${ms(c)} ms   ratio ${ratio.toFixed(2)} ± ${(100 * spread).toFixed(0)} % of ${rounds} rounds`,
      );
    }
  }
} finally {
  rmSync(cwd, { recursive: true });
}
