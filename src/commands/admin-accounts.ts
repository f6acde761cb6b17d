import { Command, InvalidArgumentError, Option } from 'commander';
import type { ManagedAccount } from '../accounts/index.js';
import type { Say } from '../app/startup.js';
import { adminLedgerCommand, adminPurchasesCommand, adminRunsCommand } from './admin-history.js';
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
} from './admin-app.js';

interface ListOptions extends Json {
  readonly search?: string;
  readonly status?: ManagedAccount['status'];
  readonly first: number;
  readonly after?: string;
}

/** `gigarouter admin accounts`. */
export function adminAccountsCommand(say: Say): Command {
  const accounts = new Command('accounts')
    .description('find, freeze and limit accounts, and read their history')
    .addHelpText(
      'after',
      `
Examples:
  gigarouter admin accounts list --search someone@example.org
  gigarouter admin accounts runs acct_01j… --first 10
  gigarouter admin accounts freeze acct_01j… --reason "A chargeback is being looked into"
  gigarouter admin accounts limits acct_01j… --rate 6000 --concurrency default`,
    );

  accounts
    .command('list')
    .description('list accounts, newest first')
    .option(
      '--search <text>',
      'part of a name or email address, an ID, or the first characters of a key',
    )
    .addOption(
      new Option('--status <status>', 'status to filter by').choices([
        'ACTIVE',
        'FROZEN',
        'CLOSED',
      ]),
    )
    .option('--first <count>', 'number of accounts to list', toFirst, 50)
    .option('--after <id>', 'ID of the account to start after')
    .option(...JSON_FLAG)
    .action(({ search, status, first, after, json }: ListOptions) =>
      asAdmin(say, async ({ accountAdmin }) => {
        const found = await accountAdmin.list({ search, status }, { first: first + 1, after });
        const page = pageOf(found, first, ({ id }) => id);
        show({ json }, { accounts: page.rows, after: page.after }, page.rows.map(toRow));
        sayMore(say, page.after);
      }),
    );

  accounts
    .command('show')
    .description('show an account')
    .argument('<account>', 'account ID (acct_…)')
    .option(...JSON_FLAG)
    .action((id: string, options: Json) =>
      asAdmin(say, async ({ accountAdmin }) => {
        showOne(options, await accountAdmin.get(id));
      }),
    );

  accounts
    .command('freeze')
    .description('freeze an account: new calls and purchases are rejected, data stays readable')
    .argument('<account>', 'account ID (acct_…)')
    .requiredOption('--reason <text>', 'reason, shown to callers whose requests are rejected')
    .option(...JSON_FLAG)
    .action((id: string, { reason, ...options }: Json & { reason: string }) =>
      asAdmin(say, async ({ accountAdmin }, by) => {
        showOne(options, await accountAdmin.freeze(by, id, reason));
      }),
    );

  accounts
    .command('unfreeze')
    .description('unfreeze an account, so that it can call models and buy credit again')
    .argument('<account>', 'account ID (acct_…)')
    .option(...JSON_FLAG)
    .action((id: string, options: Json) =>
      asAdmin(say, async ({ accountAdmin }, by) => {
        showOne(options, await accountAdmin.unfreeze(by, id));
      }),
    );

  accounts
    .command('limits')
    .description('set the call limits of an account; omitted limits keep their values')
    .argument('<account>', 'account ID (acct_…)')
    .option('--rate <count>', 'maximum calls per minute, or "default"', toLimit)
    .option(
      '--concurrency <count>',
      'maximum concurrent calls per server process, or "default"',
      toLimit,
    )
    .option(...JSON_FLAG)
    .action((id: string, { rate, concurrency, ...options }: LimitOptions) =>
      asAdmin(say, async ({ accountAdmin }, by) => {
        const limits = {
          ratePerMinute: limitOf(rate),
          concurrencyMax: limitOf(concurrency),
        };
        showOne(options, await accountAdmin.setLimits(by, id, limits));
      }),
    );
  accounts.addCommand(adminLedgerCommand(say));
  accounts.addCommand(adminRunsCommand(say));
  accounts.addCommand(adminPurchasesCommand(say));
  return accounts;
}

interface LimitOptions extends Json {
  readonly rate?: Limit;
  readonly concurrency?: Limit;
}

type Limit = number | 'default';

/** What is left out stays as it is. */
function limitOf(wanted: Limit | undefined): number | null | undefined {
  return wanted === 'default' ? null : wanted;
}

function toLimit(text: string): Limit {
  if (text === 'default') return text;
  try {
    return toCount(text);
  } catch {
    throw new InvalidArgumentError('Write a whole number above 0, or "default".');
  }
}

function toRow(account: ManagedAccount) {
  const { postedNanos, heldNanos, members, memberCount, createdAt } = account;
  return {
    account: account.id,
    name: account.name,
    status: account.status,
    usd: toDollars(postedNanos),
    held: toDollars(heldNanos),
    members: memberCount,
    first: members[0]?.email ?? null,
    opened: createdAt.toISOString().slice(0, 10),
  };
}

function showOne(options: Json, account: ManagedAccount): void {
  const { standing, frozenAt, debtNanos, keyCount } = account;
  const facts = {
    ...toRow(account),
    debt: toDollars(debtNanos),
    keys: keyCount,
    'calls a minute': standing.ratePerMinute ?? 'default',
    'calls at a time': standing.concurrencyMax ?? 'default',
    'frozen since': frozenAt?.toISOString() ?? null,
    'frozen because': standing.frozenReason,
  };
  show(
    options,
    account,
    Object.entries(facts).map(([fact, value]) => ({ fact, value })),
  );
}
