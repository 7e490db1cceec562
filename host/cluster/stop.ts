/** Signals that ask a run to stop: SIGINT and SIGTERM by a person or a scheduler, SIGUSR1 and SIGUSR2 as SLURM sends them before the limit. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;

export interface StopRequest {
  /** The first signal that came, if any. */
  readonly signal: NodeJS.Signals | undefined;
  /** Runs when one comes; at once if one already has. */
  onStop(action: (signal: NodeJS.Signals) => void): void;
  /** Gives the signals back their usual meaning. */
  release(): void;
}

/** Starts listening; after MPI_Init, which may take SIGUSR1 for itself. */
export function listenForStop(): StopRequest {
  let signal: NodeJS.Signals | undefined;
  const actions: ((signal: NodeJS.Signals) => void)[] = [];
  const listener = (name: NodeJS.Signals): void => {
    if (signal !== undefined) return;
    signal = name;
    for (const action of actions) action(name);
  };
  for (const name of SIGNALS) process.on(name, listener);
  return {
    get signal() {
      return signal;
    },
    onStop(action) {
      actions.push(action);
      if (signal !== undefined) action(signal);
    },
    release() {
      for (const name of SIGNALS) process.removeListener(name, listener);
    },
  };
}
