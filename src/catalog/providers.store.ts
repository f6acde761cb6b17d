import type { Queryable, Transaction } from '../platform/database.js';
import { type ModelId, newId, type ProviderId } from '../platform/ids.js';
import {
  type NewProvider,
  type Provider,
  type ProviderCosts,
  type ProviderEdit,
  type ProviderHealth,
  type ProviderRoute,
} from './provider.js';

const ROUTE_COLUMNS = `p.id, p.model_id AS "modelId", p.name, p.protocol, p.url, p.token, p.health, p.verified,
  p.edition, coalesce(m.served_as, m.slug) AS "servedAs"`;

/** Of a model, in the order in which they are asked. One statement. */
export async function listProviders(db: Queryable, modelId: ModelId): Promise<Provider[]> {
  const rows = await db.query<Omit<Provider, 'costs'> & { costs: Record<string, string> }>(
    `SELECT id, model_id AS "modelId", name, protocol, url, token IS NOT NULL AS "hasToken", costs, priority,
            enabled, health, verified, checked_at AS "checkedAt", latency_ms AS "latencyMs", failures, problem
       FROM model_provider WHERE model_id = $1 ORDER BY priority DESC, id`,
    [modelId],
  );
  return rows.map(({ costs, ...row }) => ({ ...row, costs: toCosts(costs) }));
}

/** Every enabled provider of every model, in the order in which they are asked. One statement. */
export async function listRoutes(db: Queryable, modelId?: ModelId): Promise<ProviderRoute[]> {
  return db.query<ProviderRoute>(
    `SELECT ${ROUTE_COLUMNS} FROM model_provider p JOIN model m ON m.id = p.model_id
      WHERE p.enabled AND ($1::text IS NULL OR p.model_id = $1) ORDER BY p.priority DESC, p.id`,
    [modelId ?? null],
  );
}

/**
 * Takes up enabled providers that nobody has asked for some time, at most `first`: whoever takes one up has
 * it for that time. Others skip what is locked, so that any number of servers may do so.
 */
export async function claimStale(
  db: Queryable,
  afterMs: number,
  first: number,
): Promise<ProviderRoute[]> {
  return db.query<ProviderRoute>(
    `WITH stale AS (
       SELECT id FROM model_provider
        WHERE enabled AND (checked_at IS NULL OR checked_at < ledger_now() - $1 * interval '1 millisecond')
        ORDER BY checked_at NULLS FIRST LIMIT $2 FOR UPDATE SKIP LOCKED)
     UPDATE model_provider p SET checked_at = ledger_now()
       FROM stale, model m WHERE p.id = stale.id AND m.id = p.model_id
     RETURNING ${ROUTE_COLUMNS}`,
    [afterMs, first],
  );
}

/** What a check found. Nothing is written when the provider was edited meanwhile. */
export async function saveHealth(
  db: Queryable,
  { id, edition }: Pick<ProviderRoute, 'id' | 'edition'>,
  found: {
    readonly health: ProviderHealth;
    readonly verified: boolean;
    readonly latencyMs: number | undefined;
    readonly problem: string | undefined;
  },
): Promise<void> {
  await db.query(
    `UPDATE model_provider
        SET health = $3::"ProviderHealth", verified = $4, latency_ms = $5, problem = $6::text, checked_at = ledger_now(),
            failures = CASE WHEN $6::text IS NULL THEN 0 ELSE failures + 1 END
      WHERE id = $1 AND edition = $2`,
    [id, edition, found.health, found.verified, found.latencyMs ?? null, found.problem ?? null],
  );
}

export async function findModelOf(db: Queryable, id: string): Promise<ModelId | undefined> {
  const [row] = await db.query<{ modelId: ModelId }>(
    'SELECT model_id AS "modelId" FROM model_provider WHERE id = $1',
    [id],
  );
  return row?.modelId;
}

export async function findProvider(
  tx: Transaction,
  id: string,
): Promise<Pick<Provider, 'id' | 'modelId' | 'name' | 'protocol' | 'url'> | undefined> {
  const row = await tx.modelProvider.findUnique({
    where: { id },
    select: { id: true, modelId: true, name: true, protocol: true, url: true },
  });
  return row === null
    ? undefined
    : { ...row, id: row.id as ProviderId, modelId: row.modelId as ModelId };
}

export function countProviders(
  tx: Transaction,
  where: { modelId: ModelId; name?: string; protocol?: 'BUILT_IN' },
): Promise<number> {
  return tx.modelProvider.count({ where });
}

export async function insertProvider(
  tx: Transaction,
  modelId: ModelId,
  provider: NewProvider,
  known: { readonly verified: boolean } = { verified: false },
): Promise<ProviderId> {
  const id = newId('prv');
  const { name, protocol, url, token, costs, priority, enabled } = provider;
  await tx.modelProvider.create({
    data: {
      id,
      modelId,
      name,
      protocol,
      url: url ?? null,
      token: token ?? null,
      costs: fromCosts(costs ?? {}),
      priority: priority ?? 0,
      enabled: enabled ?? true,
      ...(known.verified ? { verified: true, health: 'READY' } : {}),
    },
  });
  return id;
}

/** @param edit what is undefined stays; another URL is another machine, which has to show its scores anew */
export async function updateProvider(
  tx: Transaction,
  id: ProviderId,
  { costs, ...edit }: ProviderEdit,
  isElsewhere: boolean,
): Promise<void> {
  const given = Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined));
  await tx.modelProvider.update({
    where: { id },
    data: {
      ...given,
      ...(costs === undefined ? {} : { costs: fromCosts(costs) }),
      ...(isElsewhere ? { verified: false, health: 'UNKNOWN', problem: null, failures: 0 } : {}),
      checkedAt: null,
      edition: { increment: 1 },
    },
  });
}

export async function deleteProvider(tx: Transaction, id: ProviderId): Promise<void> {
  await tx.modelProvider.delete({ where: { id } });
}

/** The public count follows the enabled providers. */
export async function countPublicly(tx: Transaction, modelId: ModelId): Promise<void> {
  const apiProviders = await tx.modelProvider.count({ where: { modelId, enabled: true } });
  await tx.model.update({ where: { id: modelId }, data: { apiProviders } });
}

function toCosts(costs: Readonly<Record<string, string>>): ProviderCosts {
  return Object.fromEntries(Object.entries(costs).map(([unit, nanos]) => [unit, BigInt(nanos)]));
}

function fromCosts(costs: ProviderCosts): Record<string, string> {
  return Object.fromEntries(Object.entries(costs).map(([unit, nanos]) => [unit, String(nanos)]));
}
