import { randomBytes } from 'node:crypto';
import { createAccountServices } from './account-services.js';
import { ErasureService, SecurityNotices } from '../accounts/index.js';
import { AlertsService } from '../alerts/index.js';
import { BatchesService, BatchInputService, BatchWorker } from '../batches/index.js';
import {
  CatalogActs,
  CatalogAdminService,
  CatalogService,
  HubModels,
  HubSyncService,
  ModelChangesService,
  ProposalsService,
  ProvidersService,
} from '../catalog/index.js';
import type { Config } from '../config/config.js';
import { CreditsService, PaidUnitsService } from '../credits/index.js';
import { BoardService, DemandService, LaunchesService, WaitlistService } from '../demand/index.js';
import {
  ClassificationService,
  EmbeddingService,
  IMAGE_BYTES_MAX,
  ImageDownloader,
  ImagesService,
  LabelSetsService,
  MeteredClassificationService,
  MeterService,
  ModelService,
  OwnedUnitsService,
  PredictorsService,
  UploadsService,
} from '../inference/index.js';
import { BackgroundJobs, DeadLettersService } from '../operations/index.js';
import {
  deadDeliveries,
  NotificationsService,
  WebhookEndpointsService,
  WebhookGateway,
} from '../notifications/index.js';
import { createPaymentServices } from './payment-services.js';
import { type CreditOffer, paymentDeadLetters } from '../payments/index.js';
import {
  alertMail,
  ModelChecksService,
  ProviderChecksService,
  PublishingService,
} from '../publishing/index.js';
import { LiveService } from '../live/index.js';
import { Announcer } from '../platform/announcer.js';
import type { Database, Transaction } from '../platform/database.js';
import type { AccountId } from '../platform/ids.js';
import type { Logger } from '../platform/logger.js';
import { createMailer } from '../platform/mailer.js';
import { createRateCounter } from '../platform/rate-counter.js';
import type { PredictorClient } from '../predictor/client.js';
import { batchEndpoints } from '../rest/openai/batch-endpoints.js';
import { openai } from '../rest/openai/openai.dialect.js';
import { CallLimits, RollupsService, StatisticsService, UsageService } from '../usage/index.js';

/** Mails to people who are nobody yet are counted for a day. */
const DAY_S = 86_400;

/** Longest run of the predictor, its queue included. */
const PREDICT_MS = 60_000;

export type Services = ReturnType<typeof createServices>;

/** Every service of every domain. */
export function createServices(
  config: Config,
  database: Database,
  parts: { logger: Logger; predictor: PredictorClient; offer: CreditOffer },
) {
  const { logger } = parts;
  const catalog = new CatalogService(database);
  const acts = new CatalogActs(database);
  const catalogAdmin = new CatalogAdminService(acts);
  const hub = new HubModels(config.hub);
  const hubSync = new HubSyncService(database, acts, hub, logger, config.hubSyncMs);
  const providers = new ProvidersService(database, acts, catalog);
  const predictors = new PredictorsService(parts.predictor, providers, logger);
  const modelChanges = new ModelChangesService(database, acts);
  const announcer = new Announcer(database, (err) => {
    logger.warn({ err }, 'live updates could not be announced; they are tried again');
  });
  const credits = new CreditsService(database, announcer);
  const usage = new UsageService(database);
  const live = new LiveService({ credits, usage, catalog, logger });
  const statistics = new StatisticsService(database, credits);
  const rollups = new RollupsService(database);
  const mailer = createMailer(config.mail);
  const mailsADay = createRateCounter(database, config.limits.store, DAY_S);
  const secret = config.authSecret ?? randomBytes(32).toString('base64url');
  const people = createAccountServices(config, {
    db: database,
    credits,
    mailer,
    mailsADay,
    pages: { endPages: (accountId) => selling.payments.endPages(accountId) },
    secret,
    logger,
  });
  const { accounts } = people;
  const findContacts = (tx: Transaction, accountId: AccountId) => accounts.contacts(tx, accountId);
  const webhooks = new WebhookGateway(config.webhooks);
  const notifications = new NotificationsService(
    {
      db: database,
      webhooks,
      mailer,
      findContacts,
      logger,
    },
    config.notificationKeepDays,
  );
  const securityNotices = new SecurityNotices({
    db: database,
    publicUrl: config.publicUrl,
    post: (tx, all) => notifications.post(tx, all),
  });
  const webhookEndpoints = new WebhookEndpointsService(database, webhooks, notifications);
  const proposals = new ProposalsService();
  const demand = new DemandService(database, proposals, people.persons);
  const waitlist = new WaitlistService({
    db: database,
    proposals,
    mailer,
    secret,
    publicUrl: config.publicUrl,
    mails: mailsADay,
  });
  const erasure = new ErasureService({
    db: database,
    accounts,
    holders: [demand.personalData, notifications.personalData],
  });
  const board = new BoardService(database, acts, proposals);
  const launches = new LaunchesService({
    db: database,
    notifications,
    credits,
    waitlist,
    publicUrl: config.publicUrl,
  });
  const alerts = new AlertsService({ db: database, notifications, findContacts });
  const embeddings = new EmbeddingService(predictors, {
    textCacheBytesMax: config.caches.textBytesMax,
    imageCacheBytesMax: config.caches.imageBytesMax,
    timeoutMs: PREDICT_MS,
  });
  const models = new ModelService(config.modelsDir, config.modelVariant);
  const paidUnits = new PaidUnitsService(database);
  const metering = { catalog, credits, paidUnits, usage, demand, logger };
  const meter = new MeterService(metering, config.calls);
  acts.onChange(() => {
    predictors.forget();
    meter.forget();
  });
  const uploads = new UploadsService(database, config.uploads);
  const labelSets = new LabelSetsService(database, embeddings);
  const inference = new MeteredClassificationService({
    meter,
    models,
    classification: new ClassificationService(embeddings),
    embeddings,
    images: new ImagesService(
      new ImageDownloader({ bytesMax: IMAGE_BYTES_MAX, ...config.imageUrl }),
      uploads,
    ),
    labelSets,
    units: new OwnedUnitsService(paidUnits, embeddings),
    logger,
  });
  const providerChecks = new ProviderChecksService(providers, predictors, models);
  const publishing = new PublishingService(catalog, acts, providerChecks, config.modelCheckMs);
  const modelChecks = new ModelChecksService({
    db: database,
    catalog,
    acts,
    checks: providerChecks,
    alert: async (tx, { id, ...alert }) => {
      const to = (await accounts.operators()).map(({ email }) => email);
      const mail = { to, ...alertMail(alert, config.publicUrl) };
      const type = 'model.degraded';
      await notifications.post(tx, [{ id, type, accountId: undefined, data: alert, mail }]);
    },
    logger,
    intervalMs: config.modelCheckMs,
  });
  const batching = {
    db: database,
    credits,
    uploads,
    input: new BatchInputService(uploads),
    endpoints: batchEndpoints(inference),
    renderError: openai.renderError,
    leaseMs: config.calls.holdMs,
    logger,
  };
  const batches = new BatchesService(batching);
  const batchWorker = new BatchWorker(batching);
  const selling = createPaymentServices(config, {
    db: database,
    credits,
    findContact: (accountId) => accounts.contact(accountId),
    persons: people.persons,
    offer: parts.offer,
    mailer,
    logger,
  });
  // Each kind of dead letter is kept by the domain that gave it up.
  const deadLetters = new DeadLettersService(database, {
    ...paymentDeadLetters(database),
    NOTIFICATION_DELIVERY: deadDeliveries(database),
  });
  const backgroundJobs = new BackgroundJobs(database);
  const limits = new CallLimits(database, config.limits);
  return {
    catalog,
    catalogActs: acts,
    catalogAdmin,
    hub,
    hubSync,
    modelChanges,
    providers,
    predictors,
    providerChecks,
    publishing,
    modelChecks,
    credits,
    paidUnits,
    usage,
    statistics,
    rollups,
    ...people,
    erasure,
    notifications,
    securityNotices,
    webhookEndpoints,
    alerts,
    inference,
    labelSets,
    embeddings,
    limits,
    uploads,
    batches,
    batchWorker,
    ...selling,
    demand,
    waitlist,
    board,
    launches,
    deadLetters,
    backgroundJobs,
    announcer,
    live,
  };
}
