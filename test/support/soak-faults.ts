import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { until } from './process.js';
import type { Random } from './random.js';
import type { SoakLog } from './soak-log.js';
import type { SoakRig } from './soak-rig.js';

/** A kind of fault: causes it, and removes it when it has lasted long enough. */
export interface SoakFault {
  cause(): unknown;
  heal(): unknown;
  /** Effects that it must have had by the end of a soak. */
  readonly proof: RegExp;
}

const AWAY = /^UPSTREAM_UNAVAILABLE$/;
const ANY_LOSS = /^(no answer.*|UPSTREAM_UNAVAILABLE|OVERLOADED|DEADLINE_EXCEEDED)$/;
const HOUR_MS = 3_600_000;
/** How long an effect is waited for, before the fault is removed without any. */
const EFFECT_MS = 45_000;

/** Every kind of fault that this machine allows, by name. */
export function soakFaults(
  { payments, ...rig }: SoakRig,
  random: Random,
  log: SoakLog,
): Record<string, SoakFault> {
  const { toPostgres, toStripe, toServers, double, servers } = payments;
  const nothing = () => undefined;
  /** Past the proxy, as the superuser. */
  const asOwner = async (sql: string) => {
    const client = new pg.Client({
      connectionString: payments.databaseUrl(),
      options: '-c default_transaction_read_only=off',
    });
    client.on('error', nothing);
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end().catch(nothing);
    }
  };
  const cutting = (proxy: { cut(): number }): SoakFault => ({
    cause: async () => {
      log.see('connection cut', await until('a connection', () => proxy.cut() || undefined));
    },
    heal: nothing,
    proof: /^connection cut$/,
  });
  const silencing = (proxy: { cut(): number; silence(): number }, proof: RegExp): SoakFault => ({
    cause: async () => {
      log.see(
        'connection half-open',
        await until('a connection', () => proxy.silence() || undefined),
      );
    },
    heal: () => {
      proxy.cut();
    },
    proof,
  });

  const faults: Record<string, SoakFault> = {
    'server killed': {
      cause: async () => {
        const before = servers.reduce((sum, { ends }) => sum + ends, 0);
        payments.killServer();
        await until('the server to end', () =>
          servers.reduce((sum, { ends }) => sum + ends, 0) > before ? true : undefined,
        );
        log.see('process ended');
      },
      heal: nothing,
      proof: /^process ended$/,
    },
    'both servers killed': {
      cause: () => {
        for (const server of servers) server.kill();
      },
      heal: nothing,
      proof: /^no answer/,
    },
    'predictor killed': {
      cause: () => rig.killPredictor(random.int(500, 2_000)),
      heal: nothing,
      proof: AWAY,
    },
    'PostgreSQL killed': {
      cause: () => payments.killPostgres(random.int(500, 2_000)),
      heal: nothing,
      proof: AWAY,
    },
    'backend of PostgreSQL killed': {
      cause: async () => {
        const rows = await asOwner(
          `SELECT pid FROM pg_stat_activity WHERE application_name = 'gigarouter' AND datname = current_database()`,
        );
        const { pid } = random.pick(rows) ?? {};
        if (typeof pid !== 'number') return;
        process.kill(pid, 'SIGKILL');
        log.see('backend ended');
      },
      heal: () => payments.restartPostgres(),
      proof: /^backend ended$/,
    },
    'database read-only': {
      cause: () =>
        asOwner(`DO $$ BEGIN
            EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database());
            PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE datname = current_database() AND pid <> pg_backend_pid();
          END $$`),
      heal: () =>
        asOwner(`DO $$ BEGIN
            EXECUTE format('ALTER DATABASE %I RESET default_transaction_read_only', current_database());
          END $$`),
      proof: AWAY,
    },
    'connections to PostgreSQL cut': cutting(toPostgres),
    'connections to PostgreSQL half-open': silencing(toPostgres, ANY_LOSS),
    'connections to Stripe cut': cutting(toStripe),
    'connections to Stripe half-open': silencing(toStripe, /^connection half-open$/),
    'connections to the predictor cut': cutting(rig.toPredictor),
    'connections to the predictor half-open': silencing(rig.toPredictor, ANY_LOSS),
    'connections of callers cut': { ...cutting(toServers), proof: /^no answer/ },
    'connections of callers half-open': silencing(toServers, /^no answer/),
    'storm at Stripe': {
      cause: () => {
        const draw = random.deck({ '429': 2, '500': 2, '409': 1, reset: 2, lost: 3, truncated: 2 });
        double.faults.drawWith(() => {
          if (!random.chance(0.5)) return undefined;
          const fault = draw();
          log.see(`Stripe: ${fault}`);
          return fault;
        });
      },
      heal: () => {
        double.faults.clear();
      },
      proof: /^Stripe: /,
    },
    'webhooks of Stripe lost': {
      cause: () => {
        const { webhooks } = double;
        webhooks.faults.drop = 1;
        webhooks.faults.random = () => {
          log.see('webhook lost');
          return random.next();
        };
      },
      heal: () => {
        double.webhooks.faults.drop = 0;
        delete double.webhooks.faults.random;
      },
      proof: /^webhook lost$/,
    },
    'clocks of servers wrong': {
      cause: async () => {
        const ms = (random.chance(0.5) ? 1 : -1) * random.int(HOUR_MS, 48 * HOUR_MS);
        rig.skewServers(ms);
        const isTold = (server: (typeof servers)[number]) =>
          server.says(`clock off by ${String(ms)} `);
        await until('a clock to be wrong', () => servers.some(isTold) || undefined);
        log.see('server with a wrong clock');
        await pause(2_000);
      },
      heal: () => {
        rig.skewServers(0);
      },
      proof: /^server with a wrong clock$/,
    },
    "Stripe's clock wrong": {
      cause: async () => {
        const seconds = (random.chance(0.5) ? 1 : -1) * random.int(30, 100);
        rig.skewStripe(seconds);
        const before = double.store.all('event').length;
        await until('an event', () =>
          double.store.all('event').length > before ? true : undefined,
        );
        log.see('event with a wrong time');
      },
      heal: () => {
        rig.skewStripe(0);
      },
      proof: /^event with a wrong time$/,
    },
  };
  const { disks } = rig;
  if (disks !== undefined) {
    faults['disk of servers full'] = {
      cause: () => {
        disks.servers.fill(8_192);
      },
      heal: () => {
        disks.servers.free();
      },
      proof: /^INSUFFICIENT_STORAGE$/,
    };
    faults['disk of PostgreSQL full'] = {
      cause: () => {
        disks.postgres.fill(0);
      },
      heal: async () => {
        disks.postgres.free();
        // It ends when it cannot write its log ahead.
        await payments.restartPostgres();
      },
      proof: /^(INSUFFICIENT_STORAGE|UPSTREAM_UNAVAILABLE)$/,
    };
  }
  return faults;
}

/** Causes one fault after another, each kind as often as any other, until it is over and each has come once. */
export async function faultLife(
  rig: SoakRig,
  faults: Readonly<Record<string, SoakFault>>,
  random: Random,
  { log, isOver, say }: { readonly log: SoakLog; isOver(): boolean; say(line: string): void },
): Promise<void> {
  const names = Object.keys(faults);
  const draw = random.deck(Object.fromEntries(names.map((name) => [name, 1])));
  for (let n = 0; n < names.length || !isOver(); n += 1) {
    const name = draw();
    const fault = faults[name];
    if (fault === undefined) continue;
    const before = log.seen(name, fault.proof);
    log.begin(name);
    await fault.cause();
    const deadline = Date.now() + EFFECT_MS;
    while (log.seen(name, fault.proof) === before && Date.now() < deadline) await pause(50);
    await pause(random.int(300, 1_500));
    await fault.heal();
    const healedAt = performance.now();
    await recovered(rig);
    log.end(performance.now() - healedAt);
    say(`${name}: ${log.describe(name)}`);
    await pause(random.int(300, 1_000));
  }
}

/** Resolves when every server says that it is ready. */
export async function recovered({ payments }: SoakRig): Promise<void> {
  await payments.allUp();
  for (const server of payments.servers) {
    await until('a server to say that it is ready', async () => {
      const url = `http://127.0.0.1:${String(server.port)}/readyz`;
      const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) }).catch(
        () => undefined,
      );
      return answer?.status === 200 ? true : undefined;
    });
  }
}
