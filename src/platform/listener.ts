import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';

export interface Listener {
  stop(): Promise<void>;
}

/** What is done about a channel. */
export interface Channel {
  readonly onMessage: (payload: string) => void;
  /** Called whenever something may have been missed: at the start, and after each loss of the connection. */
  readonly onGap: () => void;
}

export interface ListenOptions {
  /** Milliseconds between two looks at whether the connection still works, and for each answer. */
  readonly probeMs?: number;
  readonly answerMs?: number;
  /** A pooler answers instead of PostgreSQL, so notifications may never arrive. Called at each connection. */
  readonly onPooler?: () => void;
}

const RETRY_MS = 1_000;
/** A connection whose other end is gone says nothing: its loss is noticed after PROBE_MS + ANSWER_MS at most. */
const PROBE_MS = 5_000;
const ANSWER_MS = 5_000;
const STOP_MS = 1_000;

/**
 * Hears what PostgreSQL announces on some channels, over one connection of its own that is replaced when it
 * is lost, or when it does not answer.
 * @param channels by their names
 */
export function listen(
  url: string,
  channels: Readonly<Record<string, Channel>>,
  { probeMs = PROBE_MS, answerMs = ANSWER_MS, onPooler }: ListenOptions = {},
): Listener {
  let stopped = false;
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;

  const gap = () => {
    for (const { onGap } of Object.values(channels)) onGap();
  };
  const retry = () => {
    client = undefined;
    gap();
    if (!stopped) timer = setTimeout(start, RETRY_MS).unref();
  };
  const connect = async () => {
    const next = new pg.Client({
      connectionString: url,
      application_name: 'gigarouter listener',
      keepAlive: true,
      connectionTimeoutMillis: answerMs,
      query_timeout: answerMs,
    });
    let lost = false;
    let probe: NodeJS.Timeout | undefined;
    const lose = () => {
      if (lost) return;
      lost = true;
      clearTimeout(probe);
      // Resolves when the other end answers, which it may never do.
      void next.end().catch(() => undefined);
      retry();
    };
    const probeSoon = () => {
      if (lost) return;
      probe = setTimeout(() => {
        next.query('SELECT').then(probeSoon, lose);
      }, probeMs).unref();
    };
    next.on('error', lose);
    next.on('end', lose);
    next.on('notification', ({ channel, payload }) => {
      channels[channel]?.onMessage(payload ?? '');
    });
    try {
      await next.connect();
      for (const channel of Object.keys(channels)) {
        await next.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
      }
      if (await isPooled(next)) onPooler?.();
      client = next;
      probeSoon();
      gap();
      if (stopped) await next.end();
    } catch {
      lose();
    }
  };
  const start = () => {
    connect().catch(retry);
  };
  start();

  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      const ended = client?.end().catch(() => undefined);
      // The other end may be gone without a word.
      await Promise.race([ended, wait(STOP_MS, undefined, { ref: false })]);
    },
  };
}

/** Whether the process that runs statements is another one than said hello. */
async function isPooled(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid !== (client as pg.Client & { readonly processID: number }).processID;
}
