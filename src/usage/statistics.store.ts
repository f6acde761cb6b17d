import type { Queryable } from '../platform/database.js';
import type { UsageRow } from './usage-metrics.js';
import { USAGE_DIMENSIONS, type UsageDimension, type UsageQuestion } from './usage-question.js';
import { COLUMN_OF, DIMENSIONS, usageSql } from './usage-rows.sql.js';

type Row = Readonly<Record<string, string | null>> & {
  readonly bucket: number;
  readonly latency: Buffer;
};

/** What comes first, and how many. Without it: by bucket, then by group. */
export interface UsageOrder {
  readonly by: 'calls' | 'charged' | undefined;
  readonly atMost: number;
}

/**
 * What an owner's calls come to, bucket by bucket and group by group; empty ones are left out. One statement, no
 * lock. Roll-ups where they are, runs where they are not: the answer is the same.
 */
export async function listUsage(
  db: Queryable,
  question: UsageQuestion,
  { by, atMost }: UsageOrder,
): Promise<UsageRow[]> {
  const { owner, bounds, groupBy, filter } = question;
  const texts = bounds.map((bound) => bound.toISOString());
  const groups = groupBy.map((dimension) => `s.${COLUMN_OF[dimension]}`);
  const order = [...(by === undefined ? ['s.bucket'] : [`s.${by} DESC`]), ...groups];
  const limit = String(DIMENSIONS.length + 5);
  const rows = await db.query<Row>(
    `${usageSql(question)} ORDER BY ${order.join(', ')} LIMIT $${limit}`,
    [
      owner,
      texts,
      texts[0],
      texts.at(-1),
      ...DIMENSIONS.map((dimension) => filter[dimension] ?? null),
      atMost,
    ],
    // How much is rolled up, and how many calls an account has, makes all the difference to the plan.
    { plannedAnew: true },
  );
  return rows.map((row) => toRow(row, groupBy));
}

function toRow(row: Row, groupBy: readonly UsageDimension[]): UsageRow {
  const count = (column: string) => BigInt(row[column] ?? 0);
  const unit = (name: UsageRow['units'][number]['unit'], columns: string) => ({
    unit: name,
    requested: count(`${columns}_requested`),
    ran: count(`${columns}_ran`),
  });
  const names: Partial<Record<UsageDimension, string | null>> = {};
  if (groupBy.includes(USAGE_DIMENSIONS.KEY)) names.KEY = row.key_name ?? null;
  if (groupBy.includes(USAGE_DIMENSIONS.MEMBER)) names.MEMBER = row.member_name ?? null;
  return {
    // The database counts them from 1.
    bucket: row.bucket - 1,
    group: Object.fromEntries(
      // Empty: the calls have none.
      groupBy.map((dimension) => [dimension, present(row[COLUMN_OF[dimension]])]),
    ),
    names,
    calls: count('calls'),
    errors: count('errors'),
    chargedNanos: count('charged'),
    units: [
      unit('IMAGE', 'images'),
      unit('LABEL_TEXT', 'label_texts'),
      unit('EMBEDDING', 'embeddings'),
    ],
    latency: row.latency,
  };
}

function present(text: string | number | Buffer | null | undefined): string | null {
  return typeof text === 'string' && text !== '' ? text : null;
}
