// Customers, banks and an operator at work while servers and PostgreSQL are killed and Stripe fails: ten
// minutes; one minute of it runs in `npm test`. SOAK_S and SOAK_SEED choose another time, and a seed.
process.env.SOAK_S ??= '600';
process.argv.push('e2e/payment-soak.test');
await import('./test.mjs');
