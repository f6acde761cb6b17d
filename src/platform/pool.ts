import pg from 'pg';
import { COLUMN_TYPES } from './queryable.js';

export interface PoolOptions {
  readonly url: string;
  readonly connectionsMax: number;
  /** A statement that runs longer is cancelled. */
  readonly statementTimeoutMs: number;
  /** How long a caller waits for a free connection. */
  readonly connectTimeoutMs: number;
  readonly onStatement?: () => void;
  /** An idle connection was lost; the pool replaces it. */
  readonly onConnectionLost?: (error: Error) => void;
}

/**
 * A statement is answered, or cancelled, by PostgreSQL within its time-out. A connection on which nothing comes for so
 * much longer is half-open: its other end is gone and will never say so.
 */
const ANSWER_MS = 5_000;

/**
 * A connection pool. Connections are opened without start-up options, and none is changed by SET: a pooler in
 * transaction mode (PgBouncer) refuses or drops the former, and lends a changed session to the next client. Limits travel
 * with what they limit: a transaction begins with its own, and any other statement is cancelled from here. A connection
 * on which a statement was cancelled is closed.
 */
export function openPool(options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.connectionsMax,
    types: COLUMN_TYPES,
    keepAlive: true,
    connectionTimeoutMillis: options.connectTimeoutMs,
    idleTimeoutMillis: 30_000,
    application_name: 'gigarouter',
  });
  // Without a listener, a connection that PostgreSQL closes while idle would end the process.
  pool.on('error', (error) => options.onConnectionLost?.(error));
  const cancelled = new WeakSet<pg.ClientBase>();
  pool.on('connect', (client) => {
    // A transaction listens only once it has the connection, which PostgreSQL may have ended in the same packet that said
    // that it is ready. The next statement fails, which is enough.
    client.on('error', () => undefined);
    limitStatements(client, options, () => cancelled.add(client));
  });
  // The request to cancel may reach PostgreSQL after the answer, and would end the next statement.
  pool.on('release', (_error, client) => {
    // The pool drops a connection that is about to end.
    if (cancelled.has(client)) client.end().catch(() => undefined);
  });
  return pool;
}

/** What `pg` has and its types do not. */
interface Internals {
  readonly connection: { readonly stream: { destroy(): void } };
  readonly host: string;
  readonly port: number;
  readonly ssl: unknown;
  readonly processID: number;
  readonly secretKey: unknown;
}
interface RawConnection extends NodeJS.EventEmitter {
  connect(port: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: unknown): void;
}

/** The first statement of each transaction, with its limits: one message, and gone with the transaction. */
function beginOf(statementTimeoutMs: number): string {
  // Locks of a server that is gone without a word are let go.
  const idleMs = statementTimeoutMs + ANSWER_MS;
  return `BEGIN; SET LOCAL statement_timeout = ${String(statementTimeoutMs)}; SET LOCAL idle_in_transaction_session_timeout = ${String(idleMs)}`;
}

/** Watches the statements of a connection, with one timer that each of them sets anew. @param onCancel told of each request to cancel */
function limitStatements(
  client: pg.PoolClient,
  { statementTimeoutMs, onStatement }: PoolOptions,
  onCancel: () => void,
): void {
  const internals = client as unknown as Internals;
  const send = client.query.bind(client) as (...args: unknown[]) => unknown;
  const begin = beginOf(statementTimeoutMs);
  let isInTransaction = false;
  /** In a transaction PostgreSQL cancels. */
  let isCancelledHere = false;
  let isRunning = false;
  let halfOpen: NodeJS.Timeout | undefined;

  const late = setTimeout(() => {
    if (!isRunning) return;
    halfOpen = setTimeout(() => {
      internals.connection.stream.destroy();
    }, ANSWER_MS).unref();
    if (!isCancelledHere) return;
    onCancel();
    cancel(internals);
  }, statementTimeoutMs).unref();
  // The statement is answered, and no other one waits.
  client.on('drain', () => {
    isRunning = false;
    clearTimeout(halfOpen);
  });
  client.on('end', () => {
    clearTimeout(late);
    clearTimeout(halfOpen);
  });

  client.query = ((...args: unknown[]) => {
    onStatement?.();
    const [config, ...rest] = args;
    const text = typeof config === 'string' ? config : (config as pg.QueryConfig).text;
    const isBegin = text === 'BEGIN';
    isCancelledHere = !isInTransaction && !isBegin;
    if (isBegin) isInTransaction = true;
    else if (text === 'COMMIT' || text === 'ROLLBACK') isInTransaction = false;
    isRunning = true;
    late.refresh();
    if (!isBegin) return send(...args);
    return send(
      typeof config === 'string' ? begin : { ...(config as object), text: begin },
      ...rest,
    );
  }) as typeof client.query;
}

/** Asks PostgreSQL, over a connection of its own, to cancel what runs on this one. Nothing comes of it when nothing does. */
function cancel({ host, port, ssl, processID, secretKey }: Internals): void {
  const connection = new pg.Connection({ ssl } as pg.ConnectionConfig) as unknown as RawConnection;
  const ask = () => {
    connection.cancel(processID, secretKey);
  };
  // The statement ends by the pool's own time-out then.
  connection.on('error', () => undefined);
  connection.on('connect', () => {
    if (ssl) connection.requestSsl();
    else ask();
  });
  connection.on('sslconnect', ask);
  if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${String(port)}`);
  else connection.connect(port, host);
}
