import { hostname } from 'node:os';
import { AppError } from '../errors.js';
import { type AuditedActor, insertAuditEvent } from '../platform/audit.store.js';
import type { Database } from '../platform/database.js';
import { newId } from '../platform/ids.js';
import type { BackgroundJob, JobCounts } from './background-job.js';
import * as store from './background-jobs.store.js';

/** Where servers hear that a turn is wanted. */
export const WANTED_CHANNEL = 'background_job_wanted';

/** A process writes every few seconds; after this it counts as gone. */
const SILENT_S = 60;
const FORGOTTEN_S = 3_600;
const ERROR_CHARS_MAX = 500;

/**
 * How background work goes, on all servers: each counts its own in memory, and writes it down every few
 * seconds, whatever the number of turns.
 */
export class BackgroundJobs {
  private readonly own = new Map<string, JobCounts>();
  private readonly process = { processId: newId('proc'), host: hostname(), pid: process.pid };

  constructor(private readonly db: Database) {}

  /**
   * Does turns of some work, and counts them.
   * @param turn resolves with true when the next turn follows at once
   * @returns the same, to be called again and again; rejects as `turn` does
   */
  watch(name: string, everyMs: number, turn: () => Promise<unknown>): () => Promise<unknown> {
    const counts = startCounts(name, everyMs);
    this.own.set(name, counts);
    return async () => {
      counts.startedMs = performance.now();
      counts.nextMs = undefined;
      let more: unknown;
      try {
        more = await turn();
        counts.failuresInRow = 0;
      } catch (error) {
        counts.failures += 1;
        counts.failuresInRow += 1;
        counts.error = (error instanceof Error ? error.message : String(error)).slice(
          0,
          ERROR_CHARS_MAX,
        );
        counts.errorMs = performance.now();
        throw error;
      } finally {
        const now = performance.now();
        counts.turns += 1;
        counts.durationMs = now - counts.startedMs;
        counts.totalMs += counts.durationMs;
        counts.endedMs = now;
        counts.nextMs = more === true ? now : now + everyMs;
      }
      return more;
    };
  }

  /** Writes down how this server's work goes. For a timer. */
  async save(): Promise<void> {
    await store.saveJobs(this.db, this.process, [...this.own.values()], performance.now());
    await store.deleteJobs(this.db, { silentForS: FORGOTTEN_S });
  }

  /** This server ends: nobody should wait for it. */
  async forget(): Promise<void> {
    await store.deleteJobs(this.db, { processId: this.process.processId });
  }

  /** By name; servers that nothing was heard of for a minute are left out. */
  async list(): Promise<readonly BackgroundJob[]> {
    const byName = new Map<
      string,
      BackgroundJob & { servers: BackgroundJob['servers'][number][] }
    >();
    for (const { name, everyMs } of this.own.values())
      byName.set(name, { name, everyMs, servers: [] });
    for (const { name, everyMs, ...server } of await store.listJobs(this.db, SILENT_S)) {
      const job = byName.get(name) ?? { name, everyMs, servers: [] };
      job.servers.push(server);
      byName.set(name, job);
    }
    return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * Begins a turn soon, on every server that does this work: it is safe there. May be repeated.
   * @throws AppError NOT_FOUND for work that there is none of, with the names of what there is
   */
  async run(by: AuditedActor, name: string): Promise<BackgroundJob> {
    const jobs = await this.list();
    const job = jobs.find((one) => one.name === name);
    if (job === undefined) {
      const names = jobs.map((one) => `"${one.name}"`).join(', ');
      const known =
        names === '' ? 'No server was heard of in the last minute.' : `There is: ${names}.`;
      throw new AppError('NOT_FOUND', `Background job not found. ${known}`, {
        details: { argument: 'name' },
      });
    }
    await this.db.transaction(async (tx) => {
      await store.announceWanted(tx, WANTED_CHANNEL, name);
      await insertAuditEvent(tx, { actor: by, action: 'background.run', target: name });
    });
    return job;
  }

  /** This server's turns, for metrics. */
  get counts(): readonly Readonly<JobCounts>[] {
    return [...this.own.values()];
  }
}

function startCounts(name: string, everyMs: number): JobCounts {
  return {
    name,
    everyMs,
    turns: 0,
    failures: 0,
    failuresInRow: 0,
    totalMs: 0,
    startedMs: undefined,
    endedMs: undefined,
    durationMs: undefined,
    nextMs: performance.now() + everyMs,
    error: undefined,
    errorMs: undefined,
  };
}
