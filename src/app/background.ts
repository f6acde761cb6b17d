import type { Config } from '../config/config.js';
import { every, type Job } from '../platform/jobs.js';
import type { Logger } from '../platform/logger.js';
import type { Services } from './services.js';

/** Work that is done again and again, beside the requests. */
interface BackgroundWork {
  /** As it is called in the log. */
  readonly name: string;
  readonly everyMs: number;
  /** Safe to do on several servers at once. @returns true when more waits: the next turn follows at once */
  readonly turn: (services: Services) => Promise<unknown>;
}

/** Whatever the server does by itself, in no order. */
const WORK = [
  // What webhooks bring is handled at once; this is for what comes again. After an outage many wait.
  {
    name: 'events of Stripe',
    everyMs: 1_000,
    turn: async ({ stripeEvents }) => (await stripeEvents.turn()) > 0,
  },
  { name: 'batches', everyMs: 1_000, turn: ({ batchWorker }) => batchWorker.turn() },
  { name: 'automatic top-ups', everyMs: 2_000, turn: ({ topUps }) => topUps.turn() },
  { name: 'refunds', everyMs: 5_000, turn: ({ refunds }) => refunds.turn() },
  { name: 'rolling up usage', everyMs: 60_000, turn: ({ rollups }) => rollups.turn() },
  { name: 'usage reports', everyMs: 60_000, turn: ({ usageReports }) => usageReports.turn() },
  {
    name: 'purchases that wait',
    everyMs: 60_000,
    turn: ({ fulfillment }) => fulfillment.settleOpen(),
  },
  { name: 'purchases of ended accounts', everyMs: 10_000, turn: ({ returns }) => returns.turn() },
  { name: 'sweeping the ledger', everyMs: 2_000, turn: ({ credits }) => credits.sweep() },
  { name: 'sweeping paid units', everyMs: 60_000, turn: ({ paidUnits }) => paidUnits.prune() },
  { name: 'sweeping uploads', everyMs: 60_000, turn: ({ uploads }) => uploads.sweep() },
  {
    name: 'health of providers',
    everyMs: 15_000,
    turn: ({ providerChecks }) => providerChecks.turn(),
  },
  { name: 'checks of models', everyMs: 15_000, turn: ({ modelChecks }) => modelChecks.turn() },
  {
    name: 'facts of the Hub',
    everyMs: 5 * 60_000,
    turn: ({ hubSync }) => hubSync.turn(),
  },
  { name: 'queued-mails', everyMs: 1_000, turn: ({ mailQueue }) => mailQueue.runOnce() },
  {
    name: 'security-notices',
    everyMs: 2_000,
    turn: ({ securityNotices }) => securityNotices.runOnce(),
  },
  { name: 'sign-in-limits', everyMs: 600_000, turn: ({ signInLimits }) => signInLimits.prune() },
  { name: 'notifications', everyMs: 1_000, turn: ({ notifications }) => notifications.turn() },
  { name: 'alerts', everyMs: 60_000, turn: ({ alerts }) => alerts.turn() },
  {
    name: 'old notifications',
    everyMs: 600_000,
    turn: ({ notifications }) => notifications.prune(),
  },
  { name: 'launches', everyMs: 5_000, turn: ({ launches }) => launches.turn() },
  {
    name: 'uses of keys',
    everyMs: 5_000,
    turn: ({ keyAuthenticator }) => keyAuthenticator.writeUses(),
  },
] as const satisfies readonly BackgroundWork[];

/** Against a double there is nothing to reconcile by itself. */
const WITH_STRIPE = [
  {
    name: 'reconciling payments',
    everyMs: 15 * 60_000,
    turn: ({ reconciler }) => reconciler.run(),
  },
] as const satisfies readonly BackgroundWork[];

/** How often a server writes down how its work goes. */
const SAVE_EVERY_MS = 5_000;

export type BackgroundName = (typeof WORK)[number]['name'];

export interface Background {
  /** Begins the next turn of some work without waiting. */
  soon(name: BackgroundName): void;
  /** The same by a name that came from outside; one that is unknown is nothing. */
  wanted(name: string): void;
  /** Resolves when the turns in hand are over. */
  stop(): Promise<void>;
}

/** For a process that does nothing by itself. */
export const NO_BACKGROUND: Background = {
  soon: () => undefined,
  wanted: () => undefined,
  stop: () => Promise.resolve(),
};

/** Starts all background work. */
export function startBackground(
  config: Pick<Config, 'stripe'>,
  services: Services,
  logger: Logger,
): Background {
  const all: readonly BackgroundWork[] =
    config.stripe === undefined ? WORK : [...WORK, ...WITH_STRIPE];
  const jobs = new Map<string, Job>(all.map((work) => [work.name, start(work, services, logger)]));
  const { backgroundJobs } = services;
  const saving = every(
    SAVE_EVERY_MS,
    () => backgroundJobs.save(),
    (err) => {
      logger.warn({ err }, 'how background work goes was not written down');
    },
  );
  saving.soon();
  return {
    soon: (name) => jobs.get(name)?.soon(),
    wanted: (name) => jobs.get(name)?.soon(),
    stop: async () => {
      await Promise.all([saving, ...jobs.values()].map((job) => job.stop()));
      await backgroundJobs.forget().catch((err: unknown) => {
        logger.warn({ err }, 'background work of a server that ended is shown for a minute more');
      });
    },
  };
}

function start({ name, everyMs, turn }: BackgroundWork, services: Services, logger: Logger): Job {
  const watched = services.backgroundJobs.watch(name, everyMs, () => turn(services));
  const job = every(
    everyMs,
    async () => {
      if ((await watched()) === true) job.soon();
    },
    // An outage is told by every request already; here it is a remark.
    (err) => {
      logger.warn({ err }, `background work failed: ${name}`);
    },
  );
  return job;
}
