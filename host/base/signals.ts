/**
 * Signals that ask a run to stop: SIGINT and SIGTERM from a person or a scheduler, SIGUSR1 and
 * SIGUSR2 as SLURM sends them before the time limit. They are trapped from the start
 * (`cli/larmor.ts`) until the process exits, so that none of them kills a rank that has work to
 * save. A second SIGINT ends the process at once: its sender does not want to wait.
 */
const STOPS = ['SIGINT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;

/**
 * Two interrupts within this time count as one: `timeout` and shells send one to the process and
 * one to its group.
 */
const SAME_INTERRUPT_MS = 500;

/** Signals that ask a run to stop: these, or a program's AbortSignal. */
export interface StopRequest {
  /** The name of the first that came, if any. */
  readonly signal: string | undefined;
  /** Runs when one comes; at once if one already has. */
  onStop(action: (signal: string) => void): void;
}

/**
 * The launcher and the command are two bundles, each with a copy of this module; they share one
 * trap.
 */
interface Shared {
  trap?: StopRequest;
  interrupt: () => void;
}
const KEY = Symbol.for('larmor.signals');
const everywhere = globalThis as { [key: symbol]: Shared | undefined };
const shared: Shared = everywhere[KEY] ?? { interrupt: () => process.exit(130) };
everywhere[KEY] = shared;

/**
 * Traps the signals; a second call returns the existing trap. MPI_Init is made to leave them
 * unchanged (mpi-node-bindings).
 */
export function trapStops(): StopRequest {
  shared.trap ??= setTrap();
  return shared.trap;
}

/** What a second interrupt does. */
export function onInterrupt(action: () => void): void {
  shared.interrupt = action;
}

function setTrap(): StopRequest {
  let signal: string | undefined;
  let interruptedAt: number | undefined;
  const actions: ((signal: string) => void)[] = [];
  const trap: StopRequest = {
    get signal() {
      return signal;
    },
    onStop(action) {
      actions.push(action);
      if (signal !== undefined) action(signal);
    },
  };
  const listener = (name: NodeJS.Signals): void => {
    if (name === 'SIGINT') {
      const now = performance.now();
      if (interruptedAt !== undefined && now - interruptedAt > SAME_INTERRUPT_MS) shared.interrupt();
      interruptedAt ??= now;
    }
    if (signal !== undefined) return;
    signal = name;
    for (const action of actions) action(name);
  };
  for (const name of STOPS) process.on(name, listener);
  return trap;
}
