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

const RETRY_MS = 1_000;

/**
 * Hears what PostgreSQL announces on some channels, over one connection of its own that is replaced when it
 * is lost.
 * @param channels by their names
 */
export function listen(url: string, channels: Readonly<Record<string, Channel>>): Listener {
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
      connectionTimeoutMillis: 5_000,
    });
    let lost = false;
    const lose = () => {
      if (lost) return;
      lost = true;
      void next.end().catch(() => undefined);
      retry();
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
      client = next;
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
      await client?.end().catch(() => undefined);
    },
  };
}
