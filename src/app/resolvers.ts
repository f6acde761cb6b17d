// Before anything that is decorated: type-graphql asks for it when classes are defined.
import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import {
  AccountAdminResolver,
  AccountsResolver,
  AuditLogResolver,
  ErasureResolver,
  IdentityResolver,
  KeysResolver,
  MembersResolver,
  OperatorsResolver,
  SessionsResolver,
} from '../accounts/index.js';
import { BoardResolver, DemandResolver, ModelDemandResolver } from '../demand/index.js';
import { CatalogAdminResolver, CatalogResolver, ProvidersResolver } from '../catalog/index.js';
import { AlertsResolver } from '../alerts/index.js';
import { CreditsResolver } from '../credits/index.js';
import { NodeResolver } from '../graphql/node.resolver.js';
import { createSchema, type Sources } from '../graphql/schema.js';
import { InferenceResolver, LabelSetsResolver } from '../inference/index.js';
import { WebhooksResolver } from '../notifications/index.js';
import { BackgroundJobsResolver, DeadLettersResolver } from '../operations/index.js';
import { PaymentsResolver, PromosResolver, TopUpsResolver } from '../payments/index.js';
import { PublishingResolver } from '../publishing/index.js';
import { LiveResolver, liveSources } from '../live/index.js';
import { ModelPerformanceResolver, StatisticsResolver, UsageResolver } from '../usage/index.js';
import type { Services } from './services.js';

/** What no resolver asks. */
type Unspoken =
  | 'announcer'
  | 'authenticator'
  | 'batches'
  | 'batchWorker'
  | 'identity'
  | 'identityMails'
  | 'mailLinks'
  | 'signInLimits'
  | 'securityNotices'
  | 'notifications'
  | 'paidUnits'
  | 'persons'
  | 'passwords'
  | 'uploads'
  | 'embeddings'
  | 'catalogActs'
  | 'hub'
  | 'hubSync'
  | 'predictors'
  | 'providerChecks'
  | 'modelChecks'
  | 'fulfilment'
  | 'stripeEvents'
  | 'usageReports'
  | 'rollups'
  | 'reconciler'
  | 'returns'
  | 'launches';

/** The domains' resolvers over their services. */
export function createResolvers(services: Omit<Services, Unspoken | 'live'>): object[] {
  const { accounts } = services;
  const catalog = new CatalogResolver(services.catalog, services.modelChanges);
  const credits = new CreditsResolver(services.credits);
  const usage = new UsageResolver(services.usage, services.credits);
  const demand = new DemandResolver(services.demand, services.waitlist, catalog.findNode);
  const payments = new PaymentsResolver(services.payments, services.refunds, services.credits);
  const auditLog = new AuditLogResolver(services.auditLog);
  const deadLetters = new DeadLettersResolver(services.deadLetters);
  const accountAdmin = new AccountAdminResolver(services.accountAdmin);
  const webhooks = new WebhooksResolver(services.webhookEndpoints);
  return [
    catalog,
    new CatalogAdminResolver(services.catalogAdmin, services.modelChanges, services.catalog),
    new ProvidersResolver(services.providers),
    new PublishingResolver(services.publishing, services.catalog),
    credits,
    usage,
    new StatisticsResolver(services.statistics),
    new ModelPerformanceResolver(services.usage),
    payments,
    new TopUpsResolver(services.topUps, services.payments),
    new PromosResolver(services.promos),
    new NodeResolver(
      new Map([
        ['acct', accountAdmin.findNode],
        ['aud', auditLog.findNode],
        ['dead', deadLetters.findNode],
        ['mdl', catalog.findNode],
        ['ent', credits.findNode],
        ['run', usage.findNode],
        ['pur', payments.findNode],
        ['mreq', demand.findNode],
        ['dlv', webhooks.findNode],
      ]),
    ),
    demand,
    new ModelDemandResolver(services.demand),
    new BoardResolver(services.board, catalog.findNode),
    new IdentityResolver(services.signIn),
    new ErasureResolver(services.erasure),
    new SessionsResolver(services.sessions, services.proofs),
    new AccountsResolver(accounts),
    accountAdmin,
    auditLog,
    deadLetters,
    new BackgroundJobsResolver(services.backgroundJobs),
    new OperatorsResolver(accounts),
    new MembersResolver(services.members, services.organisations),
    new KeysResolver(services.keys),
    new InferenceResolver(services.inference, services.limits),
    new LabelSetsResolver(services.labelSets),
    webhooks,
    new AlertsResolver(services.alerts),
    new LiveResolver(),
  ];
}

/** What subscriptions listen to. */
export function createSources(services: Pick<Services, 'live'>): Sources {
  return liveSources(services.live);
}

/** The schema without a database, for printing it. */
export function createPrintableSchema(): GraphQLSchema {
  // Resolvers keep their services and ask them nothing while the schema is built.
  const service = undefined as never;
  return createSchema(
    createResolvers({
      catalog: service,
      catalogAdmin: service,
      modelChanges: service,
      providers: service,
      publishing: service,
      credits: service,
      usage: service,
      statistics: service,
      accounts: service,
      accountAdmin: service,
      auditLog: service,
      deadLetters: service,
      backgroundJobs: service,
      members: service,
      organisations: service,
      keys: service,
      signIn: service,
      sessions: service,
      proofs: service,
      erasure: service,
      inference: service,
      labelSets: service,
      limits: service,
      payments: service,
      refunds: service,
      topUps: service,
      promos: service,
      webhookEndpoints: service,
      demand: service,
      waitlist: service,
      board: service,
      alerts: service,
    }),
    createSources({ live: service }),
  );
}
