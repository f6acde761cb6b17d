import { Command } from 'commander';
import type { AuditEvent, AuditEventFilter } from '../accounts/index.js';
import type { Say } from '../app/startup.js';
import { encodeTimeCursor } from '../platform/time-cursor.js';
import {
  asAdmin,
  type Json,
  JSON_FLAG,
  pageOf,
  sayMore,
  show,
  toFirst,
  toMoment,
} from './admin-app.js';

interface ListOptions extends Json {
  readonly account?: string;
  readonly user?: string;
  readonly action?: string;
  readonly target?: string;
  readonly from?: Date;
  readonly to?: Date;
  readonly first: number;
  readonly after?: string;
}

/** `gigarouter admin audit`. */
export function adminAuditCommand(say: Say): Command {
  const audit = new Command('audit').description('read the audit log of all accounts').addHelpText(
    'after',
    `
Examples:
  gigarouter admin audit list --account acct_01j… --from 2026-11-01
  gigarouter admin audit list --action account.frozen --json`,
  );
  audit
    .command('list')
    .description('list events, newest first')
    .option('--account <id>', 'ID of the affected account (acct_…)')
    .option('--user <id>', 'ID of the user who caused the event (usr_…)')
    .option('--action <name>', 'event type, such as account.frozen')
    .option('--target <id>', 'ID of the affected object')
    .option('--from <date>', 'earliest time, inclusive', toMoment)
    .option('--to <date>', 'latest time, exclusive', toMoment)
    .option('--first <count>', 'number of events to list', toFirst, 50)
    .option('--after <cursor>', 'cursor to start after, printed with the previous page')
    .option(...JSON_FLAG)
    .action(({ account, user, action, target, from, to, first, after, json }: ListOptions) =>
      asAdmin(say, async ({ auditEvents }) => {
        const filter: AuditEventFilter = {
          accounts: anyOf(account),
          users: anyOf(user),
          actions: anyOf(action),
          targets: anyOf(target),
          from,
          to,
        };
        const found = await auditEvents.list(filter, { first: first + 1, after });
        const page = pageOf(found, first, ({ createdAt, id }) =>
          encodeTimeCursor({ at: createdAt, id }),
        );
        const emails = await auditEvents.emails(page.rows);
        const events = page.rows.map((event) => ({
          ...event,
          email: emails.get(event.userId ?? '') ?? null,
        }));
        show({ json }, { events, after: page.after }, events.map(toRow));
        sayMore(say, page.after);
      }),
    );
  return audit;
}

const anyOf = (value: string | undefined) => (value === undefined ? undefined : [value]);

type ShownEvent = AuditEvent & { readonly email: string | null };

function toRow({ createdAt, action, accountId, target, email, keyId, details }: ShownEvent) {
  return {
    at: createdAt.toISOString(),
    action,
    account: accountId,
    target,
    by: email ?? keyId ?? 'system',
    details: JSON.stringify(details),
  };
}

/** `gigarouter admin operators`. */
export function adminOperatorsCommand(say: Say): Command {
  const operators = new Command('operators')
    .description('manage the operators of the platform')
    .addHelpText(
      'after',
      `
Examples:
  gigarouter admin operators add someone@example.org
  gigarouter admin operators remove someone@example.org`,
    );
  const showAll = (options: Json) =>
    asAdmin(say, async ({ accounts }) => {
      const all = await accounts.operators();
      const people = all.map(({ id, email, name }) => ({ id, email, name }));
      show(options, { operators: people }, people);
    });
  operators
    .command('list')
    .description('list operators by email address')
    .option(...JSON_FLAG)
    .action(showAll);
  for (const [verb, is, description] of [
    ['add', true, 'make a user an operator'],
    ['remove', false, 'revoke operator rights; the last operator cannot be removed'],
  ] as const) {
    operators
      .command(verb)
      .description(description)
      .argument('<email>', 'email address with which the person signs in')
      .option(...JSON_FLAG)
      .action((email: string, options: Json) =>
        asAdmin(say, async ({ accounts }, by) => {
          await accounts.setOperator(email, is, by);
          const result = { email: email.toLowerCase(), operator: is };
          show(options, result, [{ email: result.email, operator: is ? 'yes' : 'no' }]);
        }),
      );
  }
  return operators;
}
