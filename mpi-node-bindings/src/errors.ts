/** The two errors of this package's own; wrong arguments are TypeError and RangeError, thrown before MPI is called. */

/** MPI said no. The message is the library's own text, behind the name of the call. */
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

/** The job was started in a way that would give wrong results: the launcher's ranks and MPI's do not agree. */
export class LaunchError extends Error {
  override readonly name = 'LaunchError';
  /** This process's rank by the launcher's count, so that one of many can speak; 0 when unknown. */
  readonly rank: number;

  constructor(message: string, rank: number) {
    super(message);
    this.rank = rank;
  }
}
