import { AppError } from '../errors.js';
import type { Queryable } from '../platform/database.js';
import type { SessionId, UserId } from '../platform/ids.js';
import type { ActiveSession } from './active-session.js';
import * as store from './sessions.store.js';

/** Where a person is signed in. */
export class SessionsService {
  constructor(private readonly db: Queryable) {}

  /** Newest first. */
  list(userId: UserId): Promise<readonly ActiveSession[]> {
    return store.listSessions(this.db, userId);
  }

  /** @throws AppError NOT_FOUND for a session that is over, or is somebody else's */
  async end(userId: UserId, id: SessionId): Promise<void> {
    if (await store.deleteSession(this.db, userId, id)) return;
    throw new AppError('NOT_FOUND', 'Session not found. `sessions` lists your sessions.');
  }

  /** Ends all sessions but the caller's own. May be repeated. */
  endOthers(userId: UserId, own: SessionId | undefined): Promise<void> {
    return store.deleteOtherSessions(this.db, userId, own);
  }
}
