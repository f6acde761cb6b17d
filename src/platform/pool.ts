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
 * with what they limit: a transaction begins with its own, and any other statement is cancelled from here.
 */
export function openPool(options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.connectionsMax,
    types: COLUMN_TYPES,
    // Of this process; nothing of it is sent.
    query_timeout: options.statementTimeoutMs + ANSWER_MS,
    keepAlive: true,
    connectionTimeoutMillis: options.connectTimeoutMs,
    idleTimeoutMillis: 30_000,
    application_name: 'gigarouter',
  });
  // Without a listener, a connection that PostgreSQL closes while idle would end the process.
  pool.on('error', (error) => options.onConnectionLost?.(error));
  pool.on('connect', (client) => {
    limitStatements(client, options);
  });
  return pool;
}

/** What `pg` has and its types do not. */
interface Internals {
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

function limitStatements(client: pg.PoolClient, options: PoolOptions): void {
  const { statementTimeoutMs, onStatement } = options;
  const send = client.query.bind(client) as (...args: unknown[]) => unknown;
  const begin = beginOf(statementTimeoutMs);
  let isInTransaction = false;

  const sendLimited = (args: unknown[]) => {
    let isAnswered = false;
    const timer = setTimeout(() => {
      // An answer that lies in the socket already is read first: the next statement must not be cancelled instead.
      setImmediate(() => {
        if (!isAnswered) cancel(client as unknown as Internals);
      });
    }, statementTimeoutMs).unref();
    const answered = () => {
      isAnswered = true;
      clearTimeout(timer);
    };
    const callback = args.at(-1);
    if (typeof callback === 'function') {
      return send(...args.slice(0, -1), (...result: unknown[]) => {
        answered();
        (callback as (...result: unknown[]) => void)(...result);
      });
    }
    return (send(...args) as Promise<unknown>).finally(answered);
  };

  client.query = ((...args: unknown[]) => {
    onStatement?.();
    const [config, ...rest] = args;
    const text = typeof config === 'string' ? config : (config as pg.QueryConfig).text;
    if (text === 'BEGIN') {
      isInTransaction = true;
      return send(
        typeof config === 'string' ? begin : { ...(config as object), text: begin },
        ...rest,
      );
    }
    if (!isInTransaction) return sendLimited(args);
    if (text === 'COMMIT' || text === 'ROLLBACK') isInTransaction = false;
    return send(...args);
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
