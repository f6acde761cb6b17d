import type { CatalogService, ModelStanding } from '../catalog/index.js';
import type { Balance, CreditsService } from '../credits/index.js';
import { AppError } from '../errors.js';
import { parseAnnouncement } from '../platform/announcer.js';
import type { AccountId, ModelId, RunId } from '../platform/ids.js';
import type { Logger } from '../platform/logger.js';
import type { Run, UsageService, UsageTick } from '../usage/index.js';
import { Mailbox, type MailboxOptions } from './mailbox.js';
import { ModelFeed } from './model-feed.js';
import { RunFeed, RUNS_MAX } from './run-feed.js';
import { TickFeed } from './tick-feed.js';
import { Wave } from './wave.js';

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
interface AccountFeeds {
  readonly balances: Set<Mailbox<Balance>>;
  readonly balanceWave: Wave;
  readonly runs: RunFeed;
  readonly ticks: TickFeed;
}

/**
 * Tells those who listen on this server what changes. Announcements carry ids; what they are about is read once
 * for all who listen to the account, and not at all when nobody does. After a gap in the announcements
 * the state is read again, so that a lost one delays and never hides.
 */
export class LiveService {
  private readonly accounts = new Map<AccountId, AccountFeeds>();
  private readonly models: ModelFeed;
  private droppedEvents = 0;

  constructor(private readonly services: LiveServices) {
    this.models = new ModelFeed(services.catalog, this.feedOptions());
  }

  /** The account's credit now, and whenever it has changed; only the newest waits for a slow reader. */
  balances(accountId: AccountId): AsyncIterableIterator<Balance> {
    const feeds = this.feedsOf(accountId);
    const mailbox = this.mailbox<Balance>(feeds.balances, accountId, {
      keyOf: () => '',
      stampOf: ({ postedNanos, heldNanos, availableNanos }) =>
        [postedNanos, heldNanos, availableNanos].join(' '),
      waitingMax: 1,
    });
    feeds.balanceWave.soon();
    return mailbox;
  }

  /** Each run of the account that ends from now on. Ends with OVERLOADED when RUNS_MAX wait to be read. */
  runs(accountId: AccountId): AsyncIterableIterator<Run> {
    const { runs } = this.feedsOf(accountId);
    const mailbox = this.mailbox<Run>(runs.mailboxes, accountId, { waitingMax: RUNS_MAX });
    runs.joined();
    return mailbox;
  }

  /** The last full interval of TICK_S, and each in which the account does something, until one is empty. */
  ticks(accountId: AccountId): AsyncIterableIterator<UsageTick> {
    const { ticks } = this.feedsOf(accountId);
    const mailbox = this.mailbox<UsageTick>(ticks.mailboxes, accountId, {
      keyOf: () => '',
      stampOf: ({ to }) => to.toISOString(),
      waitingMax: 1,
    });
    ticks.joined();
    return mailbox;
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
    const mailbox = new Mailbox<ModelStanding>({
      keyOf: ({ id }) => id,
      waitingMax: MODELS_MAX,
      onDrop: (events) => (this.droppedEvents += events),
      onEnd: () => this.models.mailboxes.delete(mailbox),
    });
    this.models.joined(mailbox, ids);
    return mailbox;
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
    for (const feeds of this.accounts.values()) stopFeeds(feeds);
    this.accounts.clear();
    this.models.stop();
  }

  private tell(accountId: AccountId, runIds: readonly RunId[] | undefined): void {
    const feeds = this.accounts.get(accountId);
    if (feeds === undefined) return;
    if (feeds.balances.size > 0) feeds.balanceWave.soon();
    feeds.runs.changed(runIds);
    feeds.ticks.changed();
  }

  private feedsOf(accountId: AccountId): AccountFeeds {
    const existing = this.accounts.get(accountId);
    if (existing !== undefined) return existing;
    const { credits, usage } = this.services;
    const options = this.feedOptions();
    const balances = new Set<Mailbox<Balance>>();
    const readBalance = async () => {
      const balance = await credits.balance(accountId);
      for (const mailbox of [...balances]) mailbox.put(balance);
    };
    const feeds = {
      balances,
      balanceWave: new Wave(readBalance, PAUSE_MS, options.onError),
      runs: new RunFeed(accountId, usage, options),
      ticks: new TickFeed(accountId, usage, { ...options, intervalS: TICK_S }),
    };
    this.accounts.set(accountId, feeds);
    return feeds;
  }

  private mailbox<T>(
    mailboxes: Set<Mailbox<T>>,
    accountId: AccountId,
    options: Omit<MailboxOptions<T>, 'onEnd' | 'onDrop'>,
  ): Mailbox<T> {
    const mailbox = new Mailbox<T>({
      ...options,
      onDrop: (events) => (this.droppedEvents += events),
      onEnd: () => {
        mailboxes.delete(mailbox);
        this.forgetIfUnheard(accountId);
      },
    });
    mailboxes.add(mailbox);
    return mailbox;
  }

  private forgetIfUnheard(accountId: AccountId): void {
    const feeds = this.accounts.get(accountId);
    if (feeds === undefined) return;
    const { balances, runs, ticks } = feeds;
    if (balances.size + runs.mailboxes.size + ticks.mailboxes.size > 0) return;
    stopFeeds(feeds);
    this.accounts.delete(accountId);
  }

  private async idsOf(slugs: readonly string[]): Promise<ReadonlySet<ModelId>> {
    if (slugs.length === 0 || slugs.length > SLUGS_MAX) {
      throw new AppError(
        'BAD_USER_INPUT',
        `Give 1 to ${String(SLUGS_MAX)} slugs, or leave them out for all models.`,
        { details: { argument: 'slugs' } },
      );
    }
    const found = await this.services.catalog.findModels(slugs, new Set());
    const unknown = slugs.filter((slug) => !found.has(slug));
    if (unknown.length > 0) {
      throw new AppError('NOT_FOUND', `No model has the slug ${unknown.join(', ')}.`, {
        details: { slugs: unknown },
      });
    }
    return new Set([...found.values()].map(({ id }) => id));
  }

  private feedOptions() {
    return {
      pauseMs: PAUSE_MS,
      onError: (err: unknown) => {
        this.services.logger.warn({ err }, 'live updates could not be read; they are tried again');
      },
    };
  }
}

function stopFeeds({ balanceWave, runs, ticks }: AccountFeeds): void {
  balanceWave.stop();
  runs.stop();
  ticks.stop();
}
