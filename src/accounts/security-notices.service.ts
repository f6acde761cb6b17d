import type { Database, Transaction } from '../platform/database.js';
import { noticeMail, type SecurityNotice } from './security-notice.js';
import * as store from './security-notices.store.js';

/** A notification that goes out by mail only. */
export interface SecurityNotification {
  readonly id: string;
  readonly type: 'security.event';
  readonly accountId: undefined;
  readonly data: object;
  readonly mail: {
    readonly to: readonly string[];
    readonly subject: string;
    readonly text: string;
  };
}

export interface SecurityNoticesParts {
  readonly db: Database;
  readonly publicUrl: string;
  /** Stores notifications; one whose id is there already is nothing. */
  readonly post: (
    tx: Transaction,
    notifications: readonly SecurityNotification[],
  ) => Promise<unknown>;
}

const AT_ONCE = 100;

/**
 * Tells people by mail what might not have been them. It reads the audit log, which is written in the transaction of each
 * act: whatever is there is told once, by whichever server comes first, also after a crash.
 */
export class SecurityNotices {
  constructor(private readonly parts: SecurityNoticesParts) {}

  /** @returns true when more waits */
  async runOnce(): Promise<boolean> {
    const { db, post } = this.parts;
    const notices = await store.listUntold(db, AT_ONCE);
    if (notices.length === 0) return false;
    await db.transaction((tx) =>
      post(
        tx,
        notices.map((notice) => this.notification(notice)),
      ),
    );
    return notices.length === AT_ONCE;
  }

  private notification(notice: SecurityNotice): SecurityNotification {
    const { id, action, recipients } = notice;
    return {
      id: `${store.NOTICE_ID}${id}`,
      type: 'security.event',
      accountId: undefined,
      data: { action },
      mail: { to: recipients, ...noticeMail(notice, this.parts.publicUrl) },
    };
  }
}
