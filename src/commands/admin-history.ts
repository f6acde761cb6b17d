import { Command, InvalidArgumentError } from 'commander';
import type { Say } from '../app/startup.js';
import { formatAmount } from '../payments/index.js';
import { bindCursor, listFingerprint, placeOf } from '../platform/cursor.js';
import type { AccountId } from '../platform/ids.js';
import {
  asAdmin,
  type Json,
  JSON_FLAG,
  pageOf,
  sayMore,
  show,
  toDollars,
  toFirst,
} from './admin-app.js';

interface PageOptions<Cursor = string> extends Json {
  readonly first: number;
  readonly after?: Cursor;
}

/** What reads a list of one account, the newest first. */
const reading = (name: string, description: string) =>
  new Command(name)
    .description(`${description}, newest first`)
    .argument('<account>', 'account ID (acct_…)')
    .option('--first <count>', 'number of rows to list', toFirst, 50)
    .option(...JSON_FLAG);

/** `gigarouter admin accounts ledger`. */
export function adminLedgerCommand(say: Say): Command {
  return reading('ledger', 'list ledger entries of an account')
    .option('--after <version>', 'version of the entry to start after', toVersion)
    .action((account: string, { first, after, json }: PageOptions<bigint>) =>
      asAdmin(say, async ({ credits }) => {
        const accountId = account as AccountId;
        await credits.balance(accountId);
        const found = await credits.entries(accountId, { first: first + 1, before: after });
        const page = pageOf(found, first, ({ version }) => String(version));
        const rows = page.rows.map((entry) => ({
          version: String(entry.version),
          kind: entry.kind,
          usd: toDollars(entry.nanos),
          balance: toDollars(entry.balanceAfterNanos),
          transaction: entry.transactionId,
          at: entry.createdAt.toISOString(),
          reason: entry.reason,
        }));
        show({ json }, { entries: page.rows, after: page.after }, rows);
        sayMore(say, page.after);
      }),
    );
}

/** `gigarouter admin accounts runs`. */
export function adminRunsCommand(say: Say): Command {
  return reading('runs', 'list finished calls of an account')
    .option('--after <cursor>', 'cursor to start after, printed with the previous page')
    .action((account: string, { first, after, json }: PageOptions) =>
      asAdmin(say, async ({ credits, usage }) => {
        const accountId = account as AccountId;
        await credits.balance(accountId);
        const list = listFingerprint({ accountId, field: 'runs' });
        const place = after === undefined ? undefined : placeOf(list, after);
        const page = await usage.list(accountId, { first, after: place });
        const last = page.places.at(-1);
        const next = page.hasNextPage && last !== undefined ? bindCursor(list, last) : null;
        const rows = page.runs.map((run) => ({
          run: run.id,
          model: run.details.model ?? null,
          operation: run.details.operation ?? null,
          outcome: run.outcome,
          error: run.details.errorCode ?? null,
          usd: toDollars(run.chargedNanos),
          ms: run.endedAt.getTime() - run.startedAt.getTime(),
          ended: run.endedAt.toISOString(),
        }));
        show({ json }, { runs: page.runs, after: next }, rows);
        sayMore(say, next);
      }),
    );
}

/** `gigarouter admin accounts purchases`. */
export function adminPurchasesCommand(say: Say): Command {
  return reading('purchases', 'list purchases of an account')
    .option('--after <id>', 'ID of the purchase to start after')
    .action((account: string, { first, after, json }: PageOptions) =>
      asAdmin(say, async ({ credits, payments }) => {
        const accountId = account as AccountId;
        await credits.balance(accountId);
        const found = await payments.list(accountId, { first: first + 1, after });
        const page = pageOf(found, first, ({ id }) => id);
        const rows = page.rows.map((purchase) => ({
          purchase: purchase.id,
          state: purchase.state,
          price: `${formatAmount(purchase.amountMinor, purchase.currency)} ${purchase.currency.toUpperCase()}`,
          credit: toDollars(purchase.creditNanos + purchase.bonusNanos),
          'taken back': toDollars(purchase.clawedBackNanos),
          opened: purchase.createdAt.toISOString(),
          ended: purchase.endedAt?.toISOString() ?? null,
        }));
        show({ json }, { purchases: page.rows, after: page.after }, rows);
        sayMore(say, page.after);
      }),
    );
}

function toVersion(text: string): bigint {
  if (/^[1-9]\d{0,17}$/.test(text)) return BigInt(text);
  throw new InvalidArgumentError('Write the version of an entry, as 17.');
}
