import { randomBytes } from 'node:crypto';
import { startStripeSimulator } from '@gigarouter/stripe-simulator';
import type { Config } from '../config/config.js';
import { STRIPE_API_VERSION, type StripeOptions } from '../payments/index.js';
import type { Say } from './startup.js';

/** The double of Stripe for payments without an account there, and how the SDK finds it. */
export async function startLocalStripe({ stripeDouble }: Pick<Config, 'stripeDouble'>, say: Say) {
  const { host, port, file } = stripeDouble;
  const double = await startStripeSimulator({ host, port, file }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return startStripeSimulator({ host, port: 0, file });
  });
  say(`payments: NO MONEY MOVES, a local double of Stripe at ${double.url}`);
  const secret = `whsec_${randomBytes(24).toString('hex')}`;
  return {
    options: doubleOptions(stripeDouble, double.url, secret),
    sendEventsTo: (apiPort: number) => {
      const url = `http://127.0.0.1:${String(apiPort)}/webhooks/stripe`;
      double.addEndpoint({ url, secret, apiVersion: STRIPE_API_VERSION });
    },
    stop: () => double.stop(),
  };
}

/** Stripe for a command: the configured one, the double of a server that runs, or one of our own. */
export async function findStripe(
  { stripe, stripeDouble }: Pick<Config, 'stripe' | 'stripeDouble'>,
  say: Say,
): Promise<{ options: StripeOptions; stop: () => Promise<void> }> {
  if (stripe !== undefined) return { options: stripe, stop: () => Promise.resolve() };
  const url = `http://localhost:${String(stripeDouble.port)}`;
  const page = await fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    (response) => response.text(),
    () => '',
  );
  if (!page.includes('Stripe double')) return startLocalStripe({ stripeDouble }, say);
  const options = doubleOptions(stripeDouble, url, 'whsec_unused');
  return { options, stop: () => Promise.resolve() };
}

function doubleOptions(
  { tax, invoices, timeoutMs }: Config['stripeDouble'],
  apiUrl: string,
  webhookSecret: string,
): StripeOptions {
  const webhookSecrets = [webhookSecret];
  return { secretKey: 'sk_test_double', webhookSecrets, apiUrl, tax, invoices, timeoutMs };
}
