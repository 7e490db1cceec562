/** Signals that ask a run to stop: SIGINT and SIGTERM by a person or a scheduler, SIGUSR1 and SIGUSR2 as SLURM sends them before the limit. */

/** Heard from the start: what comes while inputs are read stops the run before its first tile, instead of killing the rank. */
const WARNINGS = ['SIGUSR1', 'SIGUSR2'] as const;
/** Heard once there is something to keep; before that they end the process at once, as anywhere. */
const ENDS = ['SIGINT', 'SIGTERM'] as const;

export interface StopRequest {
  /** The first signal that came, if any. */
  readonly signal: NodeJS.Signals | undefined;
  /** Runs when one comes; at once if one already has. */
  onStop(action: (signal: NodeJS.Signals) => void): void;
  /** From now on there is something to keep. */
  hold(): void;
  /** Gives the signals back their usual meaning. */
  release(): void;
}

/** Starts listening; MPI_Init is made to leave the signals as they are (mpi-node-bindings). */
export function listenForStop(): StopRequest {
  let signal: NodeJS.Signals | undefined;
  const actions: ((signal: NodeJS.Signals) => void)[] = [];
  const listener = (name: NodeJS.Signals): void => {
    if (signal !== undefined) return;
    signal = name;
    for (const action of actions) action(name);
  };
  for (const name of WARNINGS) process.on(name, listener);
  return {
    get signal() {
      return signal;
    },
    onStop(action) {
      actions.push(action);
      if (signal !== undefined) action(signal);
    },
    hold() {
      for (const name of ENDS) process.on(name, listener);
    },
    release() {
      for (const name of [...WARNINGS, ...ENDS]) process.removeListener(name, listener);
    },
  };
}
