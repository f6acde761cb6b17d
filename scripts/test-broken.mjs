// Sends 10,000 broken requests by HTTP, WebSocket, server-sent events and uploads, and 2,000 each to the predictor and to
// the double of Stripe; 1,500 and 300 of them in `npm test`. BROKEN_REQUESTS and BROKEN_SEED choose others.
process.env.BROKEN_REQUESTS ??= '10000';
process.argv.push('e2e/broken-requests.test');
await import('./test.mjs');
