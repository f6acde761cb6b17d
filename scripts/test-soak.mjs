// Runs the soak of test/e2e/soak.test.ts, or that of payments alone, for as long as is asked.
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

const HELP = `npm run test:soak -- [--minutes 10] [--seed N] [--only PATTERN] [--payments] [--report FILE]

Runs two servers, a PostgreSQL, a predictor and the Stripe simulator under random traffic, while processes
are killed, connections cut or silent, disks full, the database read-only and clocks wrong. In the end
everything has to heal, and verify, reconcile and independent audits have to find nothing. Prints what callers
saw of each kind of fault. Disks are full only where it runs as root, which may mount small file systems.

  --minutes N    how long faults go on (10); each kind comes at least once
  --seed N       repeats the choices of an earlier run; its seed is printed
  --only PATTERN only faults whose names match, as "PostgreSQL"
  --payments     payments alone, with more of their faults
  --report FILE  writes the table of faults there, too
`;

let values;
try {
  ({ values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string', default: String(randomInt(2 ** 31)) },
      only: { type: 'string' },
      payments: { type: 'boolean', default: false },
      report: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  }));
  if (!(Number(values.minutes) > 0))
    throw new Error(`--minutes must be more than 0 (got ${values.minutes}).`);
  if (!/^\d{1,10}$/.test(values.seed))
    throw new Error(`--seed must be a whole number (got ${values.seed}).`);
} catch (error) {
  process.stderr.write(`${error.message}\n\n${HELP}`);
  process.exit(2);
}
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
process.env.SOAK_MINUTES = values.minutes;
process.env.SOAK_S = String(Number(values.minutes) * 60);
process.env.SOAK_SEED = values.seed;
if (values.only !== undefined) process.env.SOAK_ONLY = values.only;
if (values.report !== undefined) process.env.SOAK_REPORT = values.report;
process.argv.splice(2, Infinity, values.payments ? 'e2e/payment-soak.test' : 'e2e/soak.test.ts');
await import('./test.mjs');
