/** Two hundred chains of kills and storms of signals: each ends with the right code, nothing is lost, the bits are the same. */
import { test } from 'node:test';
import { runChains } from './chains.ts';

test('two hundred chains of kills and signals', async (t) => {
  const seed = Date.now() % 1e6;
  t.diagnostic(`seed ${seed}`);
  t.diagnostic(JSON.stringify(await runChains(200, seed, () => {})));
});
