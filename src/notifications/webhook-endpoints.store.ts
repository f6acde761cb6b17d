import { lockAccountRow } from '../platform/account-row.store.js';
import type { Tables, Transaction } from '../platform/database.js';
import type { AccountId, WebhookEndpointId } from '../platform/ids.js';
import type { EndpointSettings, WebhookEndpoint } from './webhook-endpoint.js';

const FIELDS = {
  id: true,
  accountId: true,
  url: true,
  description: true,
  types: true,
  enabled: true,
  disabledReason: true,
  failingSince: true,
  previousSecretUntil: true,
  createdAt: true,
} as const;

type Row = Omit<WebhookEndpoint, 'id' | 'accountId' | 'types'> & {
  id: string;
  accountId: string;
  types: string[];
};
const toEndpoint = (row: Row) => row as WebhookEndpoint;

/** Locks the account's row, so that its endpoints are made one after the other and the limit holds. */
export async function countEndpoints(tx: Transaction, accountId: AccountId): Promise<number> {
  await lockAccountRow(tx, accountId);
  return tx.webhookEndpoint.count({ where: { accountId } });
}

export async function insertEndpoint(
  tx: Transaction,
  endpoint: EndpointSettings & { id: WebhookEndpointId; accountId: AccountId; secret: string },
): Promise<WebhookEndpoint> {
  const data = { ...endpoint, types: [...endpoint.types] };
  return toEndpoint(await tx.webhookEndpoint.create({ data, select: FIELDS }));
}

/** Oldest first. */
export async function listEndpoints(tx: Tables, accountId: AccountId): Promise<WebhookEndpoint[]> {
  const rows = await tx.webhookEndpoint.findMany({
    where: { accountId },
    select: FIELDS,
    orderBy: { id: 'asc' },
  });
  return rows.map(toEndpoint);
}

export async function findEndpoint(
  tx: Tables,
  accountId: AccountId,
  id: string,
): Promise<WebhookEndpoint | undefined> {
  const row = await tx.webhookEndpoint.findUnique({ where: { id, accountId }, select: FIELDS });
  return row === null ? undefined : toEndpoint(row);
}

/** What is left out stays. Switching it on begins anew: what failed before is forgotten. */
export async function updateEndpoint(
  tx: Transaction,
  id: WebhookEndpointId,
  changes: Partial<EndpointSettings> & { enabled?: boolean | undefined },
): Promise<WebhookEndpoint> {
  const { types, enabled, ...rest } = changes;
  const data = {
    ...rest,
    ...(types === undefined ? {} : { types: [...types] }),
    ...(enabled === undefined ? {} : { enabled, disabledReason: null, failingSince: null }),
  };
  return toEndpoint(await tx.webhookEndpoint.update({ where: { id }, data, select: FIELDS }));
}

/** With its deliveries. */
export async function deleteEndpoint(tx: Transaction, id: WebhookEndpointId): Promise<void> {
  await tx.webhookEndpoint.delete({ where: { id } });
}

/** The secret that was there signs too, for so many hours more. */
export async function replaceSecret(
  tx: Transaction,
  id: WebhookEndpointId,
  secret: string,
  graceHours: number,
): Promise<WebhookEndpoint> {
  await tx.execute(
    `
    UPDATE webhook_endpoint
       SET secret = $1, previous_secret = secret,
           previous_secret_until = db_now() + make_interval(secs => $2::float8)
     WHERE id = $3`,
    [secret, graceHours * 3_600, id],
  );
  return toEndpoint(await tx.webhookEndpoint.findUniqueOrThrow({ where: { id }, select: FIELDS }));
}

export async function markWorking(tx: Transaction, id: WebhookEndpointId): Promise<void> {
  await tx.webhookEndpoint.updateMany({ where: { id }, data: { failingSince: null } });
}

/** @returns whether it has failed for that many days, without a success in between */
export async function markFailing(
  tx: Transaction,
  id: WebhookEndpointId,
  days: number,
): Promise<boolean> {
  const rows = await tx.query<{ tooLong: boolean }>(
    `
    UPDATE webhook_endpoint SET failing_since = coalesce(failing_since, db_now())
     WHERE id = $1 RETURNING failing_since < db_now() - make_interval(days => $2::int) AS "tooLong"`,
    [id, days],
  );
  return rows[0]?.tooLong === true;
}

/** @returns undefined when it was off, or gone */
export async function disableEndpoint(
  tx: Transaction,
  id: WebhookEndpointId,
  reason: string,
): Promise<{ accountId: AccountId; url: string; disabledCount: number } | undefined> {
  const [row] = await tx.query<{ accountId: AccountId; url: string; disabledCount: number }>(
    `
    UPDATE webhook_endpoint
       SET enabled = false, disabled_reason = $1, disabled_count = disabled_count + 1
     WHERE id = $2 AND enabled
    RETURNING account_id AS "accountId", url, disabled_count AS "disabledCount"`,
    [reason.slice(0, 500), id],
  );
  return row;
}
