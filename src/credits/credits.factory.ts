import type { DomainResolvers, NodeSources } from '../graphql/node.resolver.js';
import type { Database } from '../platform/database.js';
import { CreditsResolver, LedgerEntryResolver } from './credits.resolver.js';
import type { CreditsObserver } from './credits-observer.js';
import { LedgerEntriesService } from './ledger-entries.service.js';
import { CreditsService } from './credits.service.js';
import { PaidUnitsService } from './paid-units.service.js';

export interface CreditsDeps {
  readonly db: Database;
  /** Told whose credit moved. */
  readonly announcer: CreditsObserver;
}

/** The ledger, and what calls have paid for. */
export function createCredits({ db, announcer }: CreditsDeps) {
  return {
    credits: new CreditsService(db, announcer),
    ledgerEntries: new LedgerEntriesService(db),
    paidUnits: new PaidUnitsService(db),
  };
}

export function creditsResolvers(services: ReturnType<typeof createCredits>, nodes: NodeSources) {
  const credits = new CreditsResolver(services.credits);
  return {
    resolvers: [credits, new LedgerEntryResolver(services.credits, nodes)],
    nodes: {
      ent: { type: 'LedgerEntry', find: credits.findNode },
      lot: { type: 'CreditLot', find: credits.findLotNode },
    },
  } satisfies DomainResolvers;
}
