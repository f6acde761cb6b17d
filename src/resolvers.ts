// Before anything that is decorated: type-graphql asks for it when classes are defined.
import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import {
  AccountsResolver,
  IdentityResolver,
  KeysResolver,
  MembersResolver,
} from './accounts/index.js';
import { CatalogResolver } from './catalog/index.js';
import { CreditsResolver } from './credits/index.js';
import { NodeResolver } from './graphql/node.resolver.js';
import { createSchema } from './graphql/schema.js';
import { InferenceResolver, LabelSetsResolver } from './inference/index.js';
import { PaymentsResolver, TopUpsResolver } from './payments/index.js';
import { ModelPerformanceResolver, StatisticsResolver, UsageResolver } from './usage/index.js';
import type { Services } from './services.js';

/** What no resolver asks. */
type Unspoken =
  | 'authenticator'
  | 'batches'
  | 'batchWorker'
  | 'identity'
  | 'uploads'
  | 'embeddings'
  | 'fulfilment'
  | 'stripeEvents'
  | 'usageReports'
  | 'rollups'
  | 'reconciler';

/** The domains' resolvers over their services. */
export function createResolvers(services: Omit<Services, Unspoken>): object[] {
  const { accounts } = services;
  const catalog = new CatalogResolver(services.catalog);
  const credits = new CreditsResolver(services.credits, (event) => accounts.audit(event));
  const usage = new UsageResolver(services.usage);
  const payments = new PaymentsResolver(services.payments, services.refunds, (event) =>
    accounts.audit(event),
  );
  return [
    catalog,
    credits,
    usage,
    new StatisticsResolver(services.statistics),
    new ModelPerformanceResolver(services.usage),
    payments,
    new TopUpsResolver(services.topUps, services.payments, services.promos),
    new NodeResolver(
      new Map([
        ['mdl', catalog.findNode],
        ['ent', credits.findNode],
        ['run', usage.findNode],
        ['pur', payments.findNode],
      ]),
    ),
    new IdentityResolver(services.signIn),
    new AccountsResolver(accounts),
    new MembersResolver(services.members),
    new KeysResolver(services.keys),
    new InferenceResolver(services.inference, services.limits),
    new LabelSetsResolver(services.labelSets),
  ];
}

/** The schema without a database, for printing it. */
export function createPrintableSchema(): GraphQLSchema {
  // Resolvers keep their services and ask them nothing while the schema is built.
  const service = undefined as never;
  return createSchema(
    createResolvers({
      catalog: service,
      credits: service,
      usage: service,
      statistics: service,
      accounts: service,
      members: service,
      keys: service,
      signIn: service,
      inference: service,
      labelSets: service,
      limits: service,
      payments: service,
      refunds: service,
      topUps: service,
      promos: service,
    }),
  );
}
