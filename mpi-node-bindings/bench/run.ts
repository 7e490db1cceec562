/**
 * Runs every benchmark under every MPI found here, with two ranks each: `npm run bench` in this
 * package.
 */
import type { Family } from '../index.ts';
import { AS_TWO_MACHINES, bundle, FAMILIES, type LaunchOptions, launch, missing, transcript } from '../test/jobs.ts';

async function bench(family: Family, name: string, how: LaunchOptions): Promise<void> {
  const program = await bundle(new URL(`./${name}.ts`, import.meta.url).href);
  const job = await launch(family, 2, [program], { limit: 120, ...how });
  process.stdout.write(job.code === 0 ? job.stdout : `${name} failed: ${transcript(job)}`);
  if (job.code !== 0) process.exitCode = 1;
}

for (const family of FAMILIES) {
  const why = missing(family);
  if (why) {
    console.log(`${family}: skipped, ${why}`);
    continue;
  }
  await bench(family, 'overhead', {});
  await bench(family, 'dynamic', { env: { BENCH_TRANSPORT: 'one machine' } });
  await bench(family, 'dynamic', { env: { ...AS_TWO_MACHINES[family], BENCH_TRANSPORT: 'as between two machines' } });
}
