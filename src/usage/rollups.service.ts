import { setTimeout } from 'node:timers/promises';
import type { Database } from '../platform/database.js';
import { databaseNow } from './model-performance.store.js';
import * as store from './rollups.store.js';

/** Hours of one turn: with a million runs in each, a turn takes some minutes. */
const TURN_HOURS_MAX = 24;
/** Ten seconds in all: what takes longer is a hanging transaction, and rolled up once it is over. */
const CLOSE_LOOKS_MAX = 100;
const CLOSE_PAUSE_MS = 100;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Adds runs up by hour and day, so that dashboards read few rows. What is not rolled up is read from runs. */
export class RollupsService {
  constructor(private readonly db: Database) {}

  /** Rolls up what is over. Safe on several servers at once, and to kill. @returns whether more waits */
  async turn(): Promise<boolean> {
    return (await store.rollUpTurn(this.db, TURN_HOURS_MAX)) === TURN_HOURS_MAX;
  }

  /**
   * Rolls up whole hours anew, a day at a time, whatever is there: the same rows come out.
   * @param range by default all of it; hours that are not over yet are left out
   * @param onProgress told after each day up to when it has come
   * @returns how many hours
   */
  async rebuild(
    { from, to }: { readonly from?: Date | undefined; readonly to?: Date | undefined },
    onProgress?: (until: Date) => void,
  ): Promise<number> {
    const closed = await this.close();
    const end = Math.min(to?.getTime() ?? Infinity, closed.to.getTime());
    let hours = 0;
    for (let at = (from ?? closed.from).getTime(); at < end;) {
      const next = Math.min((Math.floor(at / DAY_MS) + 1) * DAY_MS, end);
      hours += await store.rebuild(
        this.db,
        new Date(at),
        new Date(Math.ceil(next / HOUR_MS) * HOUR_MS),
      );
      onProgress?.(new Date(next));
      at = next;
    }
    return hours;
  }

  /** Waits a little for calls that are just being written down. */
  private async close(): Promise<store.ClosedHours> {
    const asOf = await databaseNow(this.db);
    let closed = await store.closedHours(this.db, asOf);
    for (let looks = 1; closed.waits && looks < CLOSE_LOOKS_MAX; looks++) {
      await setTimeout(looks === 1 ? 0 : CLOSE_PAUSE_MS);
      closed = await store.closedHours(this.db, asOf);
    }
    return closed;
  }
}
