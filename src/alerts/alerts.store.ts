import { lockAccountRow } from '../platform/account-row.store.js';
import type { Tables, Transaction } from '../platform/database.js';
import type { AccountId, AlertRuleId } from '../platform/ids.js';
import type { AlertRule, AlertSettings } from './alert-rule.js';

type Row = Omit<AlertRule, 'id' | 'accountId' | 'keyId'> & {
  id: string;
  accountId: string;
  keyId: string | null;
};
const toRule = (row: Row) => row as AlertRule;

/** Locks the account's row, so that its rules are made one after the other and the limit holds. */
export async function countRules(tx: Transaction, accountId: AccountId): Promise<number> {
  await lockAccountRow(tx, accountId);
  return tx.alertRule.count({ where: { accountId } });
}

export async function insertRule(
  tx: Transaction,
  rule: AlertSettings & { id: AlertRuleId; accountId: AccountId },
): Promise<AlertRule> {
  return toRule(await tx.alertRule.create({ data: rule }));
}

/** Oldest first. */
export async function listRules(tx: Tables, accountId: AccountId): Promise<AlertRule[]> {
  const rows = await tx.alertRule.findMany({ where: { accountId }, orderBy: { id: 'asc' } });
  return rows.map(toRule);
}

export async function findRule(
  tx: Transaction,
  accountId: AccountId,
  id: string,
): Promise<AlertRule | undefined> {
  const row = await tx.alertRule.findUnique({ where: { id, accountId } });
  return row === null ? undefined : toRule(row);
}

export async function updateRule(
  tx: Transaction,
  id: AlertRuleId,
  settings: AlertSettings,
): Promise<AlertRule> {
  return toRule(await tx.alertRule.update({ where: { id }, data: settings }));
}

/** With what is known of it. */
export async function deleteRule(tx: Transaction, id: AlertRuleId): Promise<void> {
  await tx.alertRule.delete({ where: { id } });
}

export async function hasKey(
  tx: Transaction,
  accountId: AccountId,
  keyId: string,
): Promise<boolean> {
  return (await tx.apiKey.count({ where: { id: keyId, accountId } })) === 1;
}
