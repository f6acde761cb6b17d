import type { Account, AccountStanding, AccountStatus } from './account.js';

/** An account and how it stands. */
export interface AccountDetails extends Account {
  readonly status: AccountStatus;
  readonly standing: AccountStanding;
  readonly frozenAt: Date | null;
  readonly closedAt: Date | null;
  readonly memberCount: number;
  /** Keys that are not revoked. */
  readonly keyCount: number;
}
