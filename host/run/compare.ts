/**
 * Checks before the first tile that all ranks have the same work: whatever may change a bit of the
 * result is compared by hash, and an error names the ranks that differ and what differs.
 */

import { EXIT, LarmorError } from '../base/errors.ts';
import { rankName } from '../comm/agree.ts';
import { differences, type Plan } from './plan.ts';

type Hosts = { readonly hosts: readonly string[] };

/** Parts that belong to the program; the others come from the inputs. */
const PROGRAM = new Set(['version', 'kernels']);
/** Parts whose values mean something to a user. */
const READABLE = new Set(['version', 'kernels', 'tile size', 'precision']);

/** Ranks that are named; the rest are counted. */
const NAMED = 4;

/** @throws LarmorError 65 if a rank has other inputs than rank 0, 70 if it runs another program */
export function requireSamePlan(context: Hosts, all: readonly Plan['parts'][]): void {
  const first = all[0];
  const odd = all.flatMap((parts, rank) => (differences(first, parts).length > 0 ? [rank] : []));
  if (odd.length === 0) return;
  const names = [...new Set(odd.flatMap((rank) => differences(first, all[rank])))];
  const what = names.map((name) =>
    READABLE.has(name) ? `${name} (${all[odd[0]][name]} instead of ${first[name]})` : name,
  );
  const verb = odd.length === 1 ? 'differs' : 'differ';
  throw new LarmorError(
    names.some((name) => !PROGRAM.has(name)) ? EXIT.badInput : EXIT.internal,
    `${listRanks(context, odd)} ${verb} from ${rankName(context, 0)} in: ${what.join(', ')}; ` +
      'give all ranks the same Larmor, Node and files',
  );
}

/** Options that must be the same on all ranks, by name. */
export type RankOptions = Readonly<Record<string, string | number | boolean>>;

/**
 * @throws LarmorError 65 if an option of a rank differs from that of rank 0: their messages would
 *   not match
 */
export function requireSameOptions(context: Hosts, all: readonly RankOptions[]): void {
  const first = all[0];
  for (const [rank, options] of all.entries()) {
    const name = Object.keys(first).find((key) => options[key] !== first[key]);
    if (name === undefined) continue;
    throw new LarmorError(
      EXIT.badInput,
      `${rankName(context, rank)} was given ${name} ${options[name]}, ${rankName(context, 0)} ${name} ${first[name]}; ` +
        'start all ranks with the same command',
    );
  }
}

/** Kernel builds of a rank: the one it would choose, and its plain SIMD build. */
export interface Builds {
  readonly engine: 'wasm' | 'webgpu';
  readonly best: string;
  readonly plain: string;
}

export interface CommonBuild {
  /** All WASM ranks must use plain SIMD. */
  readonly plain: boolean;
  /**
   * Ranks differ and each keeps its own build: the bits depend on which rank simulates which tile.
   */
  readonly mixed: boolean;
  /** As recorded in the plan. */
  readonly build: string;
  /** Warning for the user. */
  readonly why?: string;
}

/**
 * The build of the run: that of all ranks if they have the same, the common denominator if all use
 * WASM, else the list of all builds.
 * @throws LarmorError 70 if ranks run different versions of Node
 */
export function commonBuild(context: Hosts, all: readonly Builds[]): CommonBuild {
  const builds = [...new Set(all.map(({ best }) => best))].sort();
  if (builds.length === 1) return { plain: false, mixed: false, build: builds[0] };
  if (all.every(({ engine }) => engine === 'wasm')) {
    const { plain, why } = commonKernels(context, all);
    return { plain, mixed: false, build: all[0].plain, ...(why === undefined ? {} : { why }) };
  }
  const why = `ranks run ${builds.length} kinds of engine (${builds.join('; ')}): the result is not the same bit for bit from run to run`;
  return { plain: false, mixed: true, build: builds.join(' + '), why };
}

/**
 * The kernels that all ranks have: the best build of rank 0 if all have it, else plain SIMD.
 * @throws LarmorError 70 if that differs too (another version of Node)
 */
function commonKernels(context: Hosts, all: readonly Builds[]): { readonly plain: boolean; readonly why?: string } {
  const odd = all.flatMap(({ best }, rank) => (best === all[0].best ? [] : [rank]));
  if (odd.length === 0) return { plain: false };
  const what = `${listRanks(context, odd)} would run ${all[odd[0]].best}, ${rankName(context, 0)} ${all[0].best}`;
  if (all.some(({ plain }) => plain !== all[0].plain))
    throw new LarmorError(EXIT.internal, `${what}; give all ranks the same Node`);
  return { plain: true, why: `${what}: all use ${all[0].plain}, which is slower` };
}

function listRanks(context: Hosts, ranks: readonly number[]): string {
  const named = ranks.slice(0, NAMED).map((rank) => rankName(context, rank));
  return ranks.length > NAMED ? `${named.join(', ')} and ${ranks.length - NAMED} more` : named.join(', ');
}
