import type { CatalogService, ModelStanding } from '../catalog/index.js';
import type { Balance, CreditsService } from '../credits/index.js';
import { AppError } from '../errors.js';
import { parseAnnouncement } from '../platform/announcer.js';
import type { AccountId, ModelId, RunId } from '../platform/ids.js';
import type { Logger } from '../platform/logger.js';
import type { Run, UsageService, UsageTick } from '../usage/index.js';
import { SubscriberQueue, type SubscriberQueueOptions } from './subscriber-queue.js';
import { ModelStream } from './model-stream.js';
import { RunStream, RUNS_MAX } from './run-stream.js';
import { UsageTickStream } from './usage-tick-stream.js';
import { ThrottledRefresh } from './throttled-refresh.js';

/** Between two reads for the same account, however much it does. */
const PAUSE_MS = 100;
/** Length of an interval of `ticks`. */
const TICK_S = 5;
const SLUGS_MAX = 100;
const MODELS_MAX = 10_000;

export interface LiveServices {
  readonly credits: Pick<CreditsService, 'balance'>;
  readonly usage: Pick<UsageService, 'findMany' | 'since' | 'now' | 'tick'>;
  readonly catalog: Pick<CatalogService, 'findModels' | 'standings'>;
  readonly logger: Logger;
}

/** All that is read for an account while somebody listens. */
interface AccountStreams {
  readonly balances: Set<SubscriberQueue<Balance>>;
  readonly balanceRefresh: ThrottledRefresh;
  readonly runs: RunStream;
  readonly ticks: UsageTickStream;
}

/**
 * Tells those who listen on this server what changes. Announcements carry ids; what they are about is read once
 * for all who listen to the account, and not at all when nobody does. After a gap in the announcements
 * the state is read again, so that a lost one delays and never hides.
 */
export class LiveService {
  private readonly accounts = new Map<AccountId, AccountStreams>();
  private readonly models: ModelStream;
  private droppedEvents = 0;

  constructor(private readonly services: LiveServices) {
    this.models = new ModelStream(services.catalog, this.streamOptions());
  }

  /** The account's credit now, and whenever it has changed; only the newest waits for a slow reader. */
  balances(accountId: AccountId): AsyncIterableIterator<Balance> {
    const streams = this.streamsOf(accountId);
    const queue = this.queue<Balance>(streams.balances, accountId, {
      keyOf: () => '',
      stampOf: ({ postedNanos, heldNanos, availableNanos }) =>
        [postedNanos, heldNanos, availableNanos].join(' '),
      waitingMax: 1,
    });
    streams.balanceRefresh.soon();
    return queue;
  }

  /** Each run of the account that ends from now on. Ends with OVERLOADED when RUNS_MAX wait to be read. */
  runs(accountId: AccountId): AsyncIterableIterator<Run> {
    const { runs } = this.streamsOf(accountId);
    const queue = this.queue<Run>(runs.queues, accountId, { waitingMax: RUNS_MAX });
    runs.joined();
    return queue;
  }

  /** The last full interval of TICK_S, and each in which the account does something, until one is empty. */
  ticks(accountId: AccountId): AsyncIterableIterator<UsageTick> {
    const { ticks } = this.streamsOf(accountId);
    const queue = this.queue<UsageTick>(ticks.queues, accountId, {
      keyOf: () => '',
      stampOf: ({ to }) => to.toISOString(),
      waitingMax: 1,
    });
    ticks.joined();
    return queue;
  }

  /**
   * Models whose status has changed; those that are named also as they stand now.
   * @param slugs or aliases, 1–100; left out: all models
   * @throws AppError BAD_USER_INPUT, NOT_FOUND naming the unknown slugs
   */
  async modelStandings(
    slugs: readonly string[] | undefined,
  ): Promise<AsyncIterableIterator<ModelStanding>> {
    const ids = slugs === undefined ? undefined : await this.idsOf(slugs);
    const queue = new SubscriberQueue<ModelStanding>({
      keyOf: ({ id }) => id,
      waitingMax: MODELS_MAX,
      onDrop: (events) => (this.droppedEvents += events),
      onEnd: () => this.models.queues.delete(queue),
    });
    this.models.joined(queue, ids);
    return queue;
  }

  /** @param payload of the channel `account_changed` */
  accountsChanged(payload: string): void {
    const changes = parseAnnouncement(payload);
    if (changes === undefined) this.anythingChanged();
    else for (const { accountId, runIds } of changes) this.tell(accountId, runIds);
  }

  /** Of the channel `model_status_changed`; undefined: announcements may have been missed. */
  modelChanged(id: ModelId | undefined): void {
    this.models.changed(id);
  }

  /** Announcements may have been missed. */
  anythingChanged(): void {
    for (const accountId of this.accounts.keys()) this.tell(accountId, undefined);
  }

  /** Events that were never read, since the start: replaced by newer ones, or forgotten with their reader. */
  get dropped(): number {
    return this.droppedEvents;
  }

  /** Accounts that somebody listens to. */
  get accountCount(): number {
    return this.accounts.size;
  }

  stop(): void {
    for (const streams of this.accounts.values()) stopStreams(streams);
    this.accounts.clear();
    this.models.stop();
  }

  private tell(accountId: AccountId, runIds: readonly RunId[] | undefined): void {
    const streams = this.accounts.get(accountId);
    if (streams === undefined) return;
    if (streams.balances.size > 0) streams.balanceRefresh.soon();
    streams.runs.changed(runIds);
    streams.ticks.changed();
  }

  private streamsOf(accountId: AccountId): AccountStreams {
    const existing = this.accounts.get(accountId);
    if (existing !== undefined) return existing;
    const { credits, usage } = this.services;
    const options = this.streamOptions();
    const balances = new Set<SubscriberQueue<Balance>>();
    const readBalance = async () => {
      const balance = await credits.balance(accountId);
      for (const queue of [...balances]) queue.put(balance);
    };
    const streams = {
      balances,
      balanceRefresh: new ThrottledRefresh(readBalance, PAUSE_MS, options.onError),
      runs: new RunStream(accountId, usage, options),
      ticks: new UsageTickStream(accountId, usage, { ...options, intervalS: TICK_S }),
    };
    this.accounts.set(accountId, streams);
    return streams;
  }

  private queue<T>(
    queues: Set<SubscriberQueue<T>>,
    accountId: AccountId,
    options: Omit<SubscriberQueueOptions<T>, 'onEnd' | 'onDrop'>,
  ): SubscriberQueue<T> {
    const queue = new SubscriberQueue<T>({
      ...options,
      onDrop: (events) => (this.droppedEvents += events),
      onEnd: () => {
        queues.delete(queue);
        this.forgetIfUnheard(accountId);
      },
    });
    queues.add(queue);
    return queue;
  }

  private forgetIfUnheard(accountId: AccountId): void {
    const streams = this.accounts.get(accountId);
    if (streams === undefined) return;
    const { balances, runs, ticks } = streams;
    if (balances.size + runs.queues.size + ticks.queues.size > 0) return;
    stopStreams(streams);
    this.accounts.delete(accountId);
  }

  private async idsOf(slugs: readonly string[]): Promise<ReadonlySet<ModelId>> {
    if (slugs.length === 0 || slugs.length > SLUGS_MAX) {
      throw new AppError(
        'BAD_USER_INPUT',
        `\`slugs\` must list 1 to ${String(SLUGS_MAX)} models; omit it for all models.`,
        { details: { argument: 'slugs' } },
      );
    }
    const found = await this.services.catalog.findModels(slugs, new Set());
    const unknown = slugs.filter((slug) => !found.has(slug));
    if (unknown.length > 0) {
      throw new AppError('NOT_FOUND', `Models not found: ${unknown.join(', ')}.`, {
        details: { slugs: unknown },
      });
    }
    return new Set([...found.values()].map(({ id }) => id));
  }

  private streamOptions() {
    return {
      pauseMs: PAUSE_MS,
      onError: (err: unknown) => {
        this.services.logger.warn({ err }, 'live updates could not be read; they are tried again');
      },
    };
  }
}

function stopStreams({ balanceRefresh, runs, ticks }: AccountStreams): void {
  balanceRefresh.stop();
  runs.stop();
  ticks.stop();
}
