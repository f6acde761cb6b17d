#!/usr/bin/env node
// Before anything that is decorated: type-graphql asks for it when classes are defined.
import 'reflect-metadata';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command, CommanderError } from 'commander';
import type { Say } from './app/startup.js';
import { ConfigError, readConfig } from './config/config.js';
import { AppError } from './errors.js';
import { redact } from './platform/logger.js';

/** Progress, for people; results go to stdout. */
const say: Say = (line) => {
  process.stderr.write(`${line}\n`);
};

// A terminal that takes no more words is no reason to end.
process.stderr.on('error', () => undefined);

const program = new Command('gigarouter')
  .description('A self-hosted model platform.')
  .addHelpText('after', '\nConfiguration is read from environment variables: see .env.example.');

program
  .command('migrate')
  .description('apply pending database migrations')
  .option('--json', 'print the result as JSON')
  .action(({ json }: { json?: true }) =>
    withDatabase(async ({ applyMigrations }, config, url) => {
      const applied = await applyMigrations(config, url, say);
      if (json) print({ applied });
    }),
  );

program
  .command('seed')
  .description('update the catalog from its files, keeping operators’ edits')
  .option('--json', 'print the result as JSON')
  .action(({ json }: { json?: true }) =>
    withDatabase(async ({ seedCatalogFolder, applyMigrations }, config, url) => {
      const applied = await applyMigrations(config, url, say);
      const summary = await seedCatalogFolder(config, url, say);
      if (json) print({ applied, ...summary });
    }),
  );

program
  .command('schema')
  .description('print the GraphQL schema (SDL)')
  .option('--operator', 'print the schema of /graphql/operator instead of the public one')
  .option('--write', 'write both schemas, to schema.graphql and schema.operator.graphql')
  .option('--check', 'fail if one of the files is out of date')
  .action(async ({ operator, write, check }: { operator?: true; write?: true; check?: true }) => {
    const { createPrintableSchema } = await import('./app/resolvers.js');
    const { publicSchemaOf } = await import('./graphql/public-schema.js');
    const { printSdl } = await import('./graphql/schema.js');
    const whole = createPrintableSchema();
    const sdl = { public: printSdl(publicSchemaOf(whole)), operator: printSdl(whole) };
    if (write !== true && check !== true) {
      process.stdout.write(operator === true ? sdl.operator : sdl.public);
      return;
    }
    for (const [file, text] of [
      ['schema.graphql', sdl.public],
      ['schema.operator.graphql', sdl.operator],
    ] as const) {
      const at = path.resolve(import.meta.dirname, '..', file);
      if (write === true) await writeFile(at, text);
      else if ((await readFile(at, 'utf8').catch(() => '')) !== text) {
        throw new ConfigError(`${file} is out of date. Run \`npm run schema\` and commit it.`);
      }
    }
  });

/** The other commands: what the list says of each, and the module that has it, which is loaded when it is called. */
const COMMANDS: Readonly<Record<string, readonly [string, () => Promise<Command>]>> = {
  admin: [
    'operate the platform: accounts, credit, models, dead letters, background jobs',
    async () => (await import('./commands/admin.js')).adminCommand(say),
  ],
  operator: [
    'make a user an operator; same as `admin operators add`',
    async () => (await import('./commands/operator.js')).operatorCommand(say),
  ],
  payments: [
    'list and replay dead-lettered Stripe events',
    async () => (await import('./commands/payments.js')).paymentsCommand(say),
  ],
  reconcile: [
    'reconcile payments, refunds and disputes with Stripe, and repair what webhooks missed',
    async () => (await import('./commands/reconcile.js')).reconcileCommand(say),
  ],
  verify: [
    'check the invariants of ledger, payments, batches, usage, demand and accounts on live data (src/*/README.md)',
    async () => (await import('./commands/verify.js')).verifyCommand(say),
  ],
  usage: [
    'manage usage roll-ups, which dashboards read',
    async () => (await import('./commands/usage.js')).usageCommand(say),
  ],
  demo: [
    'sign up, get free credit, classify an image, and show what it cost',
    async () => (await import('./commands/demo.js')).demoCommand(say),
  ],
  models: [
    'download, compile, check and try models',
    async () => (await import('./commands/models.js')).modelsCommand(say),
  ],
  predictor: [
    'serve the models in MODELS_DIR over the Open Inference Protocol v2',
    async () => (await import('./commands/predictor.js')).predictorCommand(),
  ],
};

/** Adds what the command line calls; of the others only their line in the list. */
async function addCommands(called: string | undefined): Promise<void> {
  for (const [name, [description, load]] of Object.entries(COMMANDS)) {
    const command = name === called ? await load() : new Command(name);
    program.addCommand(command.description(description));
  }
  program.configureHelp({ subcommandTerm: (command) => command.name() });
}

/** Commands that are added as a whole do not inherit how errors are handled. */
function throwInsteadOfExiting(command: Command): void {
  command.showHelpAfterError().exitOverride();
  for (const child of command.commands) throwInsteadOfExiting(child);
}

async function withDatabase(
  work: (
    startup: typeof import('./app/startup.js'),
    config: ReturnType<typeof readConfig>,
    url: string,
  ) => Promise<void>,
): Promise<void> {
  const config = readConfig();
  const startup = await import('./app/startup.js');
  const database = await startup.startDatabase(config, say);
  try {
    await work(startup, config, database.url);
  } finally {
    await database.stop();
  }
}

function print(result: object): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

try {
  await addCommands(process.argv.slice(2).find((word) => word !== 'help' && !word.startsWith('-')));
  throwInsteadOfExiting(program);
  await program.parseAsync();
} catch (error) {
  // 0 done or help, 1 failed, 2 called wrongly. Commander has written what was wrong.
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    const known = error instanceof ConfigError || error instanceof AppError;
    say(redact(known ? error.message : String((error as Error).stack)));
    process.exitCode = 1;
  }
}
