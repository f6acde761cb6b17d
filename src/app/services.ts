import {
  createAccounts,
  ContactsService,
  PersonsService,
  signingSecret,
} from '../accounts/index.js';
import { createAlerts } from '../alerts/index.js';
import { createBatches } from '../batches/index.js';
import { createCatalog } from '../catalog/index.js';
import type { Config } from '../config/config.js';
import { createCredits } from '../credits/index.js';
import { createDemand } from '../demand/index.js';
import { createInference } from '../inference/index.js';
import { createLive } from '../live/index.js';
import { createNotifications, deadDeliveries } from '../notifications/index.js';
import { createOperations } from '../operations/index.js';
import { createPayments, type CreditOffer, paymentDeadLetters } from '../payments/index.js';
import { Announcer } from '../platform/announcer.js';
import type { Database } from '../platform/database.js';
import type { Logger } from '../platform/logger.js';
import { MailQueue, type MailSenders } from '../platform/mail-queue.js';
import { createMailer } from '../platform/mailer.js';
import type { PredictorClient } from '../predictor/client.js';
import { createPublishing } from '../publishing/index.js';
import { batchEndpoints } from '../rest/openai/batch-endpoints.js';
import { openai } from '../rest/openai/openai.dialect.js';
import { createUsage } from '../usage/index.js';

/** What all services stand on. */
export interface Foundation {
  readonly db: Database;
  readonly logger: Logger;
  readonly predictor: PredictorClient;
  readonly offer: CreditOffer;
}

export type Services = ReturnType<typeof createServices>;

/** Every service of every domain, in the order in which they depend on each other. */
export function createServices(config: Config, foundation: Foundation) {
  const { db } = foundation;
  const common = shareInCommon(config, foundation, () => mailSenders);
  const catalog = createCatalog(common);
  const credits = createCredits(common);
  const usage = createUsage({ ...common, ...credits });
  const notifications = createNotifications(common);
  const demand = createDemand({ ...common, ...catalog, ...credits, ...notifications });
  const payments = createPayments({ ...common, ...credits, ...notifications });
  const accounts = createAccounts({
    ...common,
    ...catalog,
    ...credits,
    ...notifications,
    ...payments,
    personalData: [demand.demand.personalData, notifications.notifications.personalData],
  });
  const inference = createInference({ ...common, ...catalog, ...credits, ...usage, ...demand });
  const publishing = createPublishing({
    ...common,
    ...catalog,
    ...notifications,
    ...accounts,
    ...inference,
  });
  const batches = createBatches({
    ...common,
    ...credits,
    ...inference,
    endpoints: batchEndpoints(inference.inference),
    renderError: openai.renderError,
  });
  const alerts = createAlerts({ ...common, ...notifications });
  const live = createLive({ ...common, ...catalog, ...credits, ...usage });
  const mailSenders: MailSenders = {
    ...accounts.identityMailSenders,
    ...accounts.memberMailSenders,
    ...demand.demandMailSenders,
  };
  const operations = createOperations({
    db,
    deadLetterBoxes: { ...paymentDeadLetters(db), NOTIFICATION_DELIVERY: deadDeliveries(db) },
  });
  return {
    announcer: common.announcer,
    contacts: common.contacts,
    mailQueue: common.mailQueue,
    ...catalog,
    ...credits,
    ...usage,
    ...notifications,
    ...demand,
    ...payments,
    ...accounts,
    ...inference,
    ...publishing,
    ...batches,
    ...alerts,
    ...live,
    ...operations,
  };
}

/** What services of several domains share. */
function shareInCommon(config: Config, foundation: Foundation, senders: () => MailSenders) {
  const { db, logger } = foundation;
  return {
    ...foundation,
    config,
    announcer: new Announcer(db, logger),
    contacts: new ContactsService(db),
    persons: new PersonsService(),
    mailer: createMailer(config.mail),
    mailQueue: new MailQueue({ db, logger, senders }),
    secret: signingSecret(config.authSecret),
  };
}
