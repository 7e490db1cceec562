/**
 * The reduce of more sums than MPI is given at once: `bench/reduce.ts` adds up ones and twos in ten
 * pieces, and says when they are not threes.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { missing, present } from '../testing/launch.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const families = present.filter((family) => !missing(family, 2));

test('the reduce of 10⁷ samples', { skip: families.length === 0 && 'no MPI here' }, () => {
  const args = ['--import', 'tsx', 'bench/reduce.ts', '--rounds', '1,1'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.equal(stdout.match(/reduce of 1e\+7 samples .+ ratio \d/g)?.length, families.length, stdout);
});
