import type { Queryable } from './database.js';
import type { AccountId, RunId } from './ids.js';
import type { Logger } from './logger.js';

/** Channel of PostgreSQL on which servers tell each other whose credit moved (`parseAnnouncement`). */
export const ACCOUNT_CHANGED = 'account_changed';

/** PostgreSQL takes 7,999 bytes. */
const PAYLOAD_BYTES_MAX = 7_900;
const RUNS_MAX = 200;
const ACCOUNTS_MAX = 5_000;
const RETRY_MS = 1_000;

/** Instead of ids: more than can be named. */
const LOOK_AGAIN = '*';

/** What changed of an account. */
export interface AccountChange {
  readonly accountId: AccountId;
  /** Runs that ended; undefined: more than were named, so that a reader has to look. */
  readonly runIds: readonly RunId[] | undefined;
}

/**
 * Tells all servers, over NOTIFY, whose credit moved. What is told within some milliseconds goes out in one
 * statement of its own, outside of the transactions that it is about: a transaction that notifies takes a lock
 * of the whole server until it is on disk, so calls that do it would commit one after the other.
 *
 * Only ids are told, after the commit. A crash in between loses that, and nothing else: whoever listens
 * reads the state, and reads it again when a later one is told.
 */
export class Announcer {
  private pending = new Map<AccountId, Set<RunId> | typeof LOOK_AGAIN>();
  private overflown = false;
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<void> | undefined;

  constructor(
    private readonly db: Queryable,
    private readonly logger: Pick<Logger, 'warn'>,
    private readonly gatherMs = 50,
  ) {}

  /** The account's credit moved; with a run, it ended by that. Costs a look-up in a map. */
  changed(accountId: AccountId, runId?: RunId): void {
    const runs = this.pending.get(accountId);
    if (runs === undefined) {
      if (this.pending.size >= ACCOUNTS_MAX) this.overflown = true;
      else this.pending.set(accountId, new Set(runId === undefined ? [] : [runId]));
    } else if (runs !== LOOK_AGAIN && runId !== undefined) {
      if (runs.size < RUNS_MAX) runs.add(runId);
      else this.pending.set(accountId, LOOK_AGAIN);
    }
    this.soon(this.gatherMs);
  }

  /** Something moved, of accounts that are not known here. */
  somethingChanged(): void {
    this.overflown = true;
    this.soon(this.gatherMs);
  }

  /** Resolves when all that was told is out, or could not be sent. For the end of a process. */
  async flush(): Promise<void> {
    await this.sending;
    if (this.timer === undefined) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    await (this.sending = this.send());
  }

  private soon(ms: number): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      // One at a time: while the database is slow, what comes in gathers, within bounds.
      if (this.sending === undefined) this.sending = this.send();
      else this.soon(this.gatherMs);
    }, ms).unref();
  }

  private async send(): Promise<void> {
    const payloads = this.overflown ? [LOOK_AGAIN] : payloadsOf(this.pending);
    this.pending = new Map();
    this.overflown = false;
    try {
      if (payloads.length > 0) {
        const sql = `SELECT pg_notify('${ACCOUNT_CHANGED}', payload) FROM unnest($1::text[]) AS p(payload)`;
        await this.db.query(sql, [payloads]);
      }
    } catch (error) {
      this.logger.warn({ err: error }, 'live updates could not be announced; they are tried again');
      this.overflown = true;
      this.soon(RETRY_MS);
    } finally {
      this.sending = undefined;
    }
  }
}

/** `account run run …`, accounts divided by commas; `account *` and `*` say to look again. */
function payloadsOf(
  pending: ReadonlyMap<AccountId, ReadonlySet<RunId> | typeof LOOK_AGAIN>,
): string[] {
  const payloads: string[] = [];
  let current = '';
  for (const [accountId, runs] of pending) {
    const entry = [accountId, ...(runs === LOOK_AGAIN ? [LOOK_AGAIN] : runs)].join(' ');
    if (current !== '' && current.length + entry.length + 1 > PAYLOAD_BYTES_MAX) {
      payloads.push(current);
      current = '';
    }
    current = current === '' ? entry : `${current},${entry}`;
  }
  if (current !== '') payloads.push(current);
  return payloads;
}

/** What was announced; undefined: anything may have changed. */
export function parseAnnouncement(payload: string): readonly AccountChange[] | undefined {
  if (payload === LOOK_AGAIN) return undefined;
  return payload.split(',').map((entry) => {
    const [accountId, ...runIds] = entry.split(' ');
    return {
      accountId: accountId as AccountId,
      runIds: runIds[0] === LOOK_AGAIN ? undefined : (runIds as RunId[]),
    };
  });
}
