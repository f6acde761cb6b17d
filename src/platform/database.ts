import { PrismaPg } from '@prisma/adapter-pg';
import type pg from 'pg';
import { AppError } from '../errors.js';
import { orDiskFull } from './disk-full.js';
import { anyCause } from './failure.js';
import { openPool, type PoolOptions } from './pool.js';
import { isStatementLost, statementNames } from './prepared-statements.js';
import { PrismaClient } from './prisma/client.js';
import { type Queryable, type Transaction, withQueries } from './queryable.js';

export type { Queryable, Tables, Transaction } from './queryable.js';

/** The pool: tables by Prisma, SQL by the door (docs/decisions/0003), and transactions with both. */
export interface Database extends Queryable {
  readonly prisma: PrismaClient;
  /** @throws as Prisma's `$transaction`; AppError as `query` */
  transaction<Result>(
    work: (tx: Transaction) => Promise<Result>,
    options?: TransactionOptions,
  ): Promise<Result>;
  /**
   * A transaction of background work, on a connection of its own: it may take up to 15 minutes, statements included.
   * @throws as `transaction`
   */
  longTransaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>;
  poolUse(): { total: number; idle: number; waiting: number };
  close(): Promise<void>;
}

export interface TransactionOptions {
  /** Milliseconds that the whole transaction may take. */
  readonly timeout?: number;
  /** Milliseconds that it may wait for a connection. */
  readonly maxWait?: number;
}

export interface DatabaseOptions extends PoolOptions {
  /** A pooler does not keep prepared statements: from now on statements are sent unprepared. Called once. */
  readonly onUnprepared?: () => void;
}

/** Limits of background work: how long a statement and its transaction may take, and how many there may be at once. */
const LONG = { statementTimeoutMs: 15 * 60_000, connectionsMax: 2 } as const;

/** Connects lazily: succeeds while PostgreSQL is away. */
export function openDatabase(options: DatabaseOptions): Database {
  const pool = openPool(options);
  const prisma = openPrisma(pool, options);
  const long = { ...options, ...LONG };
  let forLong: { prisma: PrismaClient; pool: pg.Pool } | undefined;
  const names = statementNames();
  const send = (text: string, values: readonly unknown[], name?: string) =>
    pool.query<pg.QueryResultRow>({
      text,
      values: [...values],
      ...(name === undefined ? {} : { name }),
    });
  const run = async (sql: string, values: readonly unknown[], name: string | undefined) => {
    try {
      return await send(sql, values, name).catch((error: unknown) => {
        if (name === undefined || !isStatementLost(error)) throw error;
        if (names.stop()) options.onUnprepared?.();
        return send(sql, values);
      });
    } catch (error) {
      throw isDatabaseOutage(error) ? databaseAway(error) : orDiskFull(error);
    }
  };

  return {
    prisma,
    query: async <Row extends object>(
      sql: string,
      values: readonly unknown[],
      { plannedAnew }: { readonly plannedAnew?: true } = {},
    ) => {
      const { rows } = await run(sql, values, plannedAnew ? undefined : names.nameOf(sql));
      return rows as Row[];
    },
    execute: async (sql, values) => (await run(sql, values, names.nameOf(sql))).rowCount ?? 0,
    transaction: (work, limits) => prisma.$transaction((tx) => work(withQueries(tx)), limits),
    longTransaction(work) {
      if (forLong === undefined) {
        const longPool = openPool(long);
        forLong = { pool: longPool, prisma: openPrisma(longPool, long) };
      }
      return forLong.prisma.$transaction((tx) => work(withQueries(tx)));
    },
    poolUse: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    async close() {
      for (const one of [{ prisma, pool }, forLong]) {
        await one?.prisma.$disconnect();
        await one?.pool.end();
      }
    },
  };
}

function openPrisma(
  pool: pg.Pool,
  { connectTimeoutMs, statementTimeoutMs }: PoolOptions,
): PrismaClient {
  // Prisma's own limits, 2 and 5 seconds, would end on a busy machine what the settings allow.
  const transactionOptions = { maxWait: connectTimeoutMs, timeout: statementTimeoutMs };
  return new PrismaClient({ adapter: new PrismaPg(pool), transactionOptions });
}

/**
 * Locks no row, and needs the right to write all the same. Asked by failing, not by reading a setting: the pool closes a
 * connection that fails, and one that was opened while the database was read-only stays so.
 * @throws AppError UPSTREAM_UNAVAILABLE when the database cannot be asked, is a standby or otherwise read-only
 */
export async function requireWritable(db: Pick<Database, 'query'>): Promise<void> {
  await db.query('SELECT FROM rate_limit WHERE false FOR UPDATE', []);
}

const OUTAGE_SYSTEM_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
/**
 * Prisma: cannot reach, timed out, closed, no free connection, a transaction that did not begin or end in time, too
 * many connections.
 */
const OUTAGE_PRISMA_CODES = new Set([
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2028',
  'P2037',
]);
/** Prisma's driver adapters: a connection that ended in the middle of a statement has no code there. */
const OUTAGE_KINDS = new Set([
  'ConnectionClosed',
  'DatabaseNotReachable',
  'SocketTimeout',
  'TooManyConnections',
]);
/** PostgreSQL: connection exceptions, shutdown and start-up, out of connections, cancelled by time-out, read-only. */
const OUTAGE_SQLSTATES = /^(08...|57P0[1-5]|57014|25P03|53300|53400|25006)$/;
/** pg says these in words only. */
const OUTAGE_MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Cannot use a pool after calling end)/;

/**
 * True when the database could not be asked, so that the same request may work later: 503, never
 * "not found" or "wrong key". Looks through causes.
 */
export function isDatabaseOutage(error: unknown): boolean {
  return anyCause(
    error,
    ({ code, originalCode, kind, message }) =>
      (typeof kind === 'string' && OUTAGE_KINDS.has(kind)) ||
      [code, originalCode].some((value) => typeof value === 'string' && isOutageCode(value)) ||
      (typeof message === 'string' && OUTAGE_MESSAGES.test(message)),
  );
}

/** PostgreSQL: a character that a text cannot hold (NUL), a number or a date that is out of range. */
const NOT_STORABLE_SQLSTATES = /^(22021|22P05|22003|22008)$/;

/** True when a value that a caller sent cannot be stored. Looks through causes. */
export function isNotStorable(error: unknown): boolean {
  return anyCause(error, ({ code, originalCode }) =>
    [code, originalCode].some((value) => NOT_STORABLE_SQLSTATES.test(String(value))),
  );
}

const READ_ONLY_SQLSTATE = '25006';

/** What a caller is told of an outage. */
export function databaseAway(cause: unknown): AppError {
  const isReadOnly = anyCause(cause, ({ code, originalCode }) =>
    [code, originalCode].includes(READ_ONLY_SQLSTATE),
  );
  const message = isReadOnly
    ? 'The database is read-only at the moment. Try again shortly.'
    : 'The database cannot be reached at the moment. Try again shortly.';
  return new AppError('UPSTREAM_UNAVAILABLE', message, { cause });
}

function isOutageCode(code: string): boolean {
  return (
    OUTAGE_SYSTEM_CODES.has(code) || OUTAGE_PRISMA_CODES.has(code) || OUTAGE_SQLSTATES.test(code)
  );
}
