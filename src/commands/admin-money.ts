import { Command } from 'commander';
import type { Say } from '../app/startup.js';
import type { ManagedPromoCode } from '../payments/index.js';
import type { AccountId } from '../platform/ids.js';
import {
  asAdmin,
  type Json,
  JSON_FLAG,
  pageOf,
  sayMore,
  show,
  toCount,
  toDollars,
  toFirst,
  toMoment,
  toNanos,
} from './admin-app.js';

interface MoveOptions extends Json {
  readonly reason: string;
  readonly expires?: Date;
  readonly idempotencyKey?: string;
}

/** `gigarouter admin credits`. */
export function adminCreditsCommand(say: Say): Command {
  const credits = new Command('credits').description('grant and adjust credit').addHelpText(
    'after',
    `
Examples:
  gigarouter admin credits grant acct_01j… 12.50 --reason "Goodwill" --expires 2027-01-01
  gigarouter admin credits adjust acct_01j… -3.00 --reason "Granted twice" --idempotency-key ticket-17`,
  );
  credits
    .command('grant')
    .description('grant credit to an account')
    .argument('<account>', 'account ID (acct_…)')
    .argument('<usd>', 'amount in US dollars, such as 12.50', toNanos)
    .requiredOption('--reason <text>', 'reason, shown in the account’s ledger')
    .option('--expires <date>', 'date on which unspent credit expires', toMoment)
    .option(
      '--idempotency-key <key>',
      'key that makes retries safe: credit is granted once per key',
    )
    .option(...JSON_FLAG)
    .action((account: string, nanos: bigint, options: MoveOptions) =>
      asAdmin(say, async ({ credits: ledger }, by) => {
        const { reason, expires: expiresAt, idempotencyKey: key } = options;
        const accountId = account as AccountId;
        const id = key && `grant:${accountId}:${key}`;
        const grant = { id, accountId, nanos, reason, expiresAt, actor: 'system', by };
        const transactionId = await ledger.grant(grant);
        const balance = await ledger.balance(accountId);
        show(options, { transactionId, ...balance }, [rowOf(transactionId, balance)]);
      }),
    );
  credits
    .command('adjust')
    .description('adjust credit up or down; a deduction cannot exceed the available credit')
    .argument('<account>', 'account ID (acct_…)')
    .argument('<usd>', 'amount in US dollars, such as 12.50 or -12.50', toNanos)
    .requiredOption('--reason <text>', 'reason, shown in the account’s ledger')
    .option(
      '--idempotency-key <key>',
      'key that makes retries safe: credit is adjusted once per key',
    )
    .option(...JSON_FLAG)
    .action((account: string, nanos: bigint, options: MoveOptions) =>
      asAdmin(say, async ({ credits: ledger }, by) => {
        const { reason, idempotencyKey: key } = options;
        const accountId = account as AccountId;
        const id = key && `adj:${accountId}:${key}`;
        const transactionId = await ledger.adjust({
          id,
          accountId,
          nanos,
          reason,
          actor: 'system',
          by,
        });
        const balance = await ledger.balance(accountId);
        show(options, { transactionId, ...balance }, [rowOf(transactionId, balance)]);
      }),
    );
  return credits;
}

function rowOf(transaction: string, { postedNanos }: { readonly postedNanos: bigint }) {
  return { transaction, usd: toDollars(postedNanos) };
}

interface CreateOptions extends Json {
  readonly max: number;
  readonly days?: number;
  readonly expires?: Date;
}

/** `gigarouter admin promos`. */
export function adminPromosCommand(say: Say): Command {
  const promos = new Command('promos').description('manage promo codes').addHelpText(
    'after',
    `
Examples:
  gigarouter admin promos create SPRING-27 5.00 --max 100 --days 30 --expires 2027-06-01
  gigarouter admin promos disable SPRING-27`,
  );
  promos
    .command('list')
    .description('list promo codes, newest first')
    .option('--first <count>', 'number of codes to list', toFirst, 50)
    .option('--after <code>', 'code to start after')
    .option(...JSON_FLAG)
    .action(({ first, after, json }: Json & { first: number; after?: string }) =>
      asAdmin(say, async ({ promos: service }) => {
        const found = await service.list({ first: first + 1, after });
        const page = pageOf(found, first, ({ code }) => code);
        show({ json }, { promoCodes: page.rows, after: page.after }, page.rows.map(toRow));
        sayMore(say, page.after);
      }),
    );
  promos
    .command('create')
    .description('create a promo code')
    .argument('<code>', 'the code: 4 to 40 letters, digits and hyphens')
    .argument('<usd>', 'credit per account in US dollars, such as 5.00', toNanos)
    .requiredOption('--max <count>', 'maximum number of accounts that can redeem the code', toCount)
    .option('--days <count>', 'days after which the credit expires; never by default', toCount)
    .option('--expires <date>', 'date on which the code expires; never by default', toMoment)
    .option(...JSON_FLAG)
    .action((code: string, nanos: bigint, { max, days, expires, json }: CreateOptions) =>
      asAdmin(say, async ({ promos: service }, by) => {
        const made = await service.create(
          {
            code,
            nanos,
            redemptionsMax: max,
            creditDays: days ?? null,
            expiresAt: expires ?? null,
          },
          by,
        );
        show({ json }, made, [{ code: made.code, usd: toDollars(made.nanos) }]);
      }),
    );
  promos
    .command('disable')
    .description('disable a promo code, which can no longer be redeemed')
    .argument('<code>', 'promo code (case-insensitive)')
    .option(...JSON_FLAG)
    .action((code: string, options: Json) =>
      asAdmin(say, async ({ promos: service }, by) => {
        const promo = await service.disable(by, code);
        show(options, promo, [toRow(promo)]);
      }),
    );
  return promos;
}

function toRow(promo: ManagedPromoCode) {
  return {
    code: promo.code,
    usd: toDollars(promo.nanos),
    used: `${String(promo.redemptionCount)}/${String(promo.redemptionsMax)}`,
    until: promo.expiresAt?.toISOString() ?? null,
    disabled: promo.disabledAt?.toISOString() ?? null,
  };
}
