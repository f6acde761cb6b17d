import { Command, InvalidArgumentError } from 'commander';
import type { Say } from '../app/startup.js';
import type { Reconciliation } from '../payments/index.js';
import { withServices } from './payments.js';

/** `gigarouter reconcile`: Stripe's balance against the ledger. Ends with 1 when something differs. */
export function reconcileCommand(say: Say): Command {
  return new Command('reconcile')
    .option(
      '--since <date>',
      'first day (UTC), such as 2026-11-20; four days ago by default',
      toDate,
    )
    .option('--until <date>', 'day after the last (UTC); now by default', toDate)
    .option('--json', 'print the result as JSON')
    .action(({ json, since, until }: { json?: true; since?: Date; until?: Date }) =>
      withServices(say, async ({ reconciler }) => {
        const result = await reconciler.run({ since, until });
        if (json) process.stdout.write(`${toJson(result)}\n`);
        else for (const line of describe(result)) process.stdout.write(`${line}\n`);
        if (result.differences.length > 0) process.exitCode = 1;
      }),
    );
}

function describe({ since, until, days, repaired, differences }: Reconciliation): string[] {
  return [
    `${since.toISOString()} to ${until.toISOString()}, in the smallest unit of each currency:`,
    ...days.map(({ day, currency, stripeMinor, oursMinor }) => {
      const sign = stripeMinor === oursMinor ? 'ok    ' : 'DIFFER';
      return `${sign}  ${day}  ${currency.toUpperCase()}  Stripe ${String(stripeMinor)}  here ${String(oursMinor)}`;
    }),
    ...repaired.map((id) => `repaired  ${id}`),
    ...differences.map(({ id, purchaseId, problem }) => `${problem}: ${id} of ${purchaseId}`),
    differences.length === 0
      ? `No difference; ${String(repaired.length)} repaired.`
      : `${String(differences.length)} lines differ.`,
  ];
}

function toDate(text: string): Date {
  const date = new Date(text);
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError('Write a day as 2026-11-20.');
}

function toJson(result: Reconciliation): string {
  return JSON.stringify(result, (_name, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}
