// Before anything that is decorated: type-graphql asks for it when classes are defined.
import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import { accountsResolvers } from '../accounts/index.js';
import { alertsResolvers } from '../alerts/index.js';
import { batchesResolvers } from '../batches/index.js';
import { catalogResolvers } from '../catalog/index.js';
import { creditsResolvers } from '../credits/index.js';
import { demandResolvers } from '../demand/index.js';
import {
  type DomainResolvers,
  NodeResolver,
  type NodeSource,
  type NodeSources,
} from '../graphql/node.resolver.js';
import { createSchema } from '../graphql/schema.js';
import { inferenceResolvers } from '../inference/index.js';
import { liveResolvers, liveSources } from '../live/index.js';
import { notificationsResolvers } from '../notifications/index.js';
import { operationsResolvers } from '../operations/index.js';
import { paymentsResolvers } from '../payments/index.js';
import { publishingResolvers } from '../publishing/index.js';
import { usageResolvers } from '../usage/index.js';
import type { Services } from './services.js';

/** The GraphQL schema over the services of all domains. */
export function createServicesSchema(services: Services): GraphQLSchema {
  const nodes: Record<string, NodeSource> = {};
  const domains = createDomains(services, nodes);
  Object.assign(nodes, ...domains.map((domain) => domain.nodes));
  const resolvers = domains.flatMap((domain) => domain.resolvers);
  return createSchema([...resolvers, new NodeResolver(nodes)], {
    sources: liveSources(services.live),
    nodes,
  });
}

/** The schema without a database, for printing it. */
export function createPrintableSchema(): GraphQLSchema {
  // Resolvers keep their services and ask them nothing while the schema is built.
  return createServicesSchema({} as Services);
}

/** @param nodes of all domains, once they are made */
function createDomains(services: Services, nodes: NodeSources): readonly DomainResolvers[] {
  const catalog = catalogResolvers(services);
  const inference = inferenceResolvers(services);
  const links = {
    findModel: catalog.nodes.mdl.find,
    findPriceVersion: catalog.nodes.prc.find,
    keys: services.keyLoaders,
    loadUser: services.loadUser,
    ledgerEntries: services.ledgerEntries,
  };
  return [
    catalog,
    publishingResolvers(services),
    creditsResolvers(services, nodes),
    usageResolvers(services, links),
    paymentsResolvers(services),
    demandResolvers(services, catalog.nodes.mdl.find),
    accountsResolvers(services),
    operationsResolvers(services),
    inference,
    batchesResolvers(services, inference.nodes.file.find),
    notificationsResolvers(services),
    alertsResolvers(services),
    liveResolvers(catalog.nodes.mdl.find),
  ];
}
