import { AppError } from '../errors.js';
import type { AccountId, RunId } from '../platform/ids.js';
import type { Run, UsageService } from '../usage/index.js';
import type { SubscriberQueue } from './subscriber-queue.js';
import { ThrottledRefresh } from './throttled-refresh.js';

/** Runs that are read in one turn, and that may wait for a subscriber. */
export const RUNS_MAX = 1_000;
/** Runs of an account end in the order of its lock, and may be seen this much out of it. */
const OVERLAP_MS = 2_000;

/** The runs of one account that end, each once, for all who listen on this server. */
export class RunStream {
  readonly queues = new Set<SubscriberQueue<Run>>();
  private named = new Set<RunId>();
  private mustLook = true;
  /** By the database's clock: what ended before is known or was before anybody listened. */
  private since: Date | undefined;
  private listeningSince: Date | undefined;
  private delivered = new Set<RunId>();
  private readonly refresh: ThrottledRefresh;

  constructor(
    private readonly accountId: AccountId,
    private readonly usage: Pick<UsageService, 'findMany' | 'since' | 'now'>,
    options: { pauseMs: number; onError: (error: unknown) => void },
  ) {
    this.refresh = new ThrottledRefresh(() => this.turn(), options.pauseMs, options.onError);
  }

  /** Somebody has begun to listen: from now on all that ends is told. */
  joined(): void {
    if (this.since === undefined) this.refresh.soon();
  }

  /** @param runIds that ended; undefined: any may have */
  changed(runIds: readonly RunId[] | undefined): void {
    if (this.queues.size === 0) return;
    if (runIds === undefined || this.named.size + runIds.length > RUNS_MAX) this.mustLook = true;
    else for (const id of runIds) this.named.add(id);
    if (this.mustLook || this.named.size > 0) this.refresh.soon();
  }

  stop(): void {
    this.refresh.stop();
  }

  private async turn(): Promise<void> {
    const mustLook = this.mustLook;
    const named = this.named;
    this.mustLook = false;
    this.named = new Set();
    try {
      if (mustLook) await this.look();
      const unknown = [...named].filter((id) => !this.delivered.has(id));
      if (unknown.length > 0) this.deliver(await this.usage.findMany(this.accountId, unknown));
    } catch (error) {
      this.mustLook = true;
      throw error;
    }
  }

  private async look(): Promise<void> {
    if (this.since === undefined) {
      this.since = this.listeningSince = await this.usage.now();
      return;
    }
    const overlap = this.since.getTime() - OVERLAP_MS;
    const from = new Date(Math.max(overlap, this.listeningSince?.getTime() ?? 0));
    const runs = await this.usage.since(this.accountId, from, RUNS_MAX);
    if (runs.length === RUNS_MAX) {
      this.since = await this.usage.now();
      for (const queue of [...this.queues]) queue.fail(missedTooMany());
      return;
    }
    this.deliver(runs.filter(({ id }) => !this.delivered.has(id)));
  }

  private deliver(runs: readonly Run[]): void {
    for (const run of runs) {
      if (this.since === undefined || this.since < run.endedAt) this.since = run.endedAt;
      this.delivered.add(run.id);
      for (const queue of [...this.queues]) queue.put(run);
    }
    // A set keeps the order of insertion: the oldest go first.
    for (const id of this.delivered) {
      if (this.delivered.size <= 2 * RUNS_MAX) break;
      this.delivered.delete(id);
    }
  }
}

function missedTooMany(): AppError {
  return new AppError(
    'OVERLOADED',
    `${String(RUNS_MAX)} runs or more finished before they could be sent. Read \`runs\`, and subscribe again.`,
  );
}
