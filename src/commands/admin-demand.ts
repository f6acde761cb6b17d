import { Command, InvalidArgumentError, Option } from 'commander';
import type { Say } from '../app/startup.js';
import { parseBoardCursor, toBoardCursor } from '../demand/index.js';
import { AppError } from '../errors.js';
import { SYSTEM } from '../platform/actor.js';
import type { ModelId } from '../platform/ids.js';
import type { Services } from '../app/services.js';
import {
  asAdmin,
  JSON_FLAG,
  type Json,
  pageOf,
  sayMore,
  show,
  toDollars,
  toFirst,
  toNanos,
} from './admin-app.js';

type Entry = Awaited<ReturnType<Services['board']['get']>>;

interface Plan extends Json {
  readonly stage?: 'REQUESTED' | 'BENCHMARKING' | 'ONBOARDING';
  readonly expected?: string;
  readonly earlyAccess?: number;
  readonly launchCredit?: bigint;
  readonly launchCount?: number;
}

/** `gigarouter admin demand`: which models people ask for, and what is planned with them. */
export function adminDemandCommand(say: Say): Command {
  const demand = new Command('demand').description('manage requested models');

  demand
    .command('board')
    .description('list models that are not live yet, by demand, highest first')
    .option('--first <count>', 'number of models to list', toFirst, 20)
    .option('--after <cursor>', 'cursor to start after, printed with the previous page')
    .option(...JSON_FLAG)
    .action((options: Json & { first: number; after?: string }) =>
      asAdmin(say, async (services) => {
        const found = await services.board.list({
          first: options.first + 1,
          after: parseBoardCursor(options.after),
        });
        const { rows, after } = pageOf(found, options.first, toBoardCursor);
        show(options, { models: rows, after }, await rowsOf(services, rows));
        if (!options.json) sayMore(say, after);
      }),
    );

  demand
    .command('plan')
    .description('set the stage, expected launch date, early access and launch credit of a model')
    .argument('<model>', 'slug, alias or ID of the model')
    .addOption(
      new Option('--stage <stage>', 'stage before launch').choices([
        'REQUESTED',
        'BENCHMARKING',
        'ONBOARDING',
      ]),
    )
    .option(
      '--expected <date>',
      'expected launch: 2027, 2027-03 or 2027-03-15; "unknown" clears it',
    )
    .option(
      '--early-access <accounts>',
      'number of accounts that can call the model while it is ONBOARDING',
      toWhole,
    )
    .option('--launch-credit <dollars>', 'launch credit per account, in US dollars', toNanos)
    .option('--launch-count <accounts>', 'number of accounts that get launch credit', toWhole)
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      '\nExample:\n  gigarouter admin demand plan google/siglip-base-patch16-224 --stage ONBOARDING --early-access 10',
    )
    .action((model: string, options: Plan) =>
      act(say, options, ({ board }, by) =>
        board.plan(by, model, {
          stage: options.stage,
          expectedOn: options.expected === 'unknown' ? null : options.expected,
          earlyAccessCount: options.earlyAccess,
          launchCreditNanos: options.launchCredit,
          launchCreditCount: options.launchCount,
        }),
      ),
    );

  demand
    .command('comment')
    .description('add a comment to a model on the demand board')
    .argument('<model>', 'slug, alias or ID of the model')
    .argument('<text>', 'text of the comment, 1 to 2,000 characters')
    .option(...JSON_FLAG)
    .action((model: string, text: string, options: Json) =>
      act(say, options, ({ board }, by) => board.comment(by, model, text)),
    );

  demand
    .command('accept')
    .description('announce a proposed model as coming soon')
    .argument('<model>', 'slug, alias or ID of the model')
    .option(...JSON_FLAG)
    .action((model: string, options: Json) =>
      act(say, options, ({ board }, by) => board.accept(by, model)),
    );

  demand
    .command('merge')
    .description('merge two entries for the same model, moving requests, comments and slugs')
    .argument('<gone>', 'slug, alias or ID of the model to remove')
    .argument('<into>', 'slug, alias or ID of the model to keep')
    .option(...JSON_FLAG)
    .action((gone: string, into: string, options: Json) =>
      act(say, options, async (services, by) => {
        const [goneId, intoId] = await idsOf(services, [gone, into]);
        return services.board.merge(by, goneId as ModelId, intoId as ModelId);
      }),
    );
  return demand;
}

/** One act, and the model on the board as it is then. */
function act(
  say: Say,
  options: Json,
  work: (services: Services, by: typeof SYSTEM) => Promise<Entry>,
): Promise<void> {
  return asAdmin(say, async (services, by) => {
    const entry = await work(services, { ...SYSTEM, ...by });
    show(options, entry, await rowsOf(services, [entry]));
  });
}

async function rowsOf({ catalog }: Services, entries: readonly Entry[]) {
  const found = await catalog.findModels(
    entries.map(({ modelId }) => modelId),
    new Set(),
  );
  return entries.map((entry) => ({
    model: found.get(entry.modelId)?.slug ?? entry.modelId,
    stage: entry.stage,
    requests: entry.requests,
    weight: entry.weight / 1_000,
    'calls a month': entry.monthlyVolume,
    'bought usd': toDollars(entry.boughtNanos),
    expected: entry.expectedOn,
    'early access': `${String(entry.earlyAccessGiven)}/${String(entry.earlyAccessCount)}`,
  }));
}

/** @throws AppError NOT_FOUND that names what nobody has */
async function idsOf({ catalog }: Services, keys: readonly string[]): Promise<string[]> {
  const found = await catalog.findModels(keys, new Set());
  return keys.map((key) => {
    const id = found.get(key)?.id;
    if (id === undefined) throw new AppError('NOT_FOUND', `Model ${key} not found.`);
    return id;
  });
}

function toWhole(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Must be a whole number, 0 or more.');
}
