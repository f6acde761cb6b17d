import type { AccountsService, PersonsService } from '../accounts/index.js';
import type { Config } from '../config/config.js';
import type { CreditsService } from '../credits/index.js';
import {
  type CreditOffer,
  FulfilmentService,
  PaymentsService,
  PromosService,
  ReconcilerService,
  RefundsService,
  ReturnsService,
  StripeApi,
  StripeCards,
  StripeEventsService,
  StripeGateway,
  TopUpPages,
  TopUpsService,
  UsageReportsService,
} from '../payments/index.js';
import type { Database } from '../platform/database.js';
import type { Logger } from '../platform/logger.js';
import type { Mailer } from '../platform/mailer.js';

/** What payments need of the rest. */
interface PaymentParts {
  readonly db: Database;
  readonly credits: CreditsService;
  readonly findContact: AccountsService['contact'];
  readonly persons: PersonsService;
  readonly offer: CreditOffer;
  readonly mailer: Mailer;
  readonly logger: Logger;
}

/** Every service of payments, over one client of Stripe. */
export function createPaymentServices(
  config: Pick<Config, 'stripe' | 'stripeMeterEvent' | 'publicUrl'>,
  { db, credits, findContact, persons, offer, mailer, logger }: PaymentParts,
) {
  const stripeApi = new StripeApi(config.stripe);
  const stripe = new StripeGateway(stripeApi);
  const cards = new StripeCards(stripeApi);
  const fulfilment = new FulfilmentService(db, credits, stripe, logger);
  const selling = {
    db,
    stripe,
    cards,
    fulfilment,
    offer,
    findContact,
    publicUrl: config.publicUrl,
  };
  const payments = new PaymentsService(selling);
  const pages = new TopUpPages(db, payments);
  const topUps = new TopUpsService({ ...selling, pages, mailer, logger });
  const usageReports = new UsageReportsService({
    ...selling,
    payments,
    logger,
    eventName: config.stripeMeterEvent,
  });
  const promos = new PromosService(db, credits, persons);
  const refunds = new RefundsService(db, credits, stripe, fulfilment, logger);
  const returns = new ReturnsService(db, stripe, payments, refunds, logger);
  const reconciler = new ReconcilerService({ ...selling, logger });
  const stripeEvents = new StripeEventsService({
    ...selling,
    api: stripeApi,
    payments,
    logger,
  });
  return {
    payments,
    refunds,
    returns,
    topUps,
    promos,
    usageReports,
    fulfilment,
    stripeEvents,
    reconciler,
  };
}
