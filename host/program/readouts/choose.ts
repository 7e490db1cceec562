/**
 * Chooses the method of each readout. Methods for windows take readouts out of a window, in the
 * registry's order, where they cost less than computing these readouts one by one; the remaining
 * ones go to the cheapest method for their trajectory.
 */
import type { Arena } from '../../abi/arena.ts';
import { type WindowReadout, windowsOf } from '../../timeline/windows.ts';
import type {
  Context,
  ContextValues,
  Decision,
  LineProposal,
  OpenedLineMethod,
  OpenedWindowMethod,
  ProgramWriter,
  Remaining,
  WindowProposal,
} from '../method.ts';
import { LINE_METHODS, WINDOW_METHODS } from '../methods.ts';

type Named<T> = T & { readonly name: string };

/** The method for the single readouts of one trajectory. */
interface LineChoice {
  readonly name: string;
  readonly proposal: LineProposal;
  /** The next cheapest, if there is one. */
  other(): { readonly name: string; readonly cost: number } | undefined;
}

export interface ReadoutChoices {
  /**
   * [trajectories] whether readouts that no window method takes are batched, and whether as matrix
   * products
   */
  readonly isBatched: readonly boolean[];
  readonly isProduct: readonly boolean[];
  /** Operations per spin of the readouts of a window. */
  costOf(readouts: readonly WindowReadout[]): number;
  /** Puts the readouts of a window into the program. */
  emit(readouts: readonly WindowReadout[], writer: ProgramWriter): void;
  /** Decisions on all emitted readouts. */
  decisions(): readonly Decision[];
  /** Summary of all emitted readouts. */
  summary(): {
    readonly methods: Readonly<Record<string, number>>;
    readonly cost: number;
    readonly error: number;
  };
  placeBatchData(arena: Arena): (trajectory: number) => number;
  lower(arena: Arena): ContextValues;
}

export function chooseReadouts(context: Context): ReadoutChoices {
  const { readoutBudget, uses } = context;
  const isWithin = ({ error }: { readonly error: number }): boolean => error <= (readoutBudget?.readouts ?? 0);
  const lineMethods = opened(LINE_METHODS, (method) => method.open(context));
  const choices = Array.from(uses, (_, trajectory) => lineChoice(lineMethods, trajectory, isWithin));
  const alone = (readouts: readonly WindowReadout[]): number =>
    readouts.reduce((sum, { trajectory }) => sum + choices[trajectory].proposal.cost, 0);

  const { windowMethods, split } = windowSplitter(context, alone, isWithin);

  const methods: Record<string, number> = {};
  for (const { name } of [...WINDOW_METHODS, ...LINE_METHODS]) methods[name] = 0;
  const ofWindows = new Map<string, Decision>();
  const isRead = choices.map(() => false);
  let [cost, error] = [0, 0];
  const count = (name: string, proposal: LineProposal | WindowProposal, readouts: number): void => {
    methods[name] = methods[name] + readouts;
    cost += proposal.cost;
    error = Math.max(error, proposal.error);
  };
  const all: readonly (OpenedLineMethod | OpenedWindowMethod)[] = [...lineMethods, ...windowMethods];
  return {
    isBatched: choices.map(({ proposal }) => proposal.isBatched),
    isProduct: choices.map(({ proposal }) => proposal.isBatched && proposal.place === undefined),
    costOf(readouts) {
      const { accepted, left } = split(readouts);
      return accepted.reduce((sum, { proposal }) => sum + proposal.cost, alone(left));
    },
    emit(readouts, writer) {
      const { accepted, left } = split(readouts);
      for (const { name, proposal, instead } of accepted) {
        proposal.emit(writer);
        count(name, proposal, proposal.readouts.length);
        const names = [...new Set(proposal.readouts.map(({ trajectory }) => choices[trajectory].name))];
        const { what = name, how = name, cost } = proposal;
        ofWindows.set(`${what} ${how}`, {
          ...{ what, chosen: how, cost },
          instead: names.join(' and '),
          insteadCost: instead,
        });
      }
      for (const readout of left) {
        const { name, proposal } = choices[readout.trajectory];
        isRead[readout.trajectory] = true;
        proposal.emit(writer, readout);
        count(name, proposal, 1);
      }
    },
    decisions: () => [...ofWindows.values(), ...lineDecisions(choices, isRead)],
    summary: () => ({ methods, cost, error }),
    placeBatchData(arena) {
      const placed = choices.map(({ proposal }) => proposal.place?.(arena) ?? 0);
      return (trajectory) => placed[trajectory];
    },
    lower: (arena) => Object.assign({}, ...all.map((method) => method.lower?.(arena))) as ContextValues,
  };
}

/**
 * The methods for windows, and how they share its readouts.
 * @param alone cost of readouts one by one
 */
function windowSplitter(
  context: Context,
  alone: (readouts: readonly WindowReadout[]) => number,
  isWithin: (proposal: WindowProposal) => boolean,
) {
  const windowMethods: Named<OpenedWindowMethod>[] = [];
  /** Accepted proposals and remaining readouts, considering only the first `count` methods. */
  const split = (readouts: readonly WindowReadout[], count = windowMethods.length) => {
    const accepted: { readonly name: string; readonly proposal: WindowProposal; readonly instead: number }[] = [];
    let left = readouts;
    for (const method of windowMethods.slice(0, count)) {
      const taken = new Set<WindowReadout>();
      for (const proposal of method.propose(left, alone(left))) {
        const instead = alone(proposal.readouts);
        if (!isWithin(proposal) || proposal.cost >= instead) continue;
        accepted.push({ name: method.name, proposal, instead });
        for (const readout of proposal.readouts) taken.add(readout);
      }
      if (taken.size > 0) left = left.filter((readout) => !taken.has(readout));
    }
    return { accepted, left };
  };
  for (const method of WINDOW_METHODS) {
    const before = windowMethods.length;
    const remaining: Remaining = function* (wanted) {
      for (const { readouts } of windowsOf(context.timeline)) if (wanted(readouts)) yield split(readouts, before).left;
    };
    const own = method.open(context, remaining);
    if (own !== undefined) windowMethods.push({ name: method.name, ...own });
  }
  return { windowMethods, split };
}

/** Those methods that support the context. */
function opened<M extends { readonly name: string }, O>(methods: readonly M[], open: (method: M) => O | undefined) {
  return methods.flatMap((method): Named<O>[] => {
    const own = open(method);
    return own === undefined ? [] : [{ name: method.name, ...own }];
  });
}

function lineChoice(
  methods: readonly Named<OpenedLineMethod>[],
  trajectory: number,
  isWithin: (proposal: LineProposal) => boolean,
): LineChoice {
  const cheapest = (without?: string): Named<{ readonly proposal: LineProposal }> | undefined => {
    let best: Named<{ readonly proposal: LineProposal }> | undefined;
    for (const { name, propose } of methods) {
      if (name === without) continue;
      const below = best?.proposal.cost ?? Number.POSITIVE_INFINITY;
      const proposal = propose(trajectory, below);
      if (proposal !== undefined && proposal.cost < below && isWithin(proposal)) best = { name, proposal };
    }
    return best;
  };
  // Direct sums support everything.
  const best = cheapest()!;
  return {
    ...best,
    other() {
      const second = cheapest(best.name);
      return second && { name: second.name, cost: second.proposal.cost };
    },
  };
}

/** Decisions to report. */
function lineDecisions(choices: readonly LineChoice[], isRead: readonly boolean[]): Decision[] {
  return choices.flatMap(({ proposal: { what, how, cost }, other }, trajectory) => {
    if (what === undefined || how === undefined || !isRead[trajectory]) return [];
    const next = other();
    return next === undefined ? [] : [{ what, chosen: how, cost, instead: next.name, insteadCost: next.cost }];
  });
}
