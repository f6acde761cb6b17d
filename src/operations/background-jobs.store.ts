import type { Queryable, Transaction } from '../platform/database.js';
import type { JobCounts, JobOnServer } from './background-job.js';

export interface ProcessFacts {
  readonly processId: string;
  readonly host: string;
  readonly pid: number;
}

/**
 * Writes how the work of a process goes: one statement for all of it. Moments are given as how long ago they
 * were, so that all servers' are by the database's clock.
 */
export async function saveJobs(
  db: Queryable,
  { processId, host, pid }: ProcessFacts,
  jobs: readonly JobCounts[],
  nowMs: number,
): Promise<void> {
  const ago = (moment: number | undefined) => (moment === undefined ? null : nowMs - moment);
  const rows = jobs.map((job) => ({
    name: job.name,
    every_ms: job.everyMs,
    started_ago: ago(job.startedMs),
    ended_ago: ago(job.endedMs),
    error_ago: ago(job.errorMs),
    next_ago: ago(job.nextMs),
    duration_ms: job.durationMs === undefined ? null : Math.round(job.durationMs),
    error: job.error ?? null,
    turns: job.turns,
    failures: job.failures,
    in_row: job.failuresInRow,
  }));
  await db.query(
    `INSERT INTO background_job AS b (process_id, name, host, pid, every_ms, started_at, last_started_at,
       last_ended_at, duration_ms, last_error, last_error_at, turns, failures, failures_in_row, next_turn_at, updated_at)
     SELECT $1, j.name, $2, $3, j.every_ms, db_now() - $4 * interval '1 ms', db_now() - j.started_ago * interval '1 ms',
            db_now() - j.ended_ago * interval '1 ms', j.duration_ms, j.error, db_now() - j.error_ago * interval '1 ms',
            j.turns, j.failures, j.in_row, db_now() - j.next_ago * interval '1 ms', db_now()
       FROM json_to_recordset($5::json) AS j(name text, every_ms int, started_ago float8, ended_ago float8,
            error_ago float8, next_ago float8, duration_ms int, error text, turns bigint, failures bigint, in_row int)
     ON CONFLICT (process_id, name) DO UPDATE SET
       last_started_at = EXCLUDED.last_started_at, last_ended_at = EXCLUDED.last_ended_at,
       duration_ms = EXCLUDED.duration_ms, last_error = EXCLUDED.last_error, last_error_at = EXCLUDED.last_error_at,
       turns = EXCLUDED.turns, failures = EXCLUDED.failures, failures_in_row = EXCLUDED.failures_in_row,
       next_turn_at = EXCLUDED.next_turn_at, updated_at = EXCLUDED.updated_at`,
    [processId, host, pid, nowMs, JSON.stringify(rows)],
  );
}

/** Forgets a process that ends, and those that nothing was heard of for long: killed ones. */
export async function deleteJobs(
  db: Queryable,
  which: { readonly processId: string } | { readonly silentForS: number },
): Promise<void> {
  if ('processId' in which) {
    await db.query('DELETE FROM background_job WHERE process_id = $1', [which.processId]);
  } else {
    await db.query(
      'DELETE FROM background_job WHERE updated_at < db_now() - make_interval(secs => $1)',
      [which.silentForS],
    );
  }
}

/** Of processes that were heard of lately, by name and process. */
export async function listJobs(
  db: Queryable,
  silentForS: number,
): Promise<(JobOnServer & { readonly name: string; readonly everyMs: number })[]> {
  return db.query<JobOnServer & { readonly name: string; readonly everyMs: number }>(
    `SELECT name, every_ms AS "everyMs", process_id AS "processId", host, pid, started_at AS "startedAt",
            last_started_at AS "lastStartedAt", last_ended_at AS "lastEndedAt", duration_ms AS "durationMs",
            last_error AS "lastError", last_error_at AS "lastErrorAt", turns, failures,
            failures_in_row AS "failuresInRow", next_turn_at AS "nextTurnAt"
       FROM background_job WHERE updated_at >= db_now() - make_interval(secs => $1) ORDER BY name, process_id`,
    [silentForS],
  );
}

/** Every server that listens hears it once the transaction is committed. */
export async function announceWanted(
  tx: Transaction,
  channel: string,
  name: string,
): Promise<void> {
  await tx.query('SELECT pg_notify($1, $2)::text', [channel, name]);
}
