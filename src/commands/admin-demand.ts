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
  const demand = new Command('demand').description('models that people ask for');

  demand
    .command('board')
    .description('models that are not live yet, those that are wanted most first')
    .option('--first <count>', 'how many', toFirst, 20)
    .option('--after <cursor>', 'go on from there, as the last page said')
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
    .description('say how far a model is, when it is expected, and what its first callers get')
    .argument('<model>', 'slug, alias or id')
    .addOption(
      new Option('--stage <stage>', 'how far it is').choices([
        'REQUESTED',
        'BENCHMARKING',
        'ONBOARDING',
      ]),
    )
    .option('--expected <date>', '2027, 2027-03 or 2027-03-15; "unknown" takes it back')
    .option('--early-access <accounts>', 'how many may call it while it is ONBOARDING', toWhole)
    .option('--launch-credit <dollars>', 'credit at the launch for each of the first', toNanos)
    .option('--launch-count <accounts>', 'how many get it', toWhole)
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
    .description('write a comment on the board')
    .argument('<model>', 'slug, alias or id')
    .argument('<text>', '1 to 2,000 characters')
    .option(...JSON_FLAG)
    .action((model: string, text: string, options: Json) =>
      act(say, options, ({ board }, by) => board.comment(by, model, text)),
    );

  demand
    .command('accept')
    .description('announce a model that was proposed: it is coming soon')
    .argument('<model>', 'slug, alias or id')
    .option(...JSON_FLAG)
    .action((model: string, options: Json) =>
      act(say, options, ({ board }, by) => board.accept(by, model)),
    );

  demand
    .command('merge')
    .description('two entries stand for one model: requests, comments and slugs go to the other')
    .argument('<gone>', 'the one that goes: slug, alias or id')
    .argument('<into>', 'the one that stays')
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
    if (id === undefined) throw new AppError('NOT_FOUND', `No model has the slug ${key}.`);
    return id;
  });
}

function toWhole(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number, 0 or more.');
}
