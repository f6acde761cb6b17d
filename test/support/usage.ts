import { CreditsService } from '../../src/credits/credits.service.js';
import { openDatabase } from '../../src/platform/database.js';
import { RollupsService } from '../../src/usage/rollups.service.js';
import { StatisticsService } from '../../src/usage/statistics.service.js';
import { createTestDatabase, type TestDatabase } from './database.js';

/** A call of the past, as the ledger would have written it down. */
export interface PastRun {
  readonly id: string;
  readonly accountId: string;
  readonly model: string;
  readonly operation: string;
  /** null: a signed-in person called. */
  readonly keyId: string | null;
  readonly userId: string;
  /** null: it was answered; else why not. */
  readonly errorCode: string | null;
  readonly isBatch: boolean;
  readonly chargedNanos: number;
  readonly images: number;
  readonly imagesRan: number;
  readonly endedAt: Date;
  readonly latencyMs: number;
}

export interface TestUsage {
  readonly database: TestDatabase;
  readonly statistics: StatisticsService;
  readonly rollups: RollupsService;
  /** An account with two keys, `<name>_key_0` and `<name>_key_1`, that its two members made. */
  account(name: string): Promise<string>;
  /** Writes calls of the past, past the ledger. */
  insert(runs: readonly PastRun[]): Promise<void>;
  close(): Promise<void>;
}

/** Usage on a database of its own. */
export async function openTestUsage(): Promise<TestUsage> {
  const database = await createTestDatabase({ seeded: false });
  const db = openDatabase({
    url: database.url,
    connectionsMax: 4,
    statementTimeoutMs: 60_000,
    connectTimeoutMs: 60_000,
  });
  return {
    database,
    statistics: new StatisticsService(db, new CreditsService(db)),
    rollups: new RollupsService(db),
    account: async (name) => {
      const id = `acct_${name}`;
      await database.query(`INSERT INTO account (id, kind, name) VALUES ($1, 'PERSONAL', $1)`, [
        id,
      ]);
      await database.query(
        `INSERT INTO api_key (id, account_id, name, hash, prefix, last_four, scopes, created_by)
         SELECT 'key_' || $2 || '_' || n, $1, 'Key ' || n, sha256(convert_to($1 || n, 'UTF8')), 'gr-', 'abcd', '{READ}',
                'usr_' || n FROM generate_series(0, 1) AS n`,
        [id, name],
      );
      return id;
    },
    insert: (runs) => insertRuns(database, runs),
    close: async () => {
      await db.close();
      await database.drop();
    },
  };
}

export async function insertRuns(
  database: Pick<TestDatabase, 'query'>,
  runs: readonly PastRun[],
): Promise<void> {
  const rows = runs.map((run) => ({
    id: run.id,
    account_id: run.accountId,
    key_id: run.keyId,
    outcome: outcomeOf(run),
    held: run.chargedNanos + 1_000,
    charged: run.errorCode === null ? run.chargedNanos : 0,
    details: {
      operation: run.operation,
      model: run.model,
      ...(run.isBatch ? { tier: 'batch' } : {}),
      units: [
        {
          unit: 'IMAGE',
          priceVersionId: 'prc_1',
          nanosPerUnit: '1',
          requested: run.images,
          ran: run.imagesRan,
        },
      ],
      actor: run.keyId === null ? `user:${run.userId}` : `key:${run.keyId}`,
      ...(run.errorCode === null ? {} : { errorCode: run.errorCode }),
    },
    started_at: new Date(run.endedAt.getTime() - run.latencyMs).toISOString(),
    ended_at: run.endedAt.toISOString(),
  }));
  await database.query(
    `INSERT INTO run (id, account_id, key_id, outcome, held, charged, details, started_at, ended_at)
     SELECT id, account_id, key_id, outcome, held, charged, details, started_at, ended_at
       FROM jsonb_populate_recordset(NULL::run, $1::jsonb)`,
    [JSON.stringify(rows)],
  );
  // The ledger writes none into an hour that is over; who does has to say so.
  await database.query(
    `INSERT INTO usage_dirty (hour) SELECT DISTINCT date_trunc('hour', at, 'UTC') FROM unnest($1::timestamptz[]) AS at`,
    [runs.map(({ endedAt }) => endedAt)],
  );
}

function outcomeOf({ errorCode }: PastRun): string {
  if (errorCode === null) return 'CAPTURED';
  return errorCode === 'EXPIRED' ? 'EXPIRED' : 'VOIDED';
}
