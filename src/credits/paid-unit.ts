import { hash } from 'node:crypto';
import type { AccountId, RunId } from '../platform/ids.js';

/** The runs that charged for some units, by the units' keys. */
export type PaidBy = ReadonlyMap<string, RunId>;

/** Hexadecimal digits of a key: 128 bits, so that two units never meet by chance. */
const DIGITS = 32;

/**
 * Names a unit of an account, without saying what it is: keys of two accounts for the same content have nothing in
 * common, and a key tells nothing to somebody who does not know the account and the content.
 * @param parts what tells units apart, in a fixed order
 * @returns 32 hexadecimal digits
 */
export function paidUnitKey(accountId: AccountId, parts: readonly string[]): string {
  return hash('sha256', JSON.stringify([accountId, ...parts]), 'hex').slice(0, DIGITS);
}
