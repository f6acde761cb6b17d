// Kills a process at a named point of a call, 200 times; the first fifteen pairs run in `npm test`.
// KILL_SEEDS and KILL_FIRST_SEED choose others.
process.env.KILL_SEEDS ??= '200';
process.argv.push('e2e/kill.test');
await import('./test.mjs');
