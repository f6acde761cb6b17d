#!/usr/bin/env node
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command, CommanderError } from 'commander';
import { createPrintableSchema } from './resolvers.js';
import { bringUpCatalog, bringUpDatabase, bringUpMigrations, type Say } from './bring-up.js';
import { adminCommand } from './commands/admin.js';
import { demoCommand } from './commands/demo.js';
import { modelsCommand } from './commands/models.js';
import { operatorCommand } from './commands/operator.js';
import { paymentsCommand } from './commands/payments.js';
import { predictorCommand } from './commands/predictor.js';
import { reconcileCommand } from './commands/reconcile.js';
import { usageCommand } from './commands/usage.js';
import { verifyCommand } from './commands/verify.js';
import { ConfigError, readConfig } from './config.js';
import { AppError } from './errors.js';
import { printSdl } from './graphql/schema.js';
import { redact } from './platform/logger.js';

const SCHEMA_FILE = path.resolve(import.meta.dirname, '../schema.graphql');

/** Progress, for people; results go to stdout. */
const say: Say = (line) => {
  process.stderr.write(`${line}\n`);
};

// A terminal that takes no more words is no reason to end.
process.stderr.on('error', () => undefined);

const program = new Command('gigarouter')
  .description('A self-hosted model platform.')
  .addHelpText('after', '\nSettings come from the environment: see .env.example.');

program
  .command('migrate')
  .description('apply the migrations that the database lacks')
  .option('--json', 'print the result as JSON')
  .action(({ json }: { json?: true }) =>
    withDatabase(async (config, url) => {
      const applied = await bringUpMigrations(config, url, say);
      if (json) print({ applied });
    }),
  );

program
  .command('seed')
  .description('bring the catalog to what its files say; operators’ edits stay')
  .option('--json', 'print the result as JSON')
  .action(({ json }: { json?: true }) =>
    withDatabase(async (config, url) => {
      const applied = await bringUpMigrations(config, url, say);
      const summary = await bringUpCatalog(config, url, say);
      if (json) print({ applied, ...summary });
    }),
  );

program
  .command('schema')
  .description('print the GraphQL schema (SDL)')
  .option('--write', 'write it to schema.graphql')
  .option('--check', 'fail when schema.graphql differs')
  .action(async ({ write, check }: { write?: true; check?: true }) => {
    const sdl = printSdl(createPrintableSchema());
    if (write) await writeFile(SCHEMA_FILE, sdl);
    else if (!check) process.stdout.write(sdl);
    else if ((await readFile(SCHEMA_FILE, 'utf8')) !== sdl) {
      throw new ConfigError('schema.graphql is out of date. Run `npm run schema` and commit it.');
    }
  });

program.addCommand(adminCommand(say));
program.addCommand(operatorCommand(say));
program.addCommand(paymentsCommand(say));
program.addCommand(reconcileCommand(say));
program.addCommand(verifyCommand(say));
program.addCommand(usageCommand(say));
program.addCommand(demoCommand(say));
program.addCommand(modelsCommand(say));
program.addCommand(predictorCommand());

/** Commands that are added as a whole do not inherit how errors are handled. */
function throwInsteadOfExiting(command: Command): void {
  command.showHelpAfterError().exitOverride();
  for (const child of command.commands) throwInsteadOfExiting(child);
}

async function withDatabase(
  work: (config: ReturnType<typeof readConfig>, url: string) => Promise<void>,
): Promise<void> {
  const config = readConfig();
  const database = await bringUpDatabase(config, say);
  try {
    await work(config, database.url);
  } finally {
    await database.stop();
  }
}

function print(result: object): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

try {
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
