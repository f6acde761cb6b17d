import { randomBytes } from 'node:crypto';
import {
  AccountsService,
  Authenticator,
  IdentityGateway,
  KeysService,
  MembersService,
  SignInService,
} from './accounts/index.js';
import { BatchesService, BatchInputService, BatchWorker } from './batches/index.js';
import { CatalogService } from './catalog/index.js';
import type { Config } from './config.js';
import { CreditsService } from './credits/index.js';
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
  UploadsService,
} from './inference/index.js';
import {
  type CreditOffer,
  FulfilmentService,
  PaymentsService,
  PromosService,
  ReconcilerService,
  RefundsService,
  StripeApi,
  StripeCards,
  StripeEventsService,
  StripeGateway,
  TopUpsService,
  UsageReportsService,
} from './payments/index.js';
import type { Clock } from './platform/clock.js';
import type { Database } from './platform/database.js';
import type { AccountId } from './platform/ids.js';
import type { Logger } from './platform/logger.js';
import { createMailer } from './platform/mailer.js';
import type { PredictorClient } from './predictor/client.js';
import { batchEndpoints } from './rest/openai/batch-endpoints.js';
import { openai } from './rest/openai/openai.dialect.js';
import { CallLimits, RollupsService, StatisticsService, UsageService } from './usage/index.js';

/** Longest run of the predictor, its queue included. */
const PREDICT_MS = 60_000;

export type Services = ReturnType<typeof createServices>;

/** Every service of every domain. */
export function createServices(
  config: Config,
  database: Database,
  parts: { clock: Clock; logger: Logger; predictor: PredictorClient; offer: CreditOffer },
) {
  const { clock, logger } = parts;
  const catalog = new CatalogService(database, clock);
  const credits = new CreditsService(database);
  const usage = new UsageService(database);
  const statistics = new StatisticsService(database, credits, clock);
  const rollups = new RollupsService(database);
  const accounts = new AccountsService(database, credits, clock, config.freeCredit);
  const keys = new KeysService(database, clock);
  const mailer = createMailer(config.mail);
  const members = new MembersService(database, mailer, config.publicUrl, clock);
  const identity = new IdentityGateway({
    db: database,
    mailer,
    publicUrl: config.publicUrl,
    secret: config.authSecret ?? randomBytes(32).toString('base64url'),
    ...config.oauth,
    onUserCreated: async (user) => {
      await accounts.openPersonalAccount(user);
    },
    onAct: (userId, act, ipAddress) => accounts.auditPerson(userId, act, ipAddress),
    onEmailVerified: (user) => accounts.giveFreeCredit(user),
  });
  const embeddings = new EmbeddingService(parts.predictor, {
    textCacheBytesMax: config.caches.textBytesMax,
    imageCacheBytesMax: config.caches.imageBytesMax,
    timeoutMs: PREDICT_MS,
  });
  const uploads = new UploadsService(database, config.uploads);
  const labelSets = new LabelSetsService(database, embeddings);
  const inference = new MeteredClassificationService(
    new MeterService(catalog, credits, usage, config.calls, logger),
    new ModelService(config.modelsDir),
    new ClassificationService(embeddings),
    embeddings,
    new ImagesService(
      new ImageDownloader({ bytesMax: IMAGE_BYTES_MAX, ...config.imageUrl }),
      uploads,
    ),
    labelSets,
    logger,
  );
  const batching = {
    db: database,
    credits,
    uploads,
    input: new BatchInputService(uploads),
    endpoints: batchEndpoints(inference),
    renderError: openai.renderError,
    leaseMs: config.calls.holdMs,
    clock,
    logger,
  };
  const batches = new BatchesService(batching);
  const batchWorker = new BatchWorker(batching);
  const stripeApi = new StripeApi(config.stripe);
  const stripe = new StripeGateway(stripeApi);
  const cards = new StripeCards(stripeApi);
  const fulfilment = new FulfilmentService(database, credits, stripe, clock, logger);
  const selling = {
    db: database,
    stripe,
    cards,
    fulfilment,
    offer: parts.offer,
    findContact: (accountId: AccountId) => accounts.contact(accountId),
    publicUrl: config.publicUrl,
    clock,
  };
  const payments = new PaymentsService(selling);
  const topUps = new TopUpsService({ ...selling, payments, mailer, logger });
  const usageReports = new UsageReportsService({
    ...selling,
    payments,
    logger,
    eventName: config.stripeMeterEvent,
  });
  const promos = new PromosService(database, credits, clock);
  const refunds = new RefundsService(database, credits, stripe, fulfilment, clock, logger);
  const reconciler = new ReconcilerService({ ...selling, logger });
  const stripeEvents = new StripeEventsService({
    ...selling,
    api: stripeApi,
    payments,
    logger,
  });
  const limits = new CallLimits(database, config.limits);
  const authenticator = new Authenticator(keys, identity, accounts);
  const signIn = new SignInService(identity);
  return {
    catalog,
    credits,
    usage,
    statistics,
    rollups,
    accounts,
    members,
    keys,
    identity,
    signIn,
    inference,
    labelSets,
    embeddings,
    limits,
    uploads,
    authenticator,
    batches,
    batchWorker,
    payments,
    refunds,
    topUps,
    promos,
    usageReports,
    fulfilment,
    stripeEvents,
    reconciler,
  };
}
