import { createHash } from 'node:crypto';

/** Statements that may be kept prepared on each connection; the rest is sent unnamed, and planned each time. */
const PREPARED_MAX = 256;

/**
 * Name of a prepared statement: a hash of its text. Behind a pooler the connections of many processes share sessions, so
 * the same name has to mean the same statement in all of them; a number counted in each process does not.
 */
export function statementName(sql: string): string {
  return `gr_${createHash('sha256').update(sql).digest('base64url').slice(0, 32)}`;
}

export interface StatementNames {
  /** undefined: the statement is sent unprepared. */
  nameOf(sql: string): string | undefined;
  /** From now on no statement is named. @returns false when that was so already */
  stop(): boolean;
}

export function statementNames(): StatementNames {
  const names = new Map<string, string>();
  let isOn = true;
  return {
    nameOf: (sql) => {
      if (!isOn) return undefined;
      let name = names.get(sql);
      if (name === undefined && names.size < PREPARED_MAX) {
        name = statementName(sql);
        names.set(sql, name);
      }
      return name;
    },
    stop: () => {
      const wasOn = isOn;
      isOn = false;
      return wasOn;
    },
  };
}

/** PostgreSQL: no prepared statement of that name, or one already. */
const LOST_SQLSTATES = new Set<unknown>(['26000', '42P05']);

/**
 * True when a session does not have the statement that this process prepared in it, or has one that it did not: a pooler
 * lends sessions and does not know what is prepared in them. The statement has not run.
 */
export function isStatementLost(error: unknown): boolean {
  return LOST_SQLSTATES.has((error as { code?: unknown }).code);
}
