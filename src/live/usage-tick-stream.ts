import type { AccountId } from '../platform/ids.js';
import type { UsageService, UsageTick } from '../usage/index.js';
import type { SubscriberQueue } from './subscriber-queue.js';
import { ThrottledRefresh } from './throttled-refresh.js';

/** A tick that follows on the one before begins where that ended, unless that was longer ago. */
const FOLLOWS_MS = 60_000;
/** After the end of an interval, until what ended in it is committed and read. */
const GRACE_MS = 600;

/**
 * What one account uses, interval by interval, for all who listen on this server. While the account rests nothing
 * is read and nothing told, once an empty interval has been.
 */
export class UsageTickStream {
  readonly queues = new Set<SubscriberQueue<UsageTick>>();
  private last: UsageTick | undefined;
  /** When it was read; times of this kind are by `performance.now()`. */
  private lastReadMs = -Infinity;
  private activeUntilMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly refresh: ThrottledRefresh;

  constructor(
    private readonly accountId: AccountId,
    private readonly usage: Pick<UsageService, 'tick'>,
    private readonly options: { intervalS: number; onError: (error: unknown) => void },
  ) {
    this.refresh = new ThrottledRefresh(() => this.turn(), 0, options.onError);
  }

  /** Somebody has begun to listen: he gets the last interval. */
  joined(): void {
    this.refresh.soon();
  }

  changed(): void {
    if (this.queues.size === 0) return;
    this.activeUntilMs = performance.now() + 1_000 * this.options.intervalS + GRACE_MS;
    this.schedule();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.refresh.stop();
  }

  /** The clock of this process only wakes it up; that of the database says which interval it is. */
  private schedule(): void {
    const intervalMs = 1_000 * this.options.intervalS;
    const sinceEndMs = (Date.now() - GRACE_MS) % intervalMs;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.refresh.soon();
      if (performance.now() < this.activeUntilMs) this.schedule();
    }, intervalMs - sinceEndMs).unref();
  }

  private async turn(): Promise<void> {
    const { intervalS } = this.options;
    const follows = performance.now() - this.lastReadMs < FOLLOWS_MS;
    const since = follows ? this.last?.to : undefined;
    const tick = await this.usage.tick(this.accountId, { intervalS, since });
    this.lastReadMs = performance.now();
    if (this.last === undefined || this.last.to < tick.to) this.last = tick;
    for (const queue of [...this.queues]) queue.put(this.last);
  }
}
