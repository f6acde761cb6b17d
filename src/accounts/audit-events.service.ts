import type { Queryable } from '../platform/database.js';
import { checkAnyOf, checkPeriod } from '../platform/list-filter.js';
import { decodeTimeCursor } from '../platform/time-cursor.js';
import type { AuditEvent, AuditEventFilter } from './audit-event.js';
import { findAuditEvent, listAuditEvents, listEmails } from './audit-events.store.js';

const LISTS = ['accounts', 'users', 'keys', 'actions', 'targets'] as const;

/** What was done, on accounts and on none. Who may see an event is for the caller to say. */
export class AuditEventsService {
  constructor(private readonly db: Queryable) {}

  /** Newest first. @param page `after`: a cursor @throws AppError BAD_USER_INPUT */
  async list(
    filter: AuditEventFilter,
    { first, after }: { readonly first: number; readonly after: string | undefined },
  ): Promise<readonly AuditEvent[]> {
    for (const name of LISTS) checkAnyOf(filter[name], `filter.${name}`);
    checkPeriod(filter, 'filter.from');
    const place = after === undefined ? undefined : decodeTimeCursor(after);
    return listAuditEvents(this.db, filter, { first, after: place });
  }

  async find(id: string): Promise<AuditEvent | undefined> {
    return /^aud_\w{1,40}$/.test(id) ? findAuditEvent(this.db, id) : undefined;
  }

  /** Addresses of those who did it, as they are now, by the person's id. */
  async emails(events: readonly AuditEvent[]): Promise<ReadonlyMap<string, string>> {
    const ids = events.flatMap(({ userId }) => (userId === null ? [] : [userId]));
    const found = await listEmails(this.db, [...new Set(ids)]);
    return new Map(found.map(({ id, email }) => [id, email]));
  }
}
