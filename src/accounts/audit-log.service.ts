import { AppError } from '../errors.js';
import type { Queryable } from '../platform/database.js';
import { decodeTimeCursor } from '../platform/time-cursor.js';
import type { AuditLogEvent, AuditLogFilter } from './audit-event.js';
import { findAuditLogEvent, listAuditLog } from './audit-events.store.js';

const FILTER_CHARS_MAX = 200;

/** What was done on all accounts, and on none, for those who run the platform. */
export class AuditLogService {
  constructor(private readonly db: Queryable) {}

  /** Newest first. @param page `after`: a cursor @throws AppError BAD_USER_INPUT */
  async list(
    filter: AuditLogFilter,
    { first, after }: { readonly first: number; readonly after: string | undefined },
  ): Promise<readonly AuditLogEvent[]> {
    checkFilter(filter);
    const place = after === undefined ? undefined : decodeTimeCursor(after);
    return listAuditLog(this.db, filter, { first, after: place });
  }

  async find(id: string): Promise<AuditLogEvent | undefined> {
    return /^aud_\w{1,40}$/.test(id) ? findAuditLogEvent(this.db, id) : undefined;
  }
}

function checkFilter(filter: AuditLogFilter): void {
  for (const [argument, value] of Object.entries(filter)) {
    if (typeof value !== 'string') continue;
    if (value.length <= FILTER_CHARS_MAX && !/\p{Cc}/u.test(value)) continue;
    throw new AppError(
      'BAD_USER_INPUT',
      `\`${argument}\` must have at most ${String(FILTER_CHARS_MAX)} characters and no control characters.`,
      { details: { argument } },
    );
  }
  const { from, to } = filter;
  if (from !== undefined && to !== undefined && from >= to) {
    throw new AppError('BAD_USER_INPUT', '`from` must be before `to`.', {
      details: { argument: 'from' },
    });
  }
}
