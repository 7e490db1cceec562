/**
 * Chains of pieces, LARMOR_CHAINS of them, each ended by a signal at a random moment: every piece
 * whose ranks listened when the signal came ends with 75 whatever --kill-on-bad-exit sends
 * meanwhile to the ranks that are slower to leave. Some signals come earlier, while a rank is still
 * starting: Node gives all signals their defaults back before it runs any script, so nothing, not
 * even whoever starts it, can keep such a rank from dying of the signal. Then no work has begun and
 * none is lost. Every chain gives the bits of an undisturbed run.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { randomNumbers } from '../../host/numerics/random.ts';
import { until } from '../../testing/launch.ts';
import { skipWithoutSlurm, startTestbed } from '../../testing/testbed.ts';
import { areListening, ranksOf, reportIn, submitTo } from './submit.ts';

const CHAINS = Number(process.env.LARMOR_CHAINS ?? 5);
const SIGNALS = ['USR2', 'USR1', 'TERM'] as const;
const RANKS = 2;
/** Pieces of a chain that are disturbed. */
const STOPS = 3;
/** Of them, those whose ranks are still starting. */
const EARLY = 0.25;

/**
 * Codes of a piece whose ranks all listened; of one that is signalled before, the signals' own too.
 */
const STOPPED = [0, 75];
const KILLED = SIGNALS.map((name) => 128 + constants.signals[`SIG${name}`]);

describe('chains of pieces under SLURM', { ...skipWithoutSlurm(), timeout: 60 * 60e3 }, () => {
  const slurm = startTestbed();
  const { submit, alone } = submitTo(slurm);

  test('none is lost', async (t) => {
    const seed = Date.now() % 1e6;
    const random = randomNumbers(seed);
    // Five seconds of one thread (3 GHz).
    const scan = ['epi', 'head3d', '--set', 'voxel=1.4e-3', '--exact', '--threads', '1'];
    const { signalHash } = await alone(scan);
    const counts: Record<string, number> = {};
    for (let chain = 0; chain < CHAINS; chain++) {
      const options = [`--nodes=${RANKS}`, '--ntasks-per-node=1', '--cpus-per-task=1'];
      /** Pieces that were signalled early. */
      const early = new Set<number>();
      const { code, log } = await submit(
        '../test/slurm/pieces.sh',
        options,
        [...scan, '--json'],
        async (id, folder) => {
          const isDone = () => existsSync(join(folder, 'kept/complete.json'));
          for (let piece = 0; piece < STOPS && !isDone(); piece++) {
            const signal = SIGNALS[Math.floor(random() * SIGNALS.length)];
            const isEarly = random() < EARLY;
            const hasStarted = () => {
              const pids = ranksOf(id, piece);
              return isEarly ? pids.length > 0 : areListening(pids, RANKS);
            };
            await until('the ranks of a piece', () => isDone() || hasStarted(), 120);
            if (isEarly) early.add(piece);
            else await new Promise((resolve) => setTimeout(resolve, 1500 * random()));
            await slurm.run('scancel', [`--signal=${signal}`, `${id}.${piece}`]);
          }
        },
      );
      const pieces = piecesIn(log);
      const names = pieces.map((piece, n) => `${piece.code}${early.has(n) ? ' early' : ''}`);
      t.diagnostic(`chain ${chain}: ${names.join(', ')}`);
      for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
      const what = `seed ${seed}, chain ${chain}: ${log}`;
      assert.equal(code, 0, what);
      pieces.forEach((piece, n) => {
        const allowed = early.has(n) ? [...STOPPED, ...KILLED] : STOPPED;
        assert.ok(allowed.includes(piece.code), `piece ${n + 1} ended with ${piece.code}; ${what}`);
        assert.ok(piece.tiles >= (pieces[n - 1]?.tiles ?? 0), `piece ${n + 1} lost work; ${what}`);
        // A rank that dies of a signal has no part in any work.
        if (KILLED.includes(piece.code)) assert.equal(piece.tiles, pieces[n - 1]?.tiles ?? 0, what);
      });
      assert.equal(reportIn(log).signalHash, signalHash, what);
    }
    t.diagnostic(`seed ${seed}, ${CHAINS} chains, codes of pieces: ${JSON.stringify(counts)}`);
  });
});

/** Code of each piece in a log, and the tiles in the checkpoint after it, by `larmor status`. */
function piecesIn(log: string): { code: number; tiles: number }[] {
  const parts = log.split(/^piece \d+ ended with (\d+)$/m);
  return parts.flatMap((code, n) => {
    if (n % 2 === 0) return [];
    const tiles = /^(\d+) of \d+ tiles/m.exec(parts[n + 1])?.[1] ?? '0';
    return [{ code: Number(code), tiles: Number(tiles) }];
  });
}
