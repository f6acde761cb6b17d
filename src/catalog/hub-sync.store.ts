import type { Queryable, Transaction } from '../platform/database.js';
import type { ModelId } from '../platform/ids.js';
import type { LeasedWork } from '../platform/leased-work.js';
import type { HubFacts } from './hub-facts.js';

/** A model that is due to be asked about, for who took it up. */
export interface ClaimedSync {
  readonly modelId: ModelId;
  readonly slug: string;
  /** The slug that it had first, which may be the Hub's. */
  readonly servedAs: string;
  readonly etag: string | null;
  readonly values: HubFacts | null;
  readonly isGone: boolean;
  readonly failures: number;
  /** Number of the lease: what comes of an older one is not written down. */
  readonly lease: number;
}

/** Every model that is not retired is asked about; new ones at once, also when the clock steps back. */
export async function enrol(db: Queryable): Promise<void> {
  await db.query(
    `INSERT INTO hub_record (model_id, due_at) SELECT id, 'epoch' FROM model WHERE status <> 'RETIRED'
     ON CONFLICT DO NOTHING`,
    [],
  );
}

/** All are due, and have long been: a clock may step back. */
export async function makeAllDue(db: Queryable): Promise<void> {
  await db.query(`UPDATE hub_record SET due_at = 'epoch'`, []);
}

/** Models to be asked about, as work. */
export const HUB_SYNCS = {
  table: 'hub_record',
  key: ['model_id'],
  dueAt: 'due_at',
  counter: 'lease',
  open: 'true',
  choice: { among: 'JOIN model m ON m.id = w.model_id', where: `m.status <> 'RETIRED'` },
  columns: `w.model_id AS "modelId", m.slug, coalesce(m.served_as, m.slug) AS "servedAs", w.etag, w.values,
    w.gone_at IS NOT NULL AS "isGone", w.failures, w.lease`,
  from: 'JOIN model m ON m.id = w.model_id',
} as const satisfies LeasedWork;

/**
 * What came of it; `facts` undefined: what the Hub said before stands.
 * @returns false when somebody else has taken it up since
 */
export async function saveSync(
  tx: Transaction,
  { modelId, lease }: Pick<ClaimedSync, 'modelId' | 'lease'>,
  done: {
    readonly nextInMs: number;
    readonly facts?: { readonly values: HubFacts; readonly etag: string | undefined };
    readonly isGone: boolean;
    readonly problem?: string;
  },
): Promise<boolean> {
  const { nextInMs, facts, isGone, problem = null } = done;
  const count = await tx.execute(
    `
    UPDATE hub_record
       SET due_at = ledger_now() + $1 * interval '1 millisecond',
           synced_at = CASE WHEN $2::text IS NULL THEN ledger_now() ELSE synced_at END,
           failures = CASE WHEN $3::text IS NULL THEN 0 ELSE failures + 1 END,
           problem = $4::text,
           gone_at = CASE WHEN $5::boolean THEN coalesce(gone_at, ledger_now()) END
     WHERE model_id = $6 AND lease = $7`,
    [nextInMs, problem, problem, problem, isGone, modelId, lease],
  );
  if (count === 0) return false;
  if (facts !== undefined) {
    const { values, etag } = facts;
    await tx.hubRecord.update({
      where: { modelId },
      data: { values: { ...values }, etag: etag ?? null },
    });
  }
  return true;
}

/** The model's facts that the Hub speaks of too, and what the catalog's file last said of them. */
export async function findFacts(
  tx: Transaction,
  modelId: ModelId,
): Promise<{ current: HubFacts; seeded: Partial<HubFacts> }> {
  const model = await tx.model.findUniqueOrThrow({
    where: { id: modelId },
    select: { slug: true, downloadsPerMonth: true, likes: true, license: true, updatedOn: true },
  });
  const { slug, ...current } = model;
  const seed = await tx.catalogSeed.findUnique({ where: { slug } });
  return { current, seeded: (seed?.values ?? {}) as Partial<HubFacts> };
}

export async function updateFacts(
  tx: Transaction,
  modelId: ModelId,
  facts: Partial<HubFacts>,
): Promise<void> {
  await tx.model.update({ where: { id: modelId }, data: facts });
}
