/** How background work goes on one server. Times are the database's. */
export interface JobOnServer {
  /** "proc_…": a process, as long as it runs. */
  readonly processId: string;
  readonly host: string;
  readonly pid: number;
  /** When the process began. */
  readonly startedAt: Date;
  readonly lastStartedAt: Date | null;
  /** null before the first turn has ended. */
  readonly lastEndedAt: Date | null;
  /** Of the last turn that ended. */
  readonly durationMs: number | null;
  readonly lastError: string | null;
  readonly lastErrorAt: Date | null;
  readonly turns: bigint;
  readonly failures: bigint;
  readonly failuresInRow: number;
  /** null while a turn is in hand. */
  readonly nextTurnAt: Date | null;
}

/** Background work, and how it goes on every server that has told of it lately. */
export interface BackgroundJob {
  readonly name: string;
  readonly everyMs: number;
  /** By process. */
  readonly servers: readonly JobOnServer[];
}

/** What a server counts of its own work; times are of its `performance.now()`. */
export interface JobCounts {
  readonly name: string;
  readonly everyMs: number;
  turns: number;
  failures: number;
  failuresInRow: number;
  totalMs: number;
  startedMs: number | undefined;
  endedMs: number | undefined;
  durationMs: number | undefined;
  nextMs: number | undefined;
  error: string | undefined;
  errorMs: number | undefined;
}
