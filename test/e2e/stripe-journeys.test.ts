import { spawnSync } from 'node:child_process';
import { startStripeSimulator, type StripeSimulator } from '@gigarouter/stripe-simulator';
import { JOURNEYS } from '../support/stripe-journeys.js';
import { openSandbox, type Sandbox } from '../support/stripe-sandbox.js';

/** What `npm run test:stripe` runs against Stripe itself, against our double. */

let double: StripeSimulator;
let sandbox: Sandbox;
const said: string[] = [];
beforeAll(async () => {
  double = await startStripeSimulator();
  const options = {
    secretKey: 'sk_test_double',
    webhookSecrets: ['whsec_test_of_the_journeys'],
    apiUrl: double.url,
    tax: false,
    invoices: false,
    timeoutMs: 5_000,
  };
  sandbox = openSandbox(options, (line) => said.push(line));
});
afterAll(() => double.stop());

test.each(Object.entries(JOURNEYS))('%s', (_name, journey) => journey(sandbox));

test('nothing was left out', () => {
  expect(said).toEqual([]);
});

describe('npm run test:stripe', () => {
  const run = (key: string | undefined) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/test-stripe.mjs'], {
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        ...(key === undefined ? {} : { STRIPE_TEST_SECRET_KEY: key }),
      },
    });
    return [status, stdout + stderr];
  };

  test('without a key it says that it was skipped, and is no failure', () => {
    for (const key of [undefined, '']) {
      expect(run(key)).toEqual([0, expect.stringMatching(/^SKIPPED: [^\n]+\n$/) as string]);
    }
  });

  test('a live key is refused, and not shown', () => {
    for (const key of ['sk_live_secret', 'rk_live_secret', 'pk_test_secret', 'secret']) {
      const [status, output] = run(key);
      expect([status, output]).toEqual([
        1,
        expect.stringMatching(/sk_test_… or rk_test_…/) as string,
      ]);
      expect(output).not.toContain('secret');
    }
  });
});
