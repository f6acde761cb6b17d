import Stripe from 'stripe';
import { newId } from '../../src/platform/ids.js';
import {
  charge,
  eventually,
  METER,
  movementsOf,
  newCustomer,
  newPurchase,
  openMeter,
  paymentOf,
  type Sandbox,
} from './stripe-sandbox.js';

/**
 * What the payments domain asks of Stripe, as journeys through its gateways: the same ones run against our
 * double (`npm test`) and against a sandbox of Stripe's (`npm run test:stripe`, with a key of your own).
 *
 * NEVER RUN AGAINST STRIPE ITSELF by those who wrote it: they had no way to reach it. What is here is right
 * by the SDK's types, Stripe's documentation and our notes on it. Where a journey fails in a sandbox, believe
 * the sandbox: the double and the gateway are wrong. Not covered, as a person has to do it: paying on a
 * checkout page, saving a card on one, disputes, and webhooks on their way through the network.
 */

/** What is paid with it is there to be given back at once. */
const SETTLED = 'pm_card_bypassPending';
const URLS = {
  success: 'https://example.org/success?session_id={CHECKOUT_SESSION_ID}',
  cancel: 'https://example.org/cancel',
};
const { StripeInvalidRequestError } = Stripe.errors;

type Journey = (sandbox: Sandbox) => Promise<void>;

/** By what they guarantee. They share nothing, and leave nothing open that could be paid. */
export const JOURNEYS: Readonly<Record<string, Journey>> = {
  'an account that asks twice for its customer has one': async (sandbox) => {
    const accountId = newId('acct');
    const [first, second] = [
      await newCustomer(sandbox, accountId),
      await newCustomer(sandbox, accountId),
    ];
    expect(second).toBe(first);
    const customer = await sandbox.api.ask((stripe) => stripe.customers.retrieve(first));
    expect(customer).toMatchObject({ livemode: false, metadata: { account_id: accountId } });
  },

  'a purchase that asks twice for its page has one, and it can be closed': async (sandbox) => {
    const { api, gateway } = sandbox;
    const purchase = newPurchase();
    const customer = await newCustomer(sandbox, purchase.accountId);
    const page = await gateway.createCheckout(purchase, customer, URLS);
    expect(await gateway.createCheckout(purchase, customer, URLS)).toEqual(page);
    expect(page.url).toMatch(/^https?:\/\//);
    expect(await gateway.purchaseOfSession(page.sessionId)).toBe(purchase.id);
    const session = await api.ask((stripe) => stripe.checkout.sessions.retrieve(page.sessionId));
    expect(session).toMatchObject({
      mode: 'payment',
      status: 'open',
      customer,
      amount_total: 1_234,
      currency: 'usd',
      client_reference_id: purchase.id,
      metadata: { purchase_id: purchase.id, account_id: purchase.accountId },
      expires_at: Math.floor(purchase.expiresAt.getTime() / 1_000),
    });
    const known = { sessionId: page.sessionId, paymentIntentId: null };
    expect(await gateway.findPayment(known)).toMatchObject({ state: 'OPEN', netMinor: 0n });
    await api.ask((stripe) => stripe.checkout.sessions.expire(page.sessionId));
    expect(await gateway.findPayment(known)).toMatchObject({ state: 'EXPIRED', movements: [] });
  },

  'a page where a card is saved': async (sandbox) => {
    const accountId = newId('acct');
    const customer = await newCustomer(sandbox, accountId);
    expect(await sandbox.cards.createCardPage(accountId, customer, URLS)).toMatch(/^https?:\/\//);
  },

  'what was never sold is not there': async (sandbox) => {
    const { gateway, cards } = sandbox;
    const nothing = { sessionId: null, paymentIntentId: null };
    expect(await gateway.findPayment(nothing)).toBeUndefined();
    const unknown = gateway.findPayment({ ...nothing, sessionId: 'cs_test_nothing' });
    await expect(unknown).rejects.toThrow(StripeInvalidRequestError);
    await expect(gateway.purchaseOf('pi_nothing')).rejects.toThrow(StripeInvalidRequestError);
    expect(await cards.findIntent(newPurchase(), await newCustomer(sandbox))).toBeUndefined();
  },

  'a saved card is charged once, however often it is asked for, and its payment is found': async (
    sandbox,
  ) => {
    const { purchase, customer, charged, again, id } = await charge(sandbox);
    expect(charged).toEqual({ paymentIntentId: expect.stringMatching(/^pi_/) as string });
    expect(await again()).toEqual(charged);
    expect(await sandbox.gateway.purchaseOf(id)).toBe(purchase.id);
    const found = () => sandbox.cards.findIntent(purchase, customer);
    expect(await eventually('the payment in a list', found)).toEqual(charged);
    expect(await paymentOf(sandbox, id)).toMatchObject({
      state: 'PAID',
      netMinor: 1_234n,
      currency: 'usd',
      receiptUrl: expect.stringMatching(/^https?:\/\//) as string,
      failure: null,
    });
    expect(await movementsOf(sandbox, id, 1)).toEqual([
      {
        id: expect.stringMatching(/^txn_/) as string,
        kind: 'CHARGE',
        source: expect.stringMatching(/^ch_/) as string,
        amountMinor: 1_234n,
        currency: 'usd',
        occurredAt: expect.any(Date) as Date,
      },
    ]);
  },

  'a card that is declined: why is known, and its payment can be cancelled': async (sandbox) => {
    const { charged, again, id } = await charge(sandbox, 'pm_card_chargeCustomerFail');
    expect(charged.declined).toMatchObject({ code: 'card_declined' });
    expect(charged.declined?.message).not.toBe('');
    expect(await again()).toEqual(charged);
    expect(await paymentOf(sandbox, id)).toMatchObject({
      state: 'FAILED',
      netMinor: 0n,
      movements: [],
    });
    await sandbox.cards.cancelIntent(id);
    await sandbox.cards.cancelIntent(id);
    expect(await paymentOf(sandbox, id)).toMatchObject({ state: 'FAILED', netMinor: 0n });
  },

  'a card that wants its owner says so': async (sandbox) => {
    const { charged, id } = await charge(sandbox, 'pm_card_authenticationRequired');
    expect(charged.declined).toMatchObject({ code: 'authentication_required' });
    await sandbox.cards.cancelIntent(id);
  },

  'a card that was removed is not charged': async (sandbox) => {
    const { api, cards } = sandbox;
    const { method, customer } = await charge(sandbox);
    await api.ask((stripe) => stripe.paymentMethods.detach(method.id));
    const removed = { paymentMethodId: method.id, brand: 'visa', lastFour: '4242' };
    const { declined } = await cards.chargeSavedCard(newPurchase(), {
      customerId: customer,
      card: removed,
      again: false,
    });
    expect(declined).toBeDefined();
  },

  'a payment that was paid cannot be cancelled, and nothing is thrown': async (sandbox) => {
    const { id } = await charge(sandbox);
    await sandbox.cards.cancelIntent(id);
    expect(await paymentOf(sandbox, id)).toMatchObject({ state: 'PAID' });
  },

  'a refund that is asked for twice is one; of more than is left it is refused': async (
    sandbox,
  ) => {
    const { gateway } = sandbox;
    const { id: paymentIntentId } = await charge(sandbox, SETTLED);
    const request = { id: newId('rfd'), paymentIntentId, amountMinor: 400n };
    const refundId = await gateway.refund(request);
    expect(await gateway.refund(request)).toBe(refundId);
    const more = { id: newId('rfd'), paymentIntentId, amountMinor: 835n };
    await expect(gateway.refund(more)).rejects.toThrow(StripeInvalidRequestError);
    const movements = await movementsOf(sandbox, paymentIntentId, 2);
    expect(movements.map(({ kind, amountMinor }) => [kind, amountMinor])).toEqual([
      ['CHARGE', 1_234n],
      ['REFUND', -400n],
    ]);
    const { refunds, state } = await paymentOf(sandbox, paymentIntentId);
    expect([state, refunds]).toEqual([
      'PAID',
      [expect.objectContaining({ requestId: request.id, refundId })],
    ]);
  },

  'what was charged and given back is on the balance, with whose it was': async (sandbox) => {
    const { gateway } = sandbox;
    const since = new Date(Date.now() - 600_000);
    const { id: paymentIntentId, purchase } = await charge(sandbox, SETTLED);
    await gateway.refund({ id: newId('rfd'), paymentIntentId, amountMinor: 234n });
    const lines = await eventually('the payment on the balance', async () => {
      const all = await gateway.listBalance({ since, until: new Date(Date.now() + 600_000) });
      const own = all.filter((line) => line.paymentIntentId === paymentIntentId);
      return own.length >= 2 ? own : undefined;
    });
    const amounts = lines.map(({ movement }) => [movement.kind, movement.amountMinor]);
    expect(amounts.sort()).toEqual([
      ['CHARGE', 1_234n],
      ['REFUND', -234n],
    ]);
    const charged = lines.find(({ movement }) => movement.kind === 'CHARGE');
    expect(charged?.metadata.purchase_id).toBe(purchase.id);
    const read = await movementsOf(sandbox, paymentIntentId, 2);
    expect(new Set(lines.map(({ movement }) => movement.id))).toEqual(
      new Set(read.map(({ id }) => id)),
    );
  },

  'the portal opens': async (sandbox) => {
    const customer = await newCustomer(sandbox);
    try {
      const url = await sandbox.cards.createPortal(customer, 'https://example.org/');
      expect(url).toMatch(/^https?:\/\//);
    } catch (error) {
      const isUnset =
        error instanceof StripeInvalidRequestError && error.message.includes('configuration');
      if (!isUnset) throw error;
      sandbox.say(
        'NOT TRIED: the portal. Save its settings once: https://dashboard.stripe.com/test/settings/billing/portal',
      );
    }
  },

  'usage that is told twice is counted once, and the second time counts as delivered': async (
    sandbox,
  ) => {
    const { api, gateway } = sandbox;
    await openMeter(api);
    const customerId = await newCustomer(sandbox);
    const usage = (id: string) => ({
      id,
      eventName: METER,
      customerId,
      nanos: 12n,
      at: new Date(),
    });
    const first = usage(newId('run'));
    // A meter that was made just now may not be known everywhere yet.
    await eventually('the meter', async () =>
      (await gateway.report(first)) === undefined ? true : undefined,
    );
    expect(await gateway.report(first)).toBeUndefined();
    // Sent before under another idempotency key: then it is the identifier that is known.
    const second = usage(newId('run'));
    await api.ask((stripe) =>
      stripe.billing.meterEvents.create({
        event_name: METER,
        identifier: second.id,
        payload: { stripe_customer_id: customerId, value: '12' },
      }),
    );
    expect(await gateway.report(second)).toBeUndefined();
  },

  'usage of an hour that is too long ago is refused for good': async (sandbox) => {
    await openMeter(sandbox.api);
    const customerId = await newCustomer(sandbox);
    const at = new Date(Date.now() - 40 * 86_400_000);
    const usage = { id: newId('run'), eventName: METER, customerId, nanos: 1n, at };
    expect(await sandbox.gateway.report(usage)).toEqual(expect.any(String));
  },

  'a body that the SDK signs is taken; changed, old or signed by another it is not': async ({
    api,
  }) => {
    const [secret = ''] = api.options?.webhookSecrets ?? [];
    const nowS = Math.floor(Date.now() / 1_000);
    const payload = JSON.stringify({ object: 'event', id: 'evt_1' });
    const sign = (options: { secret?: string; timestamp?: number }) =>
      Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp: nowS, ...options });
    const check = (header: string, body = payload) => {
      api.verifySignature(Buffer.from(body), header, nowS);
    };
    check(sign({}));
    const refused = expect.objectContaining({ code: 'BAD_REQUEST' }) as Error;
    expect(() => {
      check(sign({}), `${payload} `);
    }).toThrow(refused);
    for (const options of [{ secret: 'whsec_other' }, { timestamp: nowS - 301 }]) {
      expect(() => {
        check(sign(options));
      }).toThrow(refused);
    }
    await Promise.resolve();
  },
};
