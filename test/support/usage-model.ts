import type { UsageDimension, UsageFilter } from '../../src/usage/usage-question.js';
import type { UsageInterval, UsageRange } from '../../src/usage/usage-buckets.js';
import type { UsageMetrics } from '../../src/usage/usage-metrics.js';
import type { TestDatabase } from './database.js';
import type { PastRun } from './usage.js';

/** Two models of a catalog, and all that each was called, its present slug last. */
export class NamedModels {
  private readonly names = [['a/small'], ['b/large']];

  constructor(private readonly database: Pick<TestDatabase, 'query'>) {}

  async add(): Promise<void> {
    await this.database.query(
      `INSERT INTO model (id, slug, name, owner, task, status, summary, status_changed_at, created_at)
       SELECT 'mdl_' || n - 1, slug, slug, '', 'FEATURE_EXTRACTION', 'LIVE', '', now(), now()
         FROM unnest($1::text[]) WITH ORDINALITY AS x (slug, n)`,
      [this.names.flat()],
    );
  }

  /** What stands for a name: that of its model, or itself. */
  present(name: string): string {
    return this.names.find((all) => all.includes(name))?.at(-1) ?? name;
  }

  /** As an operator would, who cannot take another model's name. */
  async rename(at: number, to: string): Promise<void> {
    const id = `mdl_${String(at)}`;
    const names = this.names[at] ?? [];
    const from = names.at(-1);
    const isTaken = this.names.some((others) => others !== names && others.includes(to));
    if (from === to || isTaken) return;
    this.names[at] = [...names.filter((name) => name !== to), to];
    await this.database.query('DELETE FROM model_alias WHERE slug = $1', [to]);
    await this.database.query('UPDATE model SET slug = $2 WHERE id = $1', [id, to]);
    await this.database.query('INSERT INTO model_alias (slug, model_id) VALUES ($2, $1)', [
      id,
      from,
    ]);
  }
}

/** What calls are counted by, in plain code. */
export function valueOf(run: PastRun, dimension: UsageDimension): string | null {
  switch (dimension) {
    case 'MODEL':
      return run.model;
    case 'KEY':
      return run.keyId;
    case 'OPERATION':
      return run.operation;
    // The n-th key was made by the n-th user.
    case 'MEMBER':
      return run.keyId === null ? run.userId : `usr_${run.keyId.slice(-1)}`;
    case 'STATUS':
      return run.errorCode ?? 'OK';
  }
}

/** The calls of an account that a question is about. */
export function select(
  runs: readonly PastRun[],
  accountId: string,
  { from, to }: UsageRange,
  filter: UsageFilter,
): PastRun[] {
  return runs.filter(
    (run) =>
      run.accountId === accountId &&
      run.endedAt >= from &&
      run.endedAt < to &&
      Object.entries(filter).every(([dimension, values]) =>
        values.includes(valueOf(run, dimension as UsageDimension) ?? ''),
      ),
  );
}

/** What calls come to but for their latencies, which are not exact. */
export function metricsOf(runs: readonly PastRun[]): Omit<UsageMetrics, 'latencyMs'> {
  const answered = runs.filter(({ errorCode }) => errorCode === null);
  const sum = (list: readonly PastRun[], of: (run: PastRun) => number) =>
    BigInt(list.reduce((all, run) => all + of(run), 0));
  return {
    calls: BigInt(runs.length),
    errors: BigInt(runs.length - answered.length),
    chargedNanos: sum(answered, ({ chargedNanos }) => chargedNanos),
    units: [
      {
        unit: 'IMAGE',
        requested: sum(answered, ({ images }) => images),
        ran: sum(answered, ({ imagesRan }) => imagesRan),
      },
      { unit: 'LABEL_TEXT', requested: 0n, ran: 0n },
      { unit: 'EMBEDDING', requested: 0n, ran: 0n },
    ],
  };
}

/** The time that this share of the answered calls did not exceed; null without any. */
export function exactPercentile(runs: readonly PastRun[], share: number): number | null {
  const all = runs
    .filter(({ errorCode, isBatch }) => errorCode === null && !isBatch)
    .map(({ latencyMs }) => latencyMs)
    .sort((a, b) => a - b);
  return all[Math.ceil(share * all.length) - 1] ?? null;
}

/** What a calendar on the wall of a zone says, by the tables of the JavaScript engine; for hours, that of UTC. */
export function labelOf(at: Date, interval: UsageInterval, timeZone: string): string {
  if (interval === 'HOUR') return at.toISOString().slice(0, 13);
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(at);
  if (interval === 'DAY') return parts;
  if (interval === 'MONTH') return parts.slice(0, 7);
  const day = new Date(`${parts}T00:00:00Z`);
  const sinceMonday = (day.getUTCDay() + 6) % 7;
  return new Date(day.getTime() - sinceMonday * 86_400_000).toISOString().slice(0, 10);
}
