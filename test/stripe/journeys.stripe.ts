import { JOURNEYS } from '../support/stripe-journeys.js';
import { openSandbox } from '../support/stripe-sandbox.js';

/** The journeys against Stripe itself: `npm run test:stripe`, with the key of a sandbox. Not in `npm test`. */

jest.setTimeout(120_000);

const secretKey = process.env.STRIPE_TEST_SECRET_KEY ?? '';
// scripts/test-stripe.mjs says it nicely; this is for whoever comes past it.
if (!/^(?:sk|rk)_test_\S+$/.test(secretKey)) throw new Error('This needs the key of a sandbox.');

const sandbox = openSandbox(
  {
    secretKey,
    webhookSecrets: ['whsec_test_of_the_journeys'],
    tax: false,
    invoices: false,
    timeoutMs: 30_000,
  },
  (line) => {
    process.stderr.write(`${line}\n`);
  },
);

test.each(Object.entries(JOURNEYS))('%s', (_name, journey) => journey(sandbox));
