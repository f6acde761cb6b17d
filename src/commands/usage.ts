import { Command, InvalidArgumentError } from 'commander';
import { applyMigrations, type Say, startDatabase } from '../app/startup.js';
import { readConfig } from '../config/config.js';
import { openDatabase } from '../platform/database.js';
import { RollupsService } from '../usage/index.js';

/** `gigarouter usage`: the roll-ups of dashboards, which can be made again at any time. */
export function usageCommand(say: Say): Command {
  const usage = new Command('usage');
  usage
    .command('rebuild')
    .description('rebuild the roll-ups of whole hours from runs; safe while a server is running')
    .option(
      '--from <time>',
      'first hour, such as 2026-11-20 or 2026-11-20T10:00Z; that of the first call by default',
      toTime,
    )
    .option('--to <time>', 'end (exclusive); the current hour by default', toTime)
    .option('--json', 'print the result as JSON')
    .action(async ({ json, from, to }: { json?: true; from?: Date; to?: Date }) => {
      const config = readConfig();
      const server = await startDatabase(config, say);
      const database = openDatabase({
        url: server.url,
        connectionsMax: 1,
        statementTimeoutMs: config.databaseStatementTimeoutMs,
        connectTimeoutMs: config.databaseConnectTimeoutMs,
      });
      try {
        await applyMigrations(config, server.url, say);
        const hours = await new RollupsService(database).rebuild({ from, to }, (until) => {
          say(`up to ${until.toISOString()}`);
        });
        process.stdout.write(json ? `${JSON.stringify({ hours })}\n` : `${String(hours)} hours.\n`);
      } finally {
        await database.close();
        await server.stop();
      }
    });
  return usage;
}

function toTime(text: string): Date {
  const time = new Date(text);
  if (/^\d{4}-\d{2}-\d{2}(T\S+(Z|[+-]\d\d:\d\d))?$/.test(text) && !Number.isNaN(time.getTime())) {
    return time;
  }
  throw new InvalidArgumentError('Write a time as 2026-11-20 or 2026-11-20T10:00Z.');
}
