/**
 * Chains of kills and storms of signals, LARMOR_CHAINS of them: each ends with the right code,
 * nothing is lost, the bits are the same.
 */
import { test } from 'node:test';
import { runChains } from './chains.ts';

const CHAINS = Number(process.env.LARMOR_CHAINS ?? 20);

test('chains of kills and signals', async (t) => {
  const seed = Date.now() % 1e6;
  t.diagnostic(`seed ${seed}`);
  t.diagnostic(JSON.stringify(await runChains(CHAINS, seed, () => {})));
});
