import { Command, Option } from 'commander';
import type { Say } from '../app/startup.js';
import {
  type BackgroundJob,
  DEAD_LETTER_KINDS,
  type DeadLetter,
  type DeadLetterKind,
} from '../operations/index.js';
import { AppError } from '../errors.js';
import { encodeTimeCursor } from '../platform/time-cursor.js';
import { asAdmin, type Json, JSON_FLAG, pageOf, sayMore, show, toFirst } from './admin-app.js';

const kindOption = () =>
  new Option('--kind <kind>', 'kind to filter by').choices(Object.keys(DEAD_LETTER_KINDS));

interface ListOptions extends Json {
  readonly kind?: DeadLetterKind;
  readonly first: number;
  readonly after?: string;
}

/** `gigarouter admin dead`. */
export function adminDeadCommand(say: Say): Command {
  const dead = new Command('dead')
    .description('list, replay and dismiss dead letters: events, reports and messages')
    .addHelpText(
      'after',
      `
Examples:
  gigarouter admin dead list --kind STRIPE_EVENT
  gigarouter admin dead replay dead_STRIPE_EVENT:evt_1…
  gigarouter admin dead replay --kind USAGE_REPORT
  gigarouter admin dead dismiss dead_STRIPE_EVENT:evt_1… --reason "Settled by hand"`,
    );
  dead
    .command('list')
    .description('list dead letters, newest first')
    .addOption(kindOption())
    .option('--first <count>', 'number of dead letters to list', toFirst, 50)
    .option('--after <cursor>', 'cursor to start after, printed with the previous page')
    .option(...JSON_FLAG)
    .action(({ kind, first, after, json }: ListOptions) =>
      asAdmin(say, async ({ deadLetters }) => {
        const found = await deadLetters.list(kind, { first: first + 1, after });
        const page = pageOf(found, first, ({ deadAt, id }) => encodeTimeCursor({ at: deadAt, id }));
        show({ json }, { deadLetters: page.rows, after: page.after }, page.rows.map(toRow));
        sayMore(say, page.after);
      }),
    );
  dead
    .command('replay')
    .description('retry dead letters by ID or by kind; a running server processes them shortly')
    .argument('[id...]', 'dead letter IDs (dead_…)')
    .addOption(kindOption())
    .option(...JSON_FLAG)
    .action((ids: string[], { kind, json }: Json & { kind?: DeadLetterKind }) =>
      asAdmin(say, async ({ deadLetters }, by) => {
        if (ids.length === 0 && kind === undefined) {
          throw new AppError(
            'BAD_USER_INPUT',
            'Give IDs of dead letters, or --kind for all of a kind.',
          );
        }
        for (const id of ids) await deadLetters.replay(by, id);
        const all = kind === undefined ? 0 : await deadLetters.replayAll(by, kind);
        const replayed = ids.length + all;
        show({ json }, { replayed }, [{ replayed }]);
      }),
    );
  dead
    .command('dismiss')
    .description('remove a dead letter from the list permanently')
    .argument('<id>', 'dead letter ID (dead_…)')
    .requiredOption('--reason <text>', 'reason for the dismissal')
    .option(...JSON_FLAG)
    .action((id: string, { reason, json }: Json & { reason: string }) =>
      asAdmin(say, async ({ deadLetters }, by) => {
        await deadLetters.dismiss(by, id, reason);
        show({ json }, { dismissed: id }, [{ dismissed: id }]);
      }),
    );
  return dead;
}

function toRow({ id, subject, error, attempts, deadAt }: DeadLetter) {
  return { id, subject, tries: attempts, 'given up': deadAt.toISOString(), error };
}

/** `gigarouter admin jobs`. */
export function adminJobsCommand(say: Say): Command {
  const jobs = new Command('jobs').description('list and run background jobs').addHelpText(
    'after',
    `
Examples:
  gigarouter admin jobs list
  gigarouter admin jobs run "sweeping the ledger"`,
  );
  jobs
    .command('list')
    .description('show the state of each job on every server that reported within the last minute')
    .option(...JSON_FLAG)
    .action((options: Json) =>
      asAdmin(say, async ({ backgroundJobs }) => {
        const all = await backgroundJobs.list();
        show(options, { backgroundJobs: all }, all.flatMap(toRows));
        if (all.length === 0) say('No server reported within the last minute.');
      }),
    );
  jobs
    .command('run')
    .description('run a job soon on every server')
    .argument('<name>', 'name of the job, as shown by `jobs list`')
    .option(...JSON_FLAG)
    .action((name: string, options: Json) =>
      asAdmin(say, async ({ backgroundJobs }, by) => {
        const { servers } = await backgroundJobs.run(by, name);
        show(options, { name, servers: servers.length }, [{ work: name, servers: servers.length }]);
      }),
    );
  return jobs;
}

function toRows({ name, servers }: BackgroundJob) {
  return servers.map((server) => ({
    work: name,
    server: `${server.host}:${String(server.pid)}`,
    turns: String(server.turns),
    failed: String(server.failures),
    'in a row': server.failuresInRow,
    ms: server.durationMs,
    last: server.lastEndedAt?.toISOString() ?? null,
    next: server.nextTurnAt?.toISOString() ?? null,
    error: server.lastError,
  }));
}
