/**
 * The two error types of this package; wrong arguments are TypeError and RangeError, thrown before
 * MPI is called.
 */

/** MPI returned an error. The message is the name of the call and the library's own text. */
export class MpiError extends Error {
  override readonly name = 'MpiError';
  /** The library's number for it; not portable. */
  readonly code: number;
  /** The standard's name for its class, as 'MPI_ERR_RANK'. */
  readonly errorClass: string;

  constructor(message: string, code: number, errorClass: string) {
    super(message);
    this.code = code;
    this.errorClass = errorClass;
  }
}

/**
 * The job was started in a way that would give wrong results: the launcher's ranks and MPI's do not
 * agree.
 */
export class LaunchError extends Error {
  override readonly name = 'LaunchError';
  /**
   * This process's rank as counted by the launcher, so that only one rank prints the error; 0 if
   * unknown.
   */
  readonly rank: number;

  constructor(message: string, rank: number) {
    super(message);
    this.rank = rank;
  }
}
