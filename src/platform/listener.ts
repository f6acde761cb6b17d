import pg from 'pg';

export interface Listener {
  stop(): Promise<void>;
}

const RETRY_MS = 1_000;

/**
 * Hears what PostgreSQL announces on a channel, over a connection of its own that is replaced when it is
 * lost.
 * @param onGap called whenever something may have been missed: at the start, and after each loss
 */
export function listen(
  url: string,
  channel: string,
  { onMessage, onGap }: { onMessage: (payload: string) => void; onGap: () => void },
): Listener {
  let stopped = false;
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;

  const retry = () => {
    client = undefined;
    onGap();
    if (!stopped) timer = setTimeout(() => void connect(), RETRY_MS).unref();
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
    next.on('notification', ({ payload }) => {
      onMessage(payload ?? '');
    });
    try {
      await next.connect();
      await next.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
      client = next;
      onGap();
      if (stopped) await next.end();
    } catch {
      lose();
    }
  };
  void connect();

  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };
}
