import { AppError } from '../errors.js';
import type { Database } from '../platform/database.js';
import type { AccountId, RunId } from '../platform/ids.js';
import type { Run } from './run.js';
import * as store from './usage.store.js';

export interface RunPage {
  readonly runs: readonly Run[];
  readonly cursors: readonly string[];
  readonly hasNextPage: boolean;
}

/** Reads an account's past calls. */
export class UsageService {
  constructor(private readonly db: Pick<Database, 'query'>) {}

  async find(accountId: AccountId, id: string): Promise<Run | undefined> {
    return id.includes('\0') ? undefined : store.findRun(this.db, accountId, id);
  }

  /** @throws AppError NOT_FOUND when the run kept no answer */
  async result(accountId: AccountId, id: RunId): Promise<object> {
    const result = await store.findResult(this.db, accountId, id);
    if (result === undefined) throw new AppError('NOT_FOUND', 'The run kept no answer.');
    return result;
  }

  /** Newest first. @throws AppError BAD_USER_INPUT for a cursor that is none */
  async list(
    accountId: AccountId,
    page: { first: number; after: string | undefined },
  ): Promise<RunPage> {
    const after = page.after === undefined ? undefined : decodeCursor(page.after);
    const rows = await store.listRuns(this.db, accountId, { first: page.first + 1, after });
    const shown = rows.slice(0, page.first);
    return {
      runs: shown,
      cursors: shown.map(({ endedAtText, id }) => encodeCursor(endedAtText, id)),
      hasNextPage: rows.length > page.first,
    };
  }
}

function encodeCursor(endedAt: string, id: string): string {
  return Buffer.from(JSON.stringify([endedAt, id])).toString('base64url');
}

const TIMESTAMP = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d)?$/;

function decodeCursor(cursor: string): { endedAt: string; id: string } {
  try {
    const [endedAt, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (
      typeof endedAt === 'string' &&
      TIMESTAMP.test(endedAt) &&
      typeof id === 'string' &&
      /^\w+$/.test(id)
    ) {
      return { endedAt, id };
    }
  } catch {
    // Falls through: not one of ours.
  }
  throw new AppError('BAD_USER_INPUT', 'The cursor does not belong to this list.', {
    details: { argument: 'after' },
  });
}
