// Tries every attack of test/attacks on a running server, and writes what came of each into docs/security.md.
process.env.ATTACK_REPORT ??= 'docs/security.md';
process.argv.push('e2e/attacks.test');
await import('./test.mjs');
