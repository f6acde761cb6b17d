#!/usr/bin/env node
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createPrintableSchema } from './app.js';
import { bringUpCatalog, bringUpDatabase, bringUpMigrations, type Say } from './bring-up.js';
import { ConfigError, readConfig } from './config.js';
import { AppError } from './errors.js';
import { printSdl } from './graphql/schema.js';
import { redact } from './platform/logger.js';

const HELP = `Usage: gigarouter <command> [options]

Commands:
  migrate           apply the migrations that the database lacks
  seed              bring the catalog to what its files say; operators' edits stay
  schema            print the GraphQL schema (SDL)

Options:
  --json            print the result of migrate or seed as JSON
  --write           schema: write it to schema.graphql
  --check           schema: fail when schema.graphql differs
  --help            show this

Settings come from the environment: see .env.example.
`;

const options = {
  json: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
  check: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

type Flags = ReturnType<typeof parse>['values'];
const parse = () => parseArgs({ options, allowPositionals: true });

const SCHEMA_FILE = path.resolve(import.meta.dirname, '../schema.graphql');

const commands: Readonly<Record<string, (flags: Flags, say: Say) => Promise<unknown>>> = {
  migrate: (_flags, say) =>
    withDatabase(say, async (config, url) => ({
      applied: await bringUpMigrations(config, url, say),
    })),

  seed: (_flags, say) =>
    withDatabase(say, async (config, url) => {
      const applied = await bringUpMigrations(config, url, say);
      return { applied, ...(await bringUpCatalog(config, url, say)) };
    }),

  async schema({ write, check }) {
    const sdl = printSdl(createPrintableSchema());
    if (write) {
      await writeFile(SCHEMA_FILE, sdl);
    } else if (!check) {
      process.stdout.write(sdl);
    } else if ((await readFile(SCHEMA_FILE, 'utf8')) !== sdl) {
      throw new ConfigError('schema.graphql is out of date. Run `npm run schema` and commit it.');
    }
    return undefined;
  },
};

async function withDatabase<T>(
  say: Say,
  work: (config: ReturnType<typeof readConfig>, url: string) => Promise<T>,
): Promise<T> {
  const config = readConfig();
  const database = await bringUpDatabase(config, say);
  try {
    return await work(config, database.url);
  } finally {
    await database.stop();
  }
}

/** @returns the exit status: 0 done, 1 failed, 2 called wrongly. */
async function run(): Promise<number> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  const { values: flags, positionals } = parsed;
  const [name, ...rest] = positionals;
  if (flags.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const command = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined || rest.length > 0) {
    process.stderr.write(
      name === undefined ? HELP : `Unknown command: ${positionals.join(' ')}\n\n${HELP}`,
    );
    return 2;
  }
  const result = await command(flags, (line) => {
    process.stderr.write(`${line}\n`);
  });
  if (flags.json && result !== undefined) process.stdout.write(`${JSON.stringify(result)}\n`);
  return 0;
}

try {
  process.exitCode = await run();
} catch (error) {
  const known = error instanceof ConfigError || error instanceof AppError;
  process.stderr.write(`${redact(known ? error.message : String((error as Error).stack))}\n`);
  process.exitCode = 1;
}
