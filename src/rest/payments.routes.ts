import type { FastifyInstance } from 'fastify';
import { AppError } from '../errors.js';
import type { PaymentsService, Purchase, StripeEventsService } from '../payments/index.js';
import { sendPage } from './html-page.js';
import { textOf } from './page-query.js';

export interface PaymentsRoutesOptions {
  readonly payments: Pick<PaymentsService, 'arrive'>;
  readonly events: Pick<StripeEventsService, 'accept'>;
  /** Something is in the inbox. */
  readonly onEvent: () => void;
}

/** Stripe's events are a few kB. */
const EVENT_BYTES_MAX = 512 * 1024;
const WEBHOOK_PATH = '/webhooks/stripe';

/** Where Stripe reports, and where people come back to from its pages. */
export async function registerPaymentsRoutes(
  app: FastifyInstance,
  { payments, events, onEvent }: PaymentsRoutesOptions,
): Promise<void> {
  await app.register((scope, _options, ready) => {
    // The signature is over the bytes as they came: nothing may parse them before.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
      done(null, body);
    });
    // Signed by Stripe, which sends many at once after an outage.
    const config = { anonymousLimit: 'none' } as const;
    scope.post(WEBHOOK_PATH, { bodyLimit: EVENT_BYTES_MAX, config }, async (request, reply) => {
      const signature = request.headers['stripe-signature'];
      if (typeof signature !== 'string' || !Buffer.isBuffer(request.body)) {
        throw new AppError(
          'BAD_REQUEST',
          'This endpoint is for Stripe. Send a body and `Stripe-Signature`.',
        );
      }
      const isNew = await events.accept(WEBHOOK_PATH, request.body, signature);
      if (isNew) onEvent();
      return reply.send({ received: true });
    });
    ready();
  });

  app.get('/payments/success', async (request, reply) => {
    const purchase = await payments.arrive(textOf(request.query, 'session_id'));
    const [title, text] = purchase === undefined ? UNKNOWN : TEXTS[purchase.state];
    return sendPage(reply, purchase === undefined ? 404 : 200, title, `<p>${text}</p>`);
  });
  app.get('/payments/cancel', (_request, reply) =>
    sendPage(reply, 200, 'Not paid', '<p>Nothing was charged. You can close this page.</p>'),
  );
}

const UNKNOWN = ['Unknown payment', 'There is no such payment here.'] as const;
const TEXTS: Readonly<Record<Purchase['state'], readonly [title: string, text: string]>> = {
  PAID: ['Paid', 'Thank you. Your credit is on your account now.'],
  WAITING: [
    'On its way',
    'Your bank has not sent the money yet. Your credit comes as soon as it has.',
  ],
  PENDING: ['Not paid yet', 'This payment is still open.'],
  FAILED: ['Not paid', 'The payment did not go through. Nothing was credited.'],
  EXPIRED: ['Too late', 'The time to pay was over. Nothing was charged.'],
  REVIEW: ['Being looked at', 'Another amount was paid than was asked for. We look at it by hand.'],
};
