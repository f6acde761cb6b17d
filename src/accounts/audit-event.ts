import type { AuditEventId } from '../platform/ids.js';

export interface AuditEvent {
  readonly id: AuditEventId;
  readonly action: string;
  readonly target: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly userId: string | null;
  readonly keyId: string | null;
  readonly ipAddress: string | null;
  readonly createdAt: Date;
}

/** As operators see it, over all accounts. */
export interface AuditLogEvent extends AuditEvent {
  readonly accountId: string | null;
  /** Of the person who did it, as it is now. */
  readonly email: string | null;
}

/** What is left out lets all through. */
export interface AuditLogFilter {
  readonly accountId?: string | undefined;
  readonly userId?: string | undefined;
  readonly action?: string | undefined;
  readonly target?: string | undefined;
  /** Included. */
  readonly from?: Date | undefined;
  /** Not included. */
  readonly to?: Date | undefined;
}
