// Asks Stripe itself what `npm test` asks our double (test/support/stripe-journeys.ts): `npm run test:stripe`.
// Needs STRIPE_TEST_SECRET_KEY, the key of a sandbox of your own; without it nothing is done.
const key = process.env.STRIPE_TEST_SECRET_KEY ?? '';
if (key === '') {
  process.stdout.write(
    'SKIPPED: nothing was tried against Stripe itself, as STRIPE_TEST_SECRET_KEY is not set.\n',
  );
  process.exit();
}
if (!/^(?:sk|rk)_test_\S+$/.test(key)) {
  process.stderr.write(
    'STRIPE_TEST_SECRET_KEY has to be the key of a sandbox, sk_test_… or rk_test_…: with a live key, money would move.\n',
  );
  process.exit(1);
}
process.argv.push('--testMatch=**/test/stripe/*.stripe.ts');
await import('./test.mjs');
