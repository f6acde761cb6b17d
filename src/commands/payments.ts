import { Command } from 'commander';
import { type Say, startDatabase } from '../app/startup.js';
import { findStripe } from '../app/stripe-simulator.js';
import { readConfig } from '../config/config.js';
import { openServices } from '../app/open-services.js';
import type { Services } from '../app/services.js';
import { systemActor } from './admin-app.js';
import { alignColumns } from './table.js';

/** `gigarouter payments`: the inbox of what Stripe tells, for operators. */
export function paymentsCommand(say: Say): Command {
  const payments = new Command('payments');
  payments
    .command('dead')
    .description('list dead-lettered Stripe events, oldest first')
    .option('--json', 'print the events as JSON')
    .action(({ json }: { json?: true }) =>
      withServices(say, async ({ stripeEvents }) => {
        const events = await stripeEvents.dead();
        if (json) print(JSON.stringify(events));
        else if (events.length === 0) print('None was given up.');
        else {
          const lines = events.map(({ id, type, error }) => [id, type, error ?? '']);
          for (const line of alignColumns(lines)) print(line);
        }
      }),
    );
  payments
    .command('replay')
    .description('process the given Stripe events again, or all dead-lettered ones')
    .argument('[id...]', 'Stripe event IDs (evt_…)')
    .option('--json', 'print the result as JSON')
    .action((ids: string[], { json }: { json?: true }) =>
      withServices(say, async ({ stripeEvents, deadLetters }) => {
        const revived =
          ids.length === 0
            ? await deadLetters.replayAll(systemActor(), 'STRIPE_EVENT')
            : await stripeEvents.replay(ids);
        while ((await stripeEvents.turn()) > 0);
        const { waiting, dead } = await stripeEvents.counts();
        if (json) print(JSON.stringify({ replayed: revived, waiting, dead }));
        else {
          print(
            `${String(revived)} replayed; ${String(waiting)} wait, ${String(dead)} are given up.`,
          );
        }
        if (ids.length > 0 && revived < ids.length) {
          say('Some of these events were not found in the inbox.');
          process.exitCode = 1;
        }
      }),
    );
  return payments;
}

/** The services, with Stripe or its double, while `work` runs. */
export async function withServices(
  say: Say,
  work: (services: Services) => Promise<void>,
): Promise<void> {
  const config = readConfig();
  const server = await startDatabase(config, say);
  try {
    const stripe = await findStripe(config, say);
    try {
      const settings = { ...config, stripe: stripe.options };
      const { services, close } = await openServices(settings, server.url);
      try {
        await work(services);
      } finally {
        await close();
      }
    } finally {
      await stripe.stop();
    }
  } finally {
    await server.stop();
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
