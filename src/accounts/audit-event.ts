import type { AccountId, AuditEventId, KeyId, UserId } from '../platform/ids.js';

/** What was done, on an account or on none. Never changed. */
export interface AuditEvent {
  readonly id: AuditEventId;
  readonly accountId: AccountId | null;
  readonly action: string;
  readonly target: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly userId: UserId | null;
  readonly keyId: KeyId | null;
  readonly ipAddress: string | null;
  readonly createdAt: Date;
}

/** What is left out lets all through; of a list, any. */
export interface AuditEventFilter {
  readonly accounts?: readonly string[] | undefined;
  readonly users?: readonly string[] | undefined;
  readonly keys?: readonly string[] | undefined;
  readonly actions?: readonly string[] | undefined;
  readonly targets?: readonly string[] | undefined;
  /** Included. */
  readonly from?: Date | undefined;
  /** Not included. */
  readonly to?: Date | undefined;
}
