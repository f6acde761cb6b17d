import type { Queryable } from './database.js';

/** The promise (I1 … I15), the fact in words, what is counted, and what breaks it (one text column). */
export type Check = readonly [
  invariant: string,
  fact: string,
  countedSql: string,
  brokenSql: string,
];

/** What checking one promise found. */
export interface Finding {
  readonly invariant: string;
  /** In words. */
  readonly fact: string;
  /** Rows that were looked at. */
  readonly checked: bigint;
  readonly broken: bigint;
  /** Ids of some rows that break it, at most 5. */
  readonly examples: readonly string[];
}

/** Checks promises on the data as it is at one moment: all in one statement, which reads only. */
export async function runChecks(
  db: Pick<Queryable, 'query'>,
  checks: readonly Check[],
): Promise<Finding[]> {
  const parts = checks.map(
    ([, , counted, broken], at) =>
      `SELECT ${String(at)} AS at, (${counted})::text AS checked, count(*)::text AS broken,
              coalesce((array_agg(found))[1:5], '{}') AS examples FROM (${broken}) AS b(found)`,
  );
  const rows = await db.query<{
    at: number;
    checked: string;
    broken: string;
    examples: string[];
  }>(`${parts.join('\nUNION ALL\n')}\nORDER BY at`, []);
  return rows.map(({ at, checked, broken, examples }) => ({
    invariant: checks[at]?.[0] ?? '',
    fact: checks[at]?.[1] ?? '',
    checked: BigInt(checked),
    broken: BigInt(broken),
    examples,
  }));
}
