import type { Database } from '../platform/database.js';
import * as store from './rollups.store.js';

/** Hours of one turn: with a million runs in each, a turn takes some minutes. */
const TURN_HOURS_MAX = 24;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Adds runs up by hour and day, so that dashboards read few rows. What is not rolled up is read from runs. */
export class RollupsService {
  constructor(private readonly db: Pick<Database, 'prisma'>) {}

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
    // The fence moves when what was there at the last time is over: twice, for a server that has just begun.
    await store.closedHours(this.db);
    const closed = await store.closedHours(this.db);
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
}
