import type { CreditsService } from '../credits/index.js';
import type { DomainResolvers } from '../graphql/node.resolver.js';
import type { Database } from '../platform/database.js';
import type { Logger } from '../platform/logger.js';
import type { CreditOffer } from './credit-pack.js';
import { FulfillmentService } from './fulfillment.service.js';
import { PaymentsResolver } from './payments.resolver.js';
import { type Contacts, PaymentsService } from './payments.service.js';
import { PromosResolver } from './promos.resolver.js';
import { type Persons, PromosService } from './promos.service.js';
import { ReconcilerService } from './reconciler.service.js';
import { RefundsService } from './refunds.service.js';
import { ReturnsService } from './returns.service.js';
import { StripeApi, type StripeOptions } from './stripe-api.gateway.js';
import { StripeCards } from './stripe-cards.gateway.js';
import { StripeEventsService } from './stripe-events.service.js';
import { StripeGateway } from './stripe.gateway.js';
import { TopUpPages } from './top-up-pages.service.js';
import { TopUpsResolver } from './top-ups.resolver.js';
import { type TopUpNotices, TopUpsService } from './top-ups.service.js';
import { UsageReportsService } from './usage-reports.service.js';

export interface PaymentsDeps {
  readonly db: Database;
  readonly credits: CreditsService;
  readonly persons: Persons;
  readonly contacts: Contacts;
  readonly offer: CreditOffer;
  readonly notifications: TopUpNotices;
  readonly logger: Logger;
  readonly config: {
    readonly publicUrl: string;
    /** undefined: every question to Stripe fails. */
    readonly stripe: StripeOptions | undefined;
    /** Name of the meter's event that usage is mirrored as; undefined: it is not. */
    readonly stripeMeterEvent: string | undefined;
  };
}

/** Selling credit, over one client of Stripe. */
export function createPayments(deps: PaymentsDeps) {
  const { db, credits, persons, contacts, logger, notifications, config } = deps;
  const api = new StripeApi(config.stripe);
  const stripe = new StripeGateway(api);
  const fulfillment = new FulfillmentService({ db, credits, stripe, logger });
  const selling = {
    db,
    stripe,
    cards: new StripeCards(api),
    fulfillment,
    offer: deps.offer,
    contacts,
    publicUrl: config.publicUrl,
    logger,
  };
  const payments = new PaymentsService(selling);
  const refunds = new RefundsService({ db, credits, stripe, fulfillment, logger });
  return {
    payments,
    refunds,
    fulfillment,
    returns: new ReturnsService({ db, stripe, payments, refunds, logger }),
    topUps: new TopUpsService({ ...selling, pages: new TopUpPages(db, payments), notifications }),
    promos: new PromosService(db, credits, persons),
    usageReports: new UsageReportsService({
      ...selling,
      payments,
      eventName: config.stripeMeterEvent,
    }),
    stripeEvents: new StripeEventsService({ ...selling, api, payments }),
    reconciler: new ReconcilerService(selling),
  };
}

export function paymentsResolvers(
  services: Pick<ReturnType<typeof createPayments>, 'payments' | 'promos' | 'refunds' | 'topUps'>,
) {
  const { payments } = services;
  const purchases = new PaymentsResolver(payments, services.refunds);
  return {
    resolvers: [
      purchases,
      new PromosResolver(services.promos),
      new TopUpsResolver(services.topUps, payments),
    ],
    nodes: { pur: { type: 'Purchase', find: purchases.findNode, findOwned: purchases.findOwned } },
  } satisfies DomainResolvers;
}
