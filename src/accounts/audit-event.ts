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
